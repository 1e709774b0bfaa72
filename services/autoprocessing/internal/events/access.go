package events

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Ending is how a case of restricted access comes to its end.
type Ending struct {
	Submission clock.ID
	// Actor who ends it.
	Actor string
	At    time.Time
	// Reason in the words of who ends it; "" when it ends with the submission.
	Reason string
	// Used: an outcome is recorded under the lift in this transaction. The database
	// refuses the commit once the lift's time is over.
	Used bool
}

// EndAccess ends the open case of a submission, if there is one: a lift is
// reinstated, or has expired; without a lift the case is closed. The submission
// must be locked. A submission that finishes has its case ended before.
func (p *Processor) EndAccess(ctx context.Context, tx pgx.Tx, out *Assembly, e Ending) error {
	c, open, err := store.OpenAccess(ctx, tx, e.Submission)
	if err != nil || !open {
		return err
	}
	next, step := store.AccessClosed, "closed"
	switch {
	case c.Live(e.At):
		next, step = store.AccessReinstated, "reinstated"
	case c.State == store.AccessLifted:
		next, step = store.AccessExpired, "expired"
	}
	if e.Used && next != store.AccessReinstated {
		return LiftOver()
	}
	reason := e.Reason
	if reason == "" && next == store.AccessReinstated {
		reason = "The submission ended."
	}
	wasLifted := c.State == store.AccessLifted
	c.State, c.EndedAt, c.Used = next, e.At, e.Used
	actor := e.Actor
	if next == store.AccessExpired {
		actor = System
	}
	if err := p.AccessStep(ctx, tx, out, &c, step, actor, e.At, reason); err != nil {
		return err
	}
	if wasLifted {
		out.Events = append(out.Events, reinstated(&c))
	}
	return nil
}

// LiftOver is the refusal of what a lift allowed that is over.
func LiftOver() error {
	return fault.New(fault.Precondition, "RESTRICTED_ACCESS", "access to the customer's record is lifted no longer").
		WithHelp("Ask for a new risk assessment, or record that nothing is disclosed.")
}

// AccessStep stores a case after a step, with the step in its history and in the
// audit log. The reason's words stay in the history; the log has their digest.
func (p *Processor) AccessStep(ctx context.Context, tx pgx.Tx, out *Assembly, c *store.Access, step, actor string, at time.Time, reason string) error {
	if step == "contacted" {
		if err := store.AddAccess(ctx, tx, c); err != nil {
			return err
		}
	} else if step != "viewed" {
		c.Version++
		if err := store.SetAccess(ctx, tx, c); err != nil {
			return err
		}
	}
	if err := store.AddAccessStep(ctx, tx, store.AccessStep{CaseID: c.ID, Step: step, Actor: actor, At: at, Reason: reason}); err != nil {
		return err
	}
	e := audit.Entry{
		Action: "access." + step, Object: "access/" + c.ID.String(), Result: audit.Done, Version: int64(c.Version),
		Digest: audit.Digest(reason), Detail: map[string]string{"submission": c.SubmissionID.String()},
	}
	if c.CRN != "" {
		e.Detail["customer"] = p.Pseudonym(c.CRN)
	}
	switch {
	case step == "lifted":
		e.Detail["minutes"], e.Detail["for"] = strconv.Itoa(c.Minutes), "officer:"+c.Requester
	case actor == System:
		e.Actor = systemActor
	case actor != "" && step != "viewed":
		e.Actor = actor
	}
	out.Done = append(out.Done, e)
	return nil
}

// Lifted announces a lift, so that the registry honours it.
func Lifted(c *store.Access) *eventv1.Event {
	e := event(c.ID, "access-lifted", 1, c.DecidedAt, "")
	e.Body = &eventv1.Event_AccessLifted{AccessLifted: &eventv1.AccessLifted{
		CaseId: c.ID[:], SubmissionId: c.SubmissionID[:], Crn: c.CRN, OfficerId: c.Requester,
		LiftedAt: timestamppb.New(c.DecidedAt), Until: timestamppb.New(c.Until),
	}}
	return e
}

func reinstated(c *store.Access) *eventv1.Event {
	e := event(c.ID, "access-reinstated", 1, c.EndedAt, "")
	e.Body = &eventv1.Event_AccessReinstated{AccessReinstated: &eventv1.AccessReinstated{
		CaseId: c.ID[:], SubmissionId: c.SubmissionID[:], Crn: c.CRN, OfficerId: c.Requester, ReinstatedAt: timestamppb.New(c.EndedAt),
	}}
	return e
}

// ConflictDeclared announces a record that an officer must not see, so that the
// registry refuses it, too.
func ConflictDeclared(crn, officer string, at time.Time) *eventv1.Event {
	id := clock.NewID(at)
	return &eventv1.Event{
		Id: id[:], SchemaVersion: schemaVersion, OccurredAt: timestamppb.New(at),
		Body: &eventv1.Event_ConflictDeclared{ConflictDeclared: &eventv1.ConflictDeclared{Crn: crn, OfficerId: officer}},
	}
}

// Relock writes down which lifts are over by time. They count for nothing before
// it, too: this keeps the history whole and tells the registry.
func (p *Processor) Relock(ctx context.Context, now time.Time) error {
	at := p.moment(now)
	return p.repeat(ctx, func(tx pgx.Tx, out *Assembly) (int, error) {
		over, err := store.ExpiredLifts(ctx, tx, at.At, sweepBatch)
		if err != nil {
			return 0, err
		}
		ended := 0
		for _, id := range over {
			s, known, err := store.LockSubmission(ctx, tx, id)
			if err != nil || !known {
				return 0, err
			}
			// Somebody may have ended it while the lock was waited for.
			c, open, err := store.OpenAccess(ctx, tx, id)
			if err != nil {
				return 0, err
			}
			if !open || c.State != store.AccessLifted || c.Live(at.At) || s.Status != term.Unprocessed {
				continue
			}
			if err := p.EndAccess(ctx, tx, out, Ending{Submission: id, Actor: System, At: at.At}); err != nil {
				return 0, err
			}
			ended++
		}
		return ended, nil
	})
}
