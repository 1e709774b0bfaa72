package api

import (
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/fault"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
)

// draftOf gives the rules what they look at.
func draftOf(s *intakev1.Submission) (lodging.Draft, error) {
	switch c := s.GetContent().(type) {
	case *intakev1.Submission_FindMutualClient:
		return lodging.Draft{
			Type: term.FindMutualClient, Path: "submission.find_mutual_client", CRN: c.FindMutualClient.GetCrn(),
			BirthPath: "submission.find_mutual_client.date_of_birth", DateOfBirth: c.FindMutualClient.GetDateOfBirth(),
		}, nil
	case *intakev1.Submission_Disclosure:
		return naming(term.DisclosureOfInformation, "submission.disclosure", c.Disclosure.GetCustomer()), nil
	case *intakev1.Submission_NoticeToCommence:
		d := naming(term.NoticeToCommence, "submission.notice_to_commence", c.NoticeToCommence.GetCustomer())
		d.StartDate = c.NoticeToCommence.GetStartDate()
		d.DurationMonths = int(c.NoticeToCommence.GetDurationMonths())
		d.Percent = int(c.NoticeToCommence.GetQuarantinedPercent())
		return d, nil
	case *intakev1.Submission_NoticeToRevoke:
		return naming(term.NoticeToRevoke, "submission.notice_to_revoke", c.NoticeToRevoke.GetCustomer()), nil
	case *intakev1.Submission_VoluntaryReferral:
		return naming(term.VoluntaryReferral, "submission.voluntary_referral", c.VoluntaryReferral.GetCustomer()), nil
	}
	return lodging.Draft{}, fault.InvalidField("submission.content", "exactly one kind of content is needed")
}

func naming(kind term.InformationType, path string, c *intakev1.CustomerIdentity) lodging.Draft {
	return lodging.Draft{
		Type: kind, Path: path, CRN: c.GetCrn(),
		BirthPath: path + ".customer.date_of_birth", DateOfBirth: c.GetDateOfBirth(),
	}
}

// badText finds the field whose text is not UTF-8, after a message could not be
// encoded. Decoding refuses such text, so it comes only from callers in process.
func badText(m protoreflect.Message, path string) *fault.Error {
	var found *fault.Error
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := path + "." + string(f.Name())
		switch {
		case f.IsList():
			for i := range v.List().Len() {
				if found = badValue(f, v.List().Get(i), fmt.Sprintf("%s[%d]", at, i)); found != nil {
					break
				}
			}
		case !f.IsMap():
			found = badValue(f, v, at)
		}
		return found == nil
	})
	return found
}

func badValue(f protoreflect.FieldDescriptor, v protoreflect.Value, path string) *fault.Error {
	switch f.Kind() {
	case protoreflect.MessageKind:
		return badText(v.Message(), path)
	case protoreflect.StringKind:
		if !utf8.ValidString(v.String()) {
			return fault.InvalidField(path, "is not valid UTF-8")
		}
	}
	return nil
}
