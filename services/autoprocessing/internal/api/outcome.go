package api

import (
	"context"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// confirmed refuses an action without the declaration or a real note (rules.md 2.7).
func confirmed(declaration bool, note string) error {
	if !declaration {
		return fault.InvalidField("declaration", "confirm that you have completed the actions required to process this request")
	}
	if len(strings.TrimSpace(note)) < 3 {
		return fault.InvalidField("note", "say what was done")
	}
	return nil
}

// RecordOutcome decides an UNPROCESSED submission.
func (q *Queue) RecordOutcome(ctx context.Context, r *processingv1.RecordOutcomeRequest) (*processingv1.RecordOutcomeResponse, error) {
	if err := confirmed(r.GetDeclaration(), r.GetNote()); err != nil {
		return nil, err
	}
	asked, err := changeOf(r.GetRegisterChange())
	if err != nil {
		return nil, err
	}
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	seen, known, err := store.GetSubmission(ctx, q.p.Pool, id)
	if err != nil || !known {
		return nil, orNotFound(err)
	}
	crn := r.GetCrn()
	if crn == "" {
		crn = seen.CRN
	}
	// Asked outside the transaction; a decided one needs no customer any more.
	var customer *decision.Customer
	if seen.Status == term.Unprocessed {
		if customer, err = events.ResolveCRN(ctx, q.p.Registry, crn); err != nil {
			return nil, err
		}
	}
	s, err := q.act(ctx, request{
		id: id, version: r.GetVersion(), action: r.GetActionId(), content: r, crn: crn, does: "queue.outcome-recorded",
	}, func(a *acting) error {
		if err := a.holding.MayDecide(a.officer.ID); err != nil {
			return err
		}
		if customer != nil && (r.GetCrn() != "" || !customer.Restricted) {
			if err := noConflict(ctx, a, a.officer.ID, customer.CRN); err != nil {
				return err
			}
		}
		return q.p.WithEvaluator(a.at.Today, func(ev *policy.Evaluator) error {
			return q.record(ctx, a, ev, r, customer, asked)
		})
	})
	if err != nil {
		return nil, err
	}
	return &processingv1.RecordOutcomeResponse{Submission: s}, nil
}

// record makes the outcome true: register, disclosure, transition, events.
func (q *Queue) record(ctx context.Context, a *acting, ev *policy.Evaluator, r *processingv1.RecordOutcomeRequest, customer *decision.Customer, asked decision.ChangeAsked) error {
	s := &a.submission
	lodged, err := events.Reread(s, a.entry.Lodged, q.p.Zone)
	if lodged == nil {
		return err // a content that is only partly readable is enough for an officer
	}
	outcome := term.Outcome(r.GetOutcome())
	lifted, customer, err := q.relock(ctx, a, customer, r.GetReinstateAccess())
	if err != nil {
		return err
	}
	notices := a.out.View(a.notices, a.at)
	result, err := decision.ManualChanges(ev.Policy(), decision.Manual{
		Submission: lodged.Submission, Reasons: a.entry.Reasons, Outcome: outcome, CRN: r.GetCrn(), Customer: customer, Notices: notices,
		Lifted: lifted, Change: asked, Moment: a.at,
	})
	if err != nil {
		return err
	}
	actor := a.officer.Actor()
	a.out.Changes(result.Changes, actor, a.at, a.trace)
	t := store.Transition{
		SubmissionID: s.ID, Version: s.Version + 1, To: term.Processed, Outcome: outcome, Actor: actor, Cause: "outcome recorded", At: a.at.At,
		OfficerID: a.officer.ID, Declaration: true, CRN: result.CRN, Start: result.Start, End: result.End,
		NoteForAuthority: r.GetNoteForAuthority(), Reasons: a.entry.Reasons,
	}
	if err := q.close(ctx, a, t); err != nil {
		return err
	}
	switch outcome {
	case term.Eligible, term.NotEligible:
		content, err := decision.Disclose(ev, lodged.Submission, customer, notices, outcome, a.at)
		if err != nil {
			return err
		}
		if err := a.out.Disclosure(s, content, a.at); err != nil {
			return err
		}
	case term.Matched:
		child, err := decision.DisclosureAfterMatch(ev, lodged.Submission, customer, notices, a.at)
		if err != nil {
			return err
		}
		if err := a.out.Child(s, &child, actor, a.at, a.trace); err != nil {
			return err
		}
	}
	return a.note(ctx, "outcome", r.GetNote())
}

// close gathers the transition that ends the entry, and the event that tells.
func (q *Queue) close(ctx context.Context, a *acting, t store.Transition) error {
	decisions, err := store.Decisions(ctx, a.tx, t.SubmissionID)
	if err != nil {
		return err
	}
	all := decisions[t.SubmissionID]
	if len(all) == 0 {
		return fault.New(fault.Internal, "DECISION_MISSING", "an unprocessed submission has no decision")
	}
	reasons, err := events.ReasonsForAuthority(q.p.Policies, a.submission.Type, &all[len(all)-1])
	if err != nil {
		return err
	}
	t.Trace = store.TraceOf(a.trace)
	a.done.Version = int64(t.Version)
	a.done.Detail = map[string]string{"status": t.To.String(), "outcome": t.Outcome.String(), "reasons": events.ReasonWords(t.Reasons)}
	a.out.Point = "auto.before-outcome-commit"
	a.out.Work.Transitions = append(a.out.Work.Transitions, t)
	a.out.Events = append(a.out.Events, events.TransitionEvent(events.After(&a.submission, &t), &t, reasons, a.trace))
	return nil
}

// ReturnToAuthority sends a submission back to be lodged again; closing its
// entry erases what was lodged here, the event has it erased elsewhere.
func (q *Queue) ReturnToAuthority(ctx context.Context, r *processingv1.ReturnToAuthorityRequest) (*processingv1.ReturnToAuthorityResponse, error) {
	if err := confirmed(r.GetDeclaration(), r.GetNote()); err != nil {
		return nil, err
	}
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	s, err := q.act(ctx, request{
		id: id, version: r.GetVersion(), action: r.GetActionId(), content: r, does: "queue.returned",
	}, func(a *acting) error {
		if err := a.holding.MayDecide(a.officer.ID); err != nil {
			return err
		}
		if _, _, err := q.relock(ctx, a, nil, false); err != nil {
			return err
		}
		if !a.submission.ParentID.IsZero() {
			return fault.New(fault.Precondition, "CREATED_BY_HUB", "the hub created this submission; its authority cannot lodge it again")
		}
		if err := q.close(ctx, a, store.Transition{
			SubmissionID: id, Version: a.submission.Version + 1, To: term.Returned, Outcome: term.OutcomeReturned, Actor: a.officer.Actor(),
			Cause: "returned to the authority", At: a.at.At, OfficerID: a.officer.ID, Declaration: true, CRN: a.submission.CRN,
			NoteForAuthority: r.GetNoteForAuthority(), Reasons: a.entry.Reasons,
		}); err != nil {
			return err
		}
		return a.note(ctx, "return", r.GetNote())
	})
	if err != nil {
		return nil, err
	}
	return &processingv1.ReturnToAuthorityResponse{Submission: s}, nil
}

func changeOf(c *processingv1.RegisterChange) (decision.ChangeAsked, error) {
	asked := decision.ChangeAsked{Months: int(c.GetDurationMonths()), Percent: int(c.GetQuarantinedPercent())}
	if c.GetStartDate() != "" {
		day, err := calendar.ParseDate(c.GetStartDate())
		if err != nil {
			return asked, fault.InvalidField("register_change.start_date", "%s is no date", c.GetStartDate())
		}
		asked.Start = &day
	}
	for _, text := range c.GetRevokeNoticeIds() {
		id, err := clock.ParseID(text)
		if err != nil {
			return asked, fault.InvalidField("register_change.revoke_notice_ids", "they must be UUIDs")
		}
		asked.Revoke = append(asked.Revoke, id)
	}
	return asked, nil
}
