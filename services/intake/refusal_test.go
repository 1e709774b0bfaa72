package intake_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// TestBadInput lodges what must be refused: with which code, naming which field,
// and changing nothing. Unary calls and streams answer alike.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := setup(t)
	commence := func(change func(*intakev1.NoticeToCommence)) *intakev1.Submission {
		s := notice()
		change(s.GetNoticeToCommence())
		return s
	}
	referral := notice()
	referral.Content = &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: notice().GetNoticeToCommence().GetCustomer()}}
	search := func(birth string) *intakev1.Submission {
		s := notice()
		s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{Name: &intakev1.PersonName{FamilyName: "Smith"}, DateOfBirth: birth}}
		return s
	}
	withReference := func(r string) *intakev1.Submission { s := notice(); s.Reference = r; return s }
	unknown := notice()
	unknown.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 0x01}) // field 127
	const customer = "submission.notice_to_commence.customer."
	for name, c := range map[string]struct {
		authority  string
		submission *intakev1.Submission
		code       codes.Code
		field      string
	}{
		"nothing":                {"qld-cp", nil, codes.InvalidArgument, "submission"},
		"no content":             {"qld-cp", &intakev1.Submission{Reference: "x"}, codes.InvalidArgument, "submission.content"},
		"no reference":           {"qld-cp", withReference(""), codes.InvalidArgument, "submission.reference"},
		"reference of the hub's": {"qld-cp", withReference("~DOI:x"), codes.InvalidArgument, "submission.reference"},
		"reference with newline": {"qld-cp", withReference("a\nb"), codes.InvalidArgument, "submission.reference"},
		"reference with NUL":     {"qld-cp", withReference("a\x00b"), codes.InvalidArgument, "submission.reference"},
		"reference of 255":       {"qld-cp", withReference(strings.Repeat("a", 255)), codes.InvalidArgument, "submission.reference"},
		"unknown field":          {"qld-cp", unknown, codes.InvalidArgument, "submission.127"},
		"CRN":                    {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.Customer.Crn = "12345678A" }), codes.InvalidArgument, customer + "crn"},
		"name with NUL":          {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.Customer.FamilyName = "a\x00" }), codes.InvalidArgument, customer + "family_name"},
		"text with NUL":          {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.Text = "a\x00" }), codes.InvalidArgument, "submission.notice_to_commence.text"},
		"text too long":          {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.Text = strings.Repeat("ü", 2001) }), codes.InvalidArgument, "submission.notice_to_commence.text"},
		"30 February":            {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.Customer.DateOfBirth = "1990-02-30" }), codes.InvalidArgument, customer + "date_of_birth"},
		"born in 1889":           {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.Customer.DateOfBirth = "1889-12-31" }), codes.InvalidArgument, customer + "date_of_birth"},
		"born tomorrow":          {"qld-cp", search("2026-11-24"), codes.InvalidArgument, "submission.find_mutual_client.date_of_birth"},
		"impossible start":       {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.StartDate = "2026-13-01" }), codes.InvalidArgument, "submission.notice_to_commence.start_date"},
		"duration":               {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.DurationMonths = 24 }), codes.InvalidArgument, "submission.notice_to_commence.duration_months"},
		"negative duration":      {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.DurationMonths = -1 }), codes.InvalidArgument, "submission.notice_to_commence.duration_months"},
		"percent":                {"qld-cp", commence(func(n *intakev1.NoticeToCommence) { n.QuarantinedPercent = 60 }), codes.InvalidArgument, "submission.notice_to_commence.quarantined_percent"},
		"percent of Cape York":   {"frc", notice(), codes.InvalidArgument, "submission.notice_to_commence.quarantined_percent"},
		"voluntary, Cape York":   {"frc", referral, codes.InvalidArgument, "submission.voluntary_referral"},
		"unknown authority":      {"nobody", notice(), codes.PermissionDenied, ""},
		"disabled authority":     {"closed", notice(), codes.PermissionDenied, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client := w.as(c.authority)
			_, err := client.Submit(t.Context(), &intakev1.SubmitRequest{Submission: c.submission})
			if !names(err, c.code, c.field) {
				t.Errorf("unary: %v %+v, want %v %s", status.Code(err), faultOf(err), c.code, c.field)
			}
			stream, err := client.SubmitStream(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			good := notice()
			good.GetNoticeToCommence().QuarantinedPercent = 70
			_ = stream.Send(&intakev1.SubmitStreamRequest{Tag: 7, Submission: c.submission})
			_ = stream.CloseSend()
			answer, err := stream.Recv()
			if err == nil {
				err = status.FromProto(answer.GetError()).Err()
			}
			if !names(err, c.code, c.field) {
				t.Errorf("stream: %v %+v, want %v %s", status.Code(err), faultOf(err), c.code, c.field)
			}
		})
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission"); n != 0 {
		t.Errorf("%d submissions were taken", n)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM outbox"); n != 0 {
		t.Errorf("%d messages were made", n)
	}
}

