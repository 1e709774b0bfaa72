package events

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// turn is whether it is a submission's turn among those of its CRN.
type turn uint8

const (
	now turn = iota
	early
	late
)

func (b *batch) turn(l *Lodged) turn {
	switch next := b.next[l.CRN]; {
	case l.Lane == 0 || l.Lane == next:
		return now
	case l.Lane > next:
		return early
	default:
		return late
	}
}

// decide decides one submission on the view of the register as the batch has
// left it so far.
func (b *batch) decide(l *Lodged) error {
	crn := customerConcerned(l)
	ref := store.Ref{AuthorityID: l.Submission.AuthorityID, Reference: l.Submission.Reference}
	// A withdrawal in the same batch counts as one that came before.
	w, withdrawn := b.answer.Withdrawn[ref]
	if asked, ok := b.open[ref]; ok {
		w, withdrawn = asked, true
		delete(b.open, ref)
	}
	result, err := decision.Decide(b.evaluator, decision.Input{
		Submission: l.Submission, Customer: l.Customer, Candidates: l.Candidates, Notices: b.views[crn], Withdrawn: withdrawn, Moment: b.at,
	})
	if err != nil {
		return err
	}
	if len(result.Changes) > 0 {
		if err := b.apply(crn, result.Changes); err != nil {
			return err
		}
	}
	if withdrawn {
		w.Settled = true
		b.out.Work.Withdrawals = append(b.out.Work.Withdrawals, w)
	}
	if l.Lane > 0 {
		b.next[l.CRN] = l.Lane + 1
	}
	return b.out.First(l, &result, b.at)
}

// withdraw takes back what is with an officer; what is decided stays decided,
// and what has not come yet is kept in mind.
func (b *batch) withdraw(ctx context.Context, tx pgx.Tx) error {
	known := make(map[store.Ref]*store.Submission, len(b.answer.ToWithdraw))
	for i := range b.answer.ToWithdraw {
		s := &b.answer.ToWithdraw[i]
		known[s.Ref()] = s
	}
	for ref, w := range b.open {
		s, ok := known[ref]
		w.Settled = ok
		if ok && s.Status == term.Unprocessed {
			if err := b.p.takeBack(ctx, tx, b.out, s, b.at, b.traces[ref]); err != nil {
				return err
			}
		}
		b.out.Work.Withdrawals = append(b.out.Work.Withdrawals, w)
	}
	return nil
}

// takeBack withdraws an UNPROCESSED submission, which must be locked.
func (p *Processor) takeBack(ctx context.Context, tx pgx.Tx, out *Assembly, s *store.Submission, at decision.Moment, trace string) error {
	decisions, err := store.Decisions(ctx, tx, s.ID)
	if err != nil {
		return err
	}
	last := decisions[s.ID][len(decisions[s.ID])-1]
	reasons, err := ReasonsForAuthority(p.Policies, s.Type, &last)
	if err != nil {
		return err
	}
	t := store.Transition{
		SubmissionID: s.ID, Version: s.Version + 1, To: term.Withdrawn, Outcome: term.OutcomeWithdrawn, Actor: "authority:" + s.AuthorityID,
		Cause: "withdrawn", At: at.At, CRN: last.CRN, Reasons: last.Reasons, Trace: store.TraceOf(trace),
	}
	if err := p.EndAccess(ctx, tx, out, Ending{Submission: s.ID, Actor: t.Actor, At: at.At}); err != nil {
		return err
	}
	out.Work.Transitions = append(out.Work.Transitions, t)
	out.Events = append(out.Events, TransitionEvent(After(s, &t), &t, reasons, trace))
	return nil
}

// After is the submission after a transition.
func After(s *store.Submission, t *store.Transition) *store.Submission {
	next := *s
	next.Status, next.Outcome, next.Version, next.Since = t.To, t.Outcome, t.Version, t.At
	if next.CRN == "" {
		next.CRN = t.CRN
	}
	return &next
}

// tellAgain announces the state of known submissions intake asked about.
func (b *batch) tellAgain(ctx context.Context, tx pgx.Tx, ids []clock.ID) error {
	if len(ids) == 0 {
		return nil
	}
	known := make([]store.Submission, 0, len(ids))
	for _, id := range ids {
		s, ok, err := store.GetSubmission(ctx, tx, id)
		if err != nil {
			return err
		}
		if ok {
			known = append(known, s)
		}
	}
	told, err := StateEvents(ctx, tx, b.p.Policies, known, "")
	b.out.Events = append(b.out.Events, told...)
	return err
}
