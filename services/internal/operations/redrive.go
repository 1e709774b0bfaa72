package operations

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
)

const (
	// lookAgainFor is how long to look what became of events; lookAgainAt is when to
	// look for the first time, and pauses double from there up to lookAgainMost.
	lookAgainFor  = 5 * time.Second
	lookAgainAt   = 25 * time.Millisecond
	lookAgainMost = 400 * time.Millisecond
	// mostWhole bounds how many events of messages taken apart are looked at.
	mostWhole = 1000
)

// RedriveParked drives quarantined events again, and tells what became of them.
func (s *Server) RedriveParked(ctx context.Context, r *operationsv1.RedriveParkedRequest) (*operationsv1.RedriveParkedResponse, error) {
	parts, err := s.parking(r.GetService(), r.GetConsumer())
	if err != nil {
		return nil, err
	}
	d := &drive{part: parts[0], consumer: r.GetConsumer()}
	if err := postgres.InTx(ctx, d.part.Pool, func(tx pgx.Tx) error { return d.requeue(ctx, tx, r) }); err != nil {
		return nil, postgres.Classify(err)
	}
	if len(d.ids) == 0 { // of that cause nothing is left: somebody was faster
		return &operationsv1.RedriveParkedResponse{}, nil
	}
	inbox.Kick(d.part.Pool, d.consumer)
	return d.lookAgain(ctx)
}

// drive is one redrive.
type drive struct {
	part     *Part
	consumer string
	ids      []clock.ID
	whole    []clock.ID // of these, messages parked whole
	last     int64      // the position behind which their events would be parked
}

// requeue gives the events their attempts back, with the entry that says so.
func (d *drive) requeue(ctx context.Context, tx pgx.Tx, r *operationsv1.RedriveParkedRequest) error {
	entry := audit.Entry{
		Action: "event.redriven", Object: "consumer/" + d.consumer, Result: audit.Done, Digest: audit.Digest(r.GetReason()),
		Detail: map[string]string{},
	}
	d.ids, d.whole = nil, nil // the transaction may be tried again
	switch which := r.GetWhich().(type) {
	case *operationsv1.RedriveParkedRequest_EventId:
		id, err := clock.ParseID(which.EventId)
		if err != nil {
			return fault.InvalidField("event_id", "it is not an id")
		}
		found, err := inbox.RequeueOne(ctx, tx, d.consumer, id)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "EVENT_NOT_QUARANTINED", "no event of this id waits to be driven again; it may have been meanwhile").WithField("event_id", "not in quarantine")
		}
		d.ids, entry.Object = []clock.ID{id}, "event/"+id.String()
		entry.Detail["consumer"] = d.consumer
	case *operationsv1.RedriveParkedRequest_Cause:
		var err error
		if d.ids, err = inbox.RequeueCause(ctx, tx, d.consumer, which.Cause); err != nil || len(d.ids) == 0 {
			return err
		}
		entry.Detail["events"] = strconv.Itoa(len(d.ids))
	default:
		return fault.InvalidField("event_id", "an event or a cause is needed")
	}
	var err error
	if d.whole, d.last, err = inbox.Whole(ctx, tx, d.consumer, d.ids); err != nil {
		return err
	}
	return d.part.Audit.Write(ctx, tx, entry)
}

// lookAgain waits until each event has had its turn, or time is over.
func (d *drive) lookAgain(ctx context.Context) (*operationsv1.RedriveParkedResponse, error) {
	answer := &operationsv1.RedriveParkedResponse{Redriven: int64(len(d.ids))}
	deadline := time.NewTimer(lookAgainFor)
	defer deadline.Stop()
	for pause := lookAgainAt; ; pause = min(2*pause, lookAgainMost) {
		over := false
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			over = true
		case <-time.After(pause):
		}
		left, err := d.left(ctx)
		if err != nil {
			return nil, err // they are driven, but nobody can say what became of them
		}
		if over || !slices.ContainsFunc(left, func(l inbox.Requeued) bool { return l.Untried }) {
			return d.tell(answer, left), nil
		}
		inbox.Kick(d.part.Pool, d.consumer) // rows another look had locked
	}
}

// left is what is still parked of the events, and of what is in messages.
func (d *drive) left(ctx context.Context) ([]inbox.Requeued, error) {
	left, err := inbox.StillParked(ctx, d.part.Pool, d.consumer, d.ids)
	if err == nil && len(d.whole) > 0 {
		var inside []inbox.Requeued
		inside, err = inbox.ParkedSince(ctx, d.part.Pool, d.consumer, d.last, mostWhole)
		left = append(left, inside...)
	}
	return left, postgres.Classify(err)
}

// tell counts. A message taken apart counts as resolved only when nothing was
// parked since: rather too few are told as resolved than one too many.
func (d *drive) tell(answer *operationsv1.RedriveParkedResponse, left []inbox.Requeued) *operationsv1.RedriveParkedResponse {
	still, whole := make(map[clock.ID]bool, len(left)), make(map[clock.ID]bool, len(d.whole))
	for _, l := range left {
		still[l.ID] = true
		if failed := !l.Untried && l.State != inbox.Waiting; failed && answer.GetError() == nil {
			answer.Error = &status.Status{Code: int32(codes.FailedPrecondition), Message: l.Cause}
		}
	}
	for _, id := range d.whole {
		whole[id] = true
	}
	for _, id := range d.ids {
		if still[id] && !whole[id] {
			answer.Unresolved++
			delete(still, id)
		}
	}
	if len(still) > 0 { // what is left is a whole message, or was in one
		answer.Unresolved += int64(len(whole))
	}
	answer.Resolved = answer.GetRedriven() - answer.GetUnresolved()
	return answer
}
