package events

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Concerned is the customer whose notices deciding a submission looks at, ""
// when none: lock the anchor before deciding.
func Concerned(l *Lodged) string { return customerConcerned(l) }

// View brings a locked customer's notices to today and keeps the changes.
func (a *Assembly) View(notices []register.Notice, at decision.Moment) []register.Notice {
	changes := register.Roll(notices, at.Today)
	if len(changes) == 0 {
		return notices
	}
	a.Changes(changes, System, at, "")
	rolled, _ := register.Apply(notices, changes) // what Roll gives, Apply takes
	return rolled
}

// Again decides an UNPROCESSED submission anew, by the rules and facts of now:
// it becomes PROCESSED, or stays with the reasons of now. The submission and
// the customer's anchor must be locked.
func (p *Processor) Again(ctx context.Context, tx pgx.Tx, out *Assembly, s *store.Submission, l *Lodged, notices []register.Notice, at decision.Moment, trace string) error {
	var result decision.Result
	notices = out.View(notices, at)
	err := p.WithEvaluator(at.Today, func(ev *policy.Evaluator) (err error) {
		result, err = decision.Decide(ev, decision.Input{
			Submission: l.Submission, Customer: l.Customer, Candidates: l.Candidates, Notices: notices, Moment: at,
		})
		return err
	})
	if err != nil {
		return err
	}
	before, err := store.Decisions(ctx, tx, s.ID)
	if err != nil {
		return err
	}
	last := before[s.ID][len(before[s.ID])-1]
	if slices.ContainsFunc(before[s.ID], func(d store.Decision) bool { return decision.RevocationTold(s.Type, d.Reasons) }) {
		result.Revocation = nil
	}
	row, err := decisionRow(s, &result, last.Number+1, at, trace)
	if err != nil {
		return err
	}
	if result.Status == term.Unprocessed {
		candidates, err := candidatesJSON(result.Candidates)
		if err != nil {
			return err
		}
		out.Events = append(out.Events, unprocessed(s, row.Number, result.CRN, result.PolicyVersion, result.ReasonsForAuthority, trace))
		if err := out.effects(s, &result, System, at, trace); err != nil {
			return err
		}
		return store.Redecided(ctx, tx, row, candidates)
	}
	reasons, err := ReasonsForAuthority(p.Policies, s.Type, &last)
	if err != nil {
		return err
	}
	t := store.Transition{
		SubmissionID: s.ID, Version: s.Version + 1, To: result.Status, Outcome: result.Outcome, Actor: System, Cause: "automatic processing repeated",
		At: at.At, CRN: result.CRN, Start: result.Start, End: result.End, Reasons: last.Reasons, PolicyVersion: result.PolicyVersion,
		Trace: row.Trace,
	}
	if err := p.EndAccess(ctx, tx, out, Ending{Submission: s.ID, Actor: System, At: at.At}); err != nil {
		return err
	}
	out.Work.Decisions = append(out.Work.Decisions, row)
	out.Work.Transitions = append(out.Work.Transitions, t)
	next := After(s, &t)
	out.Events = append(out.Events, TransitionEvent(next, &t, reasons, trace))
	return out.effects(next, &result, System, at, trace)
}