// names reports whether the error has the code and names the field.
func names(err error, code codes.Code, field string) bool {
	f := faultOf(err)
	if f == nil || status.Code(err) != code || f.Reason == "" {
		return false
	}
	for _, got := range f.Fields {
		if got.Path == field {
			return true
		}
	}
	return field == ""
}

func TestOnlyAuthorities(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, caller := range []identity.Caller{
		{Kind: identity.Person, ID: "alice", Roles: []string{"supervisor"}},
		{Kind: identity.Service, ID: "autoprocessing"},
	} {
		c := dial(t, w.server, caller)
		_, submit := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
		_, get := c.GetSubmission(t.Context(), &intakev1.GetSubmissionRequest{Reference: "x"})
		_, list := c.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{})
		_, withdraw := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: "x"})
		for what, err := range map[string]error{"submit": submit, "get": get, "list": list, "withdraw": withdraw} {
			if status.Code(err) != codes.PermissionDenied {
				t.Errorf("%s %s: %v", caller.Actor(), what, err)
			}
		}
		watch, err := c.WatchSubmissions(t.Context(), &intakev1.WatchSubmissionsRequest{})
		if err == nil {
			_, err = watch.Recv()
		}
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s watch: %v", caller.Actor(), err)
		}
	}
}

// TestForeignIsAbsent asks for another authority's submission in every way: the
// answer is that of one that does not exist.
func TestForeignIsAbsent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r := submit(t, w.as("qld-cp"), notice())
	c := w.as("nt-cp")
	const nowhere = "01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11"
	ask := func(id, reference string) error {
		_, err := c.GetSubmission(t.Context(), &intakev1.GetSubmissionRequest{SubmissionId: id, Reference: reference})
		return err
	}
	watch := func(id string) error {
		stream, err := c.WatchSubmissions(t.Context(), &intakev1.WatchSubmissionsRequest{SubmissionId: id})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	}
	for what, pair := range map[string][2]error{
		"by id":        {ask(r.GetSubmissionId(), ""), ask(nowhere, "")},
		"by reference": {ask("", r.GetReference()), ask("", "none")},
		"watched":      {watch(r.GetSubmissionId()), watch(nowhere)},
	} {
		foreign, absent := status.Convert(pair[0]).Proto(), status.Convert(pair[1]).Proto()
		if foreign.GetCode() != int32(codes.NotFound) || !proto.Equal(foreign, absent) {
			t.Errorf("%s: %v, absent: %v", what, foreign, absent)
		}
	}
	list, err := c.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{})
	if err != nil || len(list.GetSubmissions()) != 0 {
		t.Errorf("the list shows %v, %v", list, err)
	}
	// A withdrawal of a foreign reference is a withdrawal of one's own to come.
	taken, err := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: r.GetReference(), Wait: durationpb.New(0)})
	if err != nil || taken.GetDecision() != nil {
		t.Errorf("withdrawn: %v, %v", taken, err)
	}
	for path, err := range map[string]error{
		"submission_id": ask("not-a-uuid", ""), "": ask("", ""), "submission_id ": watch("x"),
	} {
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := c.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{PageToken: "rubbish"}); !names(err, codes.InvalidArgument, "page_token") {
		t.Errorf("a bad page token: %v", err)
	}
}
