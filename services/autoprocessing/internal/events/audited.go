package events

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// systemActor is the machine in the audit log, where an officer's transaction
// carries what the machine did by date.
const systemActor = "service:autoprocessing"

// Entry is the audit entry of an action on a submission that took effect.
func Entry(action string, submission clock.ID) audit.Entry {
	return audit.Entry{Action: action, Object: "submission/" + submission.String(), Result: audit.Done}
}

// write stores what was gathered with its audit record, in one round trip; see
// store.Work.Write for its errors. Without the record nothing is stored.
func (p *Processor) write(ctx context.Context, tx pgx.Tx, out *Assembly) error {
	record := &pgx.Batch{}
	if err := p.Audit.Queue(ctx, record, p.entries(out)...); err != nil {
		return err
	}
	out.Work.Also = record
	return out.Work.Write(ctx, tx)
}

// entries tell of everything the work changes, and of what was noted beside it.
func (p *Processor) entries(out *Assembly) []audit.Entry {
	w := &out.Work
	entries := make([]audit.Entry, 0, len(out.Done)+len(w.Submissions)+len(w.Steps)+len(w.Transitions))
	entries = append(entries, out.Done...)
	// A disclosure is told of by the digest of what it said.
	digests := make(map[clock.ID][]byte, len(w.Disclosures))
	sums := make([][sha256.Size]byte, len(w.Disclosures))
	for i := range w.Disclosures {
		sums[i] = sha256.Sum256(w.Disclosures[i].Content)
		digests[w.Disclosures[i].SubmissionID] = sums[i][:]
	}
	// Most decisions of a batch say the same: they share their details.
	type words struct{ status, outcome, policy string }
	same := make(map[words]map[string]string)
	next := 0 // decisions of submissions stand in the order of these; a withdrawn one has none
	for i := range w.Submissions {
		s := &w.Submissions[i]
		e := Entry("submission.decided", s.ID)
		e.Version, e.Digest = int64(s.Version), digests[s.ID]
		said, reasons := words{status: s.Status.String()}, ""
		if s.Outcome != 0 {
			said.outcome = s.Outcome.String()
		}
		if at := slices.IndexFunc(w.Decisions[next:], func(d store.Decision) bool { return d.SubmissionID == s.ID }); at >= 0 {
			d := &w.Decisions[next+at]
			next += at + 1
			said.policy, reasons = d.PolicyVersion, ReasonWords(d.Reasons)
		}
		if e.Detail = same[said]; e.Detail == nil || reasons != "" {
			e.Detail = make(map[string]string, 4)
			for key, value := range map[string]string{"status": said.status, "outcome": said.outcome, "policy": said.policy, "reasons": reasons} {
				if value != "" {
					e.Detail[key] = value
				}
			}
			if reasons == "" {
				same[said] = e.Detail
			}
		}
		entries = append(entries, e)
	}
	for i := range w.Transitions {
		// Officers' actions, and repetitions they ask for, are noted by themselves.
		if t := &w.Transitions[i]; t.OfficerID == "" && t.Actor != System {
			e := Entry("submission.decided", t.SubmissionID)
			e.Actor, e.Version, e.Detail = t.Actor, int64(t.Version), map[string]string{"status": t.To.String(), "outcome": t.Outcome.String()}
			entries = append(entries, e)
		}
	}
	for i := range w.Steps {
		entries = append(entries, p.stepEntry(&w.Steps[i]))
	}
	return entries
}

func (p *Processor) stepEntry(s *store.Step) audit.Entry {
	e := audit.Entry{
		Action: "notice." + s.Kind.String(), Object: "notice/" + s.Notice.ID.String(), Result: audit.Done, Version: int64(s.Notice.Version),
		Detail: map[string]string{"customer": p.Pseudonym(s.Notice.CRN)},
	}
	if s.SubmissionID.IsZero() {
		e.Actor = systemActor
	} else {
		e.Detail["submission"] = s.SubmissionID.String()
	}
	return e
}

// Pseudonym names a customer in the details of audit entries.
func (p *Processor) Pseudonym(crn string) string {
	return strings.TrimPrefix(p.Audit.Customer(crn), "customer/")
}

// ReasonWords names reasons in the audit log. Of a restricted record it tells
// that it is restricted and nothing else.
func ReasonWords(reasons []term.Reason) string {
	if slices.Contains(reasons, term.RestrictedAccess) {
		return term.RestrictedAccess.String()
	}
	words := make([]string, len(reasons))
	for i, r := range reasons {
		words[i] = r.String()
	}
	return strings.Join(words, " ")
}
