package api

import (
	"context"
	"slices"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// unknownWords stands where nobody could be asked whether a record is restricted.
const unknownWords = "Not shown: it cannot be asked now whether access to the record is restricted."

// named reports whether the authority itself named the CRN. Every submission that
// names one has a lane; the others' CRN was found by the hub.
func named(s *store.Submission) bool { return s.Lane > 0 }

// tells reports whether the row would show something of the record: a CRN the
// hub found, or reasons the record gave.
func tells(words *policy.Policy, f *store.Found) bool {
	return f.CRN != "" && (!named(&f.Submission) || (f.Status == term.Unprocessed && words.FromRecord(f.Entry.Reasons)))
}

// guard masks what rows would tell of restricted records. What the authority
// lodged stays: its reference, its case worker, the CRN it named.
func (q *Queue) guard(ctx context.Context, s *sight, words *policy.Policy, found []store.Found, rows []*processingv1.SubmissionSummary) {
	var crns []string
	for i := range found {
		if tells(words, &found[i]) {
			crns = append(crns, found[i].CRN)
		}
	}
	hidden, unknown := s.hidden(ctx, crns)
	for i := range found {
		f, row := &found[i], rows[i]
		restricted := slices.Contains(f.Entry.Reasons, term.RestrictedAccess)
		switch {
		case tells(words, f) && hidden[f.CRN]:
			if !named(&f.Submission) {
				row.Crn = ""
			}
			if f.Status != term.Unprocessed {
				continue
			}
			if unknown && !restricted {
				row.Reasons, row.Description = nil, unknownWords
				continue
			}
			restrict(words, f, row)
		case restricted && f.Status == term.Unprocessed && !s.sees(f):
			restrict(words, f, row)
		}
	}
}

// sees reports whether an entry's reasons may be shown in full: the record may be
// seen, or is not known (a search whose candidate is restricted has no CRN).
func (s *sight) sees(f *store.Found) bool {
	if f.CRN == "" {
		return s.everything
	}
	return s.may(f.CRN)
}

func restrict(words *policy.Policy, f *store.Found, row *processingv1.SubmissionSummary) {
	shown := policy.ShownToOfficers(f.Entry.Reasons, true)
	row.Reasons = enums[eventv1.RejectionReason](shown)
	row.Description = ""
	if len(shown) > 0 {
		row.Description = words.Words(shown[0]).Description
	}
}

// shows reports whether a row is shown to who asked for reasons: not when it was
// found by one the caller may not know of.
func shows(asked []term.Reason, row *processingv1.SubmissionSummary) bool {
	return len(asked) == 0 || slices.ContainsFunc(row.GetReasons(), func(shown eventv1.RejectionReason) bool { return slices.Contains(asked, term.Reason(shown)) })
}
