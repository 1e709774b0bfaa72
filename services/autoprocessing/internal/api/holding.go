package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/queue"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// hold changes who holds an entry, in one transaction.
func (q *Queue) hold(ctx context.Context, submission string, r request, f func(*acting) (queue.Holding, error)) (*processingv1.SubmissionSummary, error) {
	var err error
	if r.id, err = parseID(submission); err != nil {
		return nil, err
	}
	return q.act(ctx, r, func(a *acting) error {
		h, err := f(a)
		if err != nil {
			return err
		}
		if unchanged(h, a.entry.Holding) {
			a.done.Action = "" // nothing was changed
			return nil
		}
		return store.SetHolding(ctx, a.tx, a.submission.ID, h)
	})
}

// Claim takes an entry for the caller.
func (q *Queue) Claim(ctx context.Context, r *processingv1.ClaimRequest) (*processingv1.ClaimResponse, error) {
	s, err := q.claimOnce(ctx, r, "")
	if err != nil {
		return nil, err
	}
	return &processingv1.ClaimResponse{Submission: s}, nil
}

// Each of the actions has a form that takes effect once under an action id, for
// who acts on many entries at a time.

func (q *Queue) claimOnce(ctx context.Context, r *processingv1.ClaimRequest, action string) (*processingv1.SubmissionSummary, error) {
	return q.hold(ctx, r.GetSubmissionId(), request{version: r.GetVersion(), does: "queue.claimed", action: action, content: r}, func(a *acting) (queue.Holding, error) {
		return a.holding.Claim(a.officer.ID, a.at.At, q.claim)
	})
}

// Release gives an entry back.
func (q *Queue) Release(ctx context.Context, r *processingv1.ReleaseRequest) (*processingv1.ReleaseResponse, error) {
	s, err := q.releaseOnce(ctx, r, "")
	if err != nil {
		return nil, err
	}
	return &processingv1.ReleaseResponse{Submission: s}, nil
}

func (q *Queue) releaseOnce(ctx context.Context, r *processingv1.ReleaseRequest, action string) (*processingv1.SubmissionSummary, error) {
	return q.hold(ctx, r.GetSubmissionId(), request{does: "queue.released", leaves: true, action: action, content: r}, func(a *acting) (queue.Holding, error) {
		return a.holding.Release(a.officer.ID)
	})
}

// Assign gives an entry to an officer, with a reason.
func (q *Queue) Assign(ctx context.Context, r *processingv1.AssignRequest) (*processingv1.AssignResponse, error) {
	s, err := q.assignOnce(ctx, r, "")
	if err != nil {
		return nil, err
	}
	return &processingv1.AssignResponse{Submission: s}, nil
}

func (q *Queue) assignOnce(ctx context.Context, r *processingv1.AssignRequest, action string) (*processingv1.SubmissionSummary, error) {
	return q.hold(ctx, r.GetSubmissionId(), request{does: "queue.assigned", action: action, content: r}, func(a *acting) (queue.Holding, error) {
		if err := mayAssign(a.officer); err != nil {
			return a.holding, err
		}
		if a.holding.Assigned && a.holding.HeldBy == r.GetOfficerId() {
			return a.holding, nil // the same once more
		}
		if err := a.named(ctx, r.GetOfficerId()); err != nil {
			return a.holding, err
		}
		a.done.Detail = map[string]string{"to": "officer:" + r.GetOfficerId()}
		return a.holding.Assign(r.GetOfficerId()), a.note(ctx, "assign", "Assigned to "+r.GetOfficerId()+": "+r.GetReason())
	})
}

func mayAssign(officer identity.Caller) error {
	if officer.Has(Supervisor) {
		return nil
	}
	return fault.New(fault.Denied, "SUPERVISOR_REQUIRED", "only a supervisor may assign entries")
}

// Hold sets an entry aside until a day, or ends that.
func (q *Queue) Hold(ctx context.Context, r *processingv1.HoldRequest) (*processingv1.HoldResponse, error) {
	s, err := q.holdOnce(ctx, r, "")
	if err != nil {
		return nil, err
	}
	return &processingv1.HoldResponse{Submission: s}, nil
}

func (q *Queue) holdOnce(ctx context.Context, r *processingv1.HoldRequest, action string) (*processingv1.SubmissionSummary, error) {
	until, err := holdDay("until", r.GetUntil())
	if err != nil {
		return nil, err
	}
	return q.hold(ctx, r.GetSubmissionId(), request{version: r.GetVersion(), does: "queue.held", action: action, content: r}, func(a *acting) (queue.Holding, error) {
		h, err := a.holding.Hold(a.officer.ID, until, a.at.Today)
		if err != nil || same(a.holding.HoldUntil, until) {
			return h, err // the same once more needs no second note
		}
		text := "Hold ended: " + r.GetNote()
		if until != nil {
			text = "On hold until " + until.String() + ": " + r.GetNote()
		}
		return h, a.note(ctx, "hold", text)
	})
}

// holdDay is the first day an entry shows again; nil ends a hold.
func holdDay(field, text string) (*calendar.Date, error) {
	if text == "" {
		return nil, nil
	}
	day, err := calendar.ParseDate(text)
	if err != nil {
		return nil, fault.InvalidField(field, "%s is no date", text)
	}
	return &day, nil
}

func unchanged(a, b queue.Holding) bool {
	return a.HeldBy == b.HeldBy && a.Assigned == b.Assigned && a.Until.Equal(b.Until) && same(a.HoldUntil, b.HoldUntil)
}

func same(a, b *calendar.Date) bool {
	return (a == nil && b == nil) || (a != nil && b != nil && *a == *b)
}

// AddNote adds a note to an entry; no claim is needed.
func (q *Queue) AddNote(ctx context.Context, r *processingv1.AddNoteRequest) (*processingv1.AddNoteResponse, error) {
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	note := store.Note{OfficerID: officer.ID, Action: "note", Text: r.GetText(), At: q.p.Moment().At}
	_, err = q.act(ctx, request{id: id, action: r.GetActionId(), content: r, does: "queue.noted"}, func(a *acting) error {
		note.At = a.at.At
		return a.note(ctx, note.Action, note.Text)
	})
	if err != nil {
		return nil, err
	}
	return &processingv1.AddNoteResponse{Note: noteOf(note)}, nil
}

func noteOf(n store.Note) *processingv1.Note {
	return &processingv1.Note{OfficerId: n.OfficerID, Text: n.Text, At: timestamppb.New(n.At), Action: n.Action}
}
