package rpc

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rate"
)

const (
	// maxCallers are remembered by rate limits.
	maxCallers = 10_000
	// queueTime is how long a call waits for its turn when too many are under way.
	queueTime = 50 * time.Millisecond
	// slowDown is how long a stream that sends too fast is held up at most for one
	// message; then it is refused.
	slowDown = 5 * time.Second
)

// limits are Limits at work.
type limits struct {
	calls, messages *rate.Keyed
	slots           chan struct{} // nil: no limit
}

func newLimits(l Limits) *limits {
	made := &limits{calls: l.Calls.keyed(), messages: l.Messages.keyed()}
	if l.InFlight > 0 {
		made.slots = make(chan struct{}, l.InFlight)
	}
	return made
}

func (r Rate) keyed() *rate.Keyed {
	return rate.NewKeyed(r.PerSecond, or(r.Burst, max(1, int(r.PerSecond))), maxCallers)
}

// enter takes a call's place among those under way; leave gives it back. Calls
// of siblings have no places: the call they serve has one already.
func (l *limits) enter(ctx context.Context) error {
	if l.slots == nil {
		return nil
	}
	if _, is := sibling(ctx); is {
		return nil
	}
	select {
	case l.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(queueTime)
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fault.New(fault.Unavailable, "OVERLOADED", "too many calls are under way").
			WithHelp("Try again after the time given, and later each time.").WithRetry(retryUnsaid)
	}
}

func (l *limits) leave(ctx context.Context) {
	if l.slots == nil {
		return
	}
	if _, is := sibling(ctx); !is {
		<-l.slots
	}
}

// call takes the caller's token for one call.
func (l *limits) call(c identity.Caller) error {
	if l.calls == nil || c.Kind == identity.Service {
		return nil
	}
	if ok, after := l.calls.Allow(c.Actor(), 1, clock.System().Now()); !ok {
		return limited(after)
	}
	return nil
}

// message takes the caller's token for one message of a stream and waits for it:
// the sender is slowed down by the transport's flow control.
func (l *limits) message(ctx context.Context, c identity.Caller) error {
	if l.messages == nil || c.Kind == identity.Service {
		return nil
	}
	after, err := l.messages.Wait(ctx, c.Actor(), 1, clock.System().Now(), slowDown)
	if err == nil && after > 0 {
		err = limited(after)
	}
	return err
}

func limited(after time.Duration) error {
	return fault.New(fault.Exhausted, "RATE_LIMITED", "the caller's limit of calls is reached").
		WithHelp("Wait for the time given before the next call.").WithRetry(max(after, time.Millisecond))
}
