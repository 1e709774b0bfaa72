package api

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/queue"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// request is what an officer asks for.
type request struct {
	id clock.ID
	// version the officer saw; 0 takes whatever is current.
	version int32
	// action makes a repetition one action; "" for actions that are so by nature.
	action string
	// content is digested, to tell a repetition from another action.
	content proto.Message
	// crn is the customer whose notices are looked at or changed; "" when none.
	crn string
	// does is the action in the words of the audit log.
	does string
	// leaves says that it only ends what the officer has of the entry, which a
	// conflict of interest does not hold up.
	leaves bool
}

// acting is an officer's action under way: everything is locked and as the
// officer saw it.
type acting struct {
	tx         pgx.Tx
	out        *events.Assembly
	at         decision.Moment
	officer    identity.Caller
	trace      string
	submission store.Submission
	entry      store.OpenEntry
	// holding is who holds the entry now, expired claims left out.
	holding queue.Holding
	notices []register.Notice
	// liftUntil is when the lift ends under which an outcome is recorded; zero
	// without one.
	liftUntil time.Time
	// done is the action's audit entry; without an Action nothing was changed.
	done audit.Entry
}

// act locks the submission, refuses when it is no longer what the officer saw,
// and runs f in one transaction. The answer is the row after it.
func (q *Queue) act(ctx context.Context, r request, f func(*acting) error) (*processingv1.SubmissionSummary, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	digest, err := rpc.Digest(r.content)
	if err != nil {
		return nil, err
	}
	err = q.p.Commit(ctx, func(tx pgx.Tx, out *events.Assembly) error {
		a := &acting{tx: tx, out: out, officer: officer, trace: telemetry.Traceparent(ctx)}
		if done, err := a.lock(ctx, r, digest, q.p.Moment); err != nil || done {
			return err
		}
		a.done = events.Entry(r.does, r.id)
		a.done.Version = int64(a.submission.Version)
		if !r.leaves {
			if err := a.named(ctx, officer.ID); err != nil {
				return err
			}
		}
		if err := f(a); err != nil {
			return err
		}
		if !a.liftUntil.IsZero() && !q.p.Moment().At.Before(a.liftUntil) {
			return events.LiftOver()
		}
		if a.done.Action != "" {
			out.Done = append(out.Done, a.done)
		}
		if r.action == "" {
			return nil
		}
		return store.AddAction(ctx, tx, store.Action{SubmissionID: r.id, ID: r.action, OfficerID: officer.ID, Digest: digest, At: a.at.At})
	})
	if store.LiftWasOver(err) {
		return nil, events.LiftOver() // at the commit, by the database's clock
	}
	if err != nil {
		return nil, err
	}
	return q.summary(ctx, r.id)
}

// named refuses an officer the entry of a customer with whom there is a conflict
// of interest, when the authority named the customer: of one the hub found, the
// refusal would tell who it is.
func (a *acting) named(ctx context.Context, officer string) error {
	if !named(&a.submission) {
		return nil
	}
	return noConflict(ctx, a, officer, a.submission.CRN)
}

// lock takes the locks in the one order (anchor, submission) and reports
// whether the action was done before. The action's moment is after the locks:
// whatever it waited for happened before it.
func (a *acting) lock(ctx context.Context, r request, digest []byte, now func() decision.Moment) (done bool, err error) {
	if r.crn != "" {
		notices, err := store.LockNotices(ctx, a.tx, r.crn)
		if err != nil {
			return false, err
		}
		a.notices = notices[r.crn]
	}
	var known bool
	if a.submission, known, err = store.LockSubmission(ctx, a.tx, r.id); err != nil || !known {
		return false, orNotFound(err)
	}
	a.at = now()
	if r.action != "" {
		before, did, err := store.GetAction(ctx, a.tx, r.id, r.action)
		switch {
		case err != nil:
			return false, err
		case did && before.OfficerID == a.officer.ID && bytes.Equal(before.Digest, digest):
			return true, nil
		case did:
			return false, fault.ActionReused()
		}
	}
	if a.submission.Status != term.Unprocessed || (r.version != 0 && int(r.version) != a.submission.Version) {
		return false, a.changed(ctx)
	}
	if a.entry, _, err = store.GetEntry(ctx, a.tx, r.id); err != nil {
		return false, err
	}
	a.holding = a.entry.Holding.At(a.at.At, a.at.Today)
	return false, nil
}

// changed tells what somebody else did meanwhile.
func (a *acting) changed(ctx context.Context) error {
	s := &a.submission
	what := fmt.Sprintf("the submission is %s since %s", s.Status, s.Since.UTC().Format(time.RFC3339))
	actor := events.System
	transitions, err := store.Transitions(ctx, a.tx, s.ID)
	if err != nil {
		return err
	}
	if t := transitions[s.ID]; len(t) > 0 {
		actor = t[len(t)-1].Actor
	}
	if s.Outcome != 0 {
		what = fmt.Sprintf("%s with outcome %s, by %s", what, s.Outcome, actor)
	}
	return fault.New(fault.Conflict, "SUBMISSION_CHANGED", "%s", what).WithHelp("Read it again before acting.").
		WithMeta("status", s.Status.String()).WithMeta("outcome", s.Outcome.String()).WithMeta("version", fmt.Sprint(s.Version)).WithMeta("actor", actor)
}

// note keeps what the officer wrote. What somebody writes for whom access to a
// restricted record is lifted may tell of it.
func (a *acting) note(ctx context.Context, action, text string) error {
	guarded := a.officer.Has(RestrictedOfficer)
	if !guarded {
		c, known, err := store.LatestAccess(ctx, a.tx, a.submission.ID)
		if err != nil {
			return err
		}
		guarded = known && c.Requester == a.officer.ID && !c.Until.IsZero()
	}
	a.done.Digest = audit.Digest(text)
	return store.AddNote(ctx, a.tx, store.Note{
		SubmissionID: a.submission.ID, OfficerID: a.officer.ID, Action: action, Text: text, At: a.at.At, Guarded: guarded,
	})
}
