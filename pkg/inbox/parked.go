package inbox

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// sweepParked tries parked events until none is due. Trouble of the
// infrastructure ends the sweep and counts against nobody.
func (r *runner) sweepParked(ctx context.Context, _ time.Time) error {
	for ctx.Err() == nil {
		if err := r.wakeReady(ctx); err != nil {
			r.trouble("wake", postgres.Classify(err), parkedEvery)
			return nil // as below
		}
		moved := 0
		for _, round := range []struct {
			state string
			due   func(context.Context, querier, int) ([]parkedRow, error)
		}{{stateRetry, r.store.dueRetries}, {stateWaiting, r.store.dueWaiting}} {
			rows, err := round.due(ctx, r.Pool, r.MaxEvents)
			var n int
			if err == nil && len(rows) > 0 {
				n, err = r.tryParked(ctx, round.state, rows)
			}
			if err != nil {
				if ctx.Err() == nil {
					r.trouble("parked", postgres.Classify(err), parkedEvery)
				}
				return nil // the next look is soon enough; the loop's own pauses are not for this
			}
			moved += n
		}
		if moved == 0 {
			return nil
		}
	}
	return ctx.Err()
}

// wakes are the keys that became ready since the last sweep. Those a process
// takes with it when it dies have their turn when their pause is over.
type wakes struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (k *wakes) add(keys []string) {
	if len(keys) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[string]bool{}
	}
	for _, key := range keys {
		k.keys[key] = true
	}
}

func (k *wakes) take() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := make([]string, 0, len(k.keys))
	for key := range k.keys {
		keys = append(keys, key)
	}
	k.keys = nil
	return keys
}

// wakeReady gives the events of ready keys their turn.
func (r *runner) wakeReady(ctx context.Context) error {
	keys := r.wakes.take()
	if len(keys) == 0 {
		return nil
	}
	err := r.store.wake(ctx, r.Pool, keys)
	if err != nil {
		r.wakes.add(keys)
	}
	return err
}

// tryParked tries rows of one state, and returns how many changed.
func (r *runner) tryParked(ctx context.Context, state string, rows []parkedRow) (int, error) {
	var tried []parkedRow
	var events []Event
	moved := 0
	for _, row := range rows {
		if strings.HasPrefix(string(row.Data), wrapping) {
			n, err := r.expand(ctx, row)
			if err != nil {
				return moved, err
			}
			moved += n
			continue
		}
		e, cause := r.decodeParked(row)
		if cause != "" {
			r.log.Error("event quarantined", "event", row.ID.String(), "cause", cause)
			if err := r.store.quarantine(ctx, r.Pool, row.ID, cause); err != nil {
				return moved, err
			}
			moved++
			continue
		}
		if state == stateRetry && row.Attempts >= r.MaxAttempts {
			n, err := r.exhaust(ctx, row, e)
			if err != nil {
				return moved, err
			}
			moved += n
			continue
		}
		tried, events = append(tried, row), append(events, e)
	}
	n, err := r.applyParked(ctx, state, tried, events)
	return moved + n, err
}

// decodeParked makes the event again, or says why it belongs in quarantine.
func (r *runner) decodeParked(row parkedRow) (e Event, cause string) {
	err := func() (err error) {
		defer recovered(&err)
		e, err = r.DecodeParked(row.Data)
		return err
	}()
	switch {
	case err != nil:
		return e, causeUndecodable + describe(err)
	case e.Refused != nil:
		return e, causeRefused + describe(e.Refused)
	}
	// The row is what the rest of the parking goes by.
	e.ID, e.Key, e.Data, e.Traceparent = row.ID, row.Key, row.Data, row.Traceparent
	return e, ""
}

// applyParked runs parked events through Prepare and Apply.
func (r *runner) applyParked(ctx context.Context, state string, rows []parkedRow, original []Event) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	ctx, span := r.span(ctx, []message{{events: original}})
	defer span.End()
	var found findings
	var w *work
	err := r.tryOn(ctx, false, &found, func() error {
		if r.Relay != nil {
			if err := r.Relay.Room(ctx); err != nil {
				return err
			}
		}
		events := append([]Event(nil), original...)
		if r.Prepare != nil {
			if err := r.prepareRange(ctx, original, events, &found); err != nil {
				return err
			}
		}
		return postgres.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
			w = &work{r: r, tx: tx, found: &found, held: true, blocked: map[string]bool{}}
			return w.parked(ctx, state, rows, events)
		})
	})
	if err != nil {
		return 0, err
	}
	crashpoint.Here("inbox.after-commit")
	moved := len(w.done) + len(w.deferred)
	for _, p := range w.parks {
		if p.attempts > 0 {
			moved++
		}
	}
	r.committed(w)
	return moved, nil
}

// parked does everything about parked events in the transaction.
func (w *work) parked(ctx context.Context, state string, rows []parkedRow, events []Event) error {
	locked, err := w.r.store.lock(ctx, w.tx, state, rows)
	if err != nil {
		return err
	}
	var keys []string
	for _, row := range rows {
		if locked[row.ID] && row.Key != "" {
			keys = append(keys, row.Key)
		}
	}
	from, err := w.r.store.held(ctx, w.tx, keys, locked)
	if err != nil {
		return err
	}
	var mine []Event
	for i, row := range rows {
		first, is := from[row.Key] // never of the key ""
		if locked[row.ID] && (!is || row.Position < first) {
			mine = append(mine, events[i])
		}
	}
	if err := w.run(ctx, mine); err != nil {
		return err
	}
	crashpoint.Here("inbox.mid-batch")
	var failed []park
	for _, p := range w.parks {
		if p.attempts > 0 {
			failed = append(failed, p)
		}
	}
	b := &pgx.Batch{}
	w.r.store.queueDone(b, w.done)
	w.r.store.queueFailed(b, failed, w.r.MaxAttempts)
	if err := send(ctx, w.tx, b); err != nil {
		return err
	}
	crashpoint.Here("inbox.before-commit")
	return nil
}

// exhaust gives an event up, in a transaction of its own.
func (r *runner) exhaust(ctx context.Context, row parkedRow, e Event) (int, error) {
	if r.Exhausted == nil {
		r.log.Error("event quarantined: its attempts are used up", "event", row.ID.String(), "attempts", row.Attempts, "cause", row.Cause)
		r.metrics.events.WithLabelValues(resultQuarantined).Inc()
		return 1, r.store.quarantine(ctx, r.Pool, row.ID, row.Cause)
	}
	var w *work
	err := postgres.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		w = &work{r: r, tx: tx}
		locked, err := r.store.lock(ctx, tx, stateRetry, []parkedRow{row})
		if err != nil || !locked[row.ID] {
			return err
		}
		var keys []string
		if row.Key != "" {
			keys = []string{row.Key}
		}
		from, err := r.store.held(ctx, tx, keys, locked)
		if first, is := from[row.Key]; err != nil || is && first < row.Position {
			return err
		}
		effects, err := r.giveUp(ctx, tx, e, errors.New(row.Cause))
		if err != nil {
			return w.kind(err)
		}
		b := &pgx.Batch{}
		w.queue(b, effects)
		r.store.queueDone(b, []clock.ID{row.ID})
		if err := send(ctx, tx, b); err != nil {
			return w.kind(err)
		}
		w.collect([]Event{e}, effects)
		crashpoint.Here("inbox.before-commit")
		return nil
	})
	switch {
	case err != nil && (fault.Retryable(err) || ctx.Err() != nil):
		return 0, err
	case err != nil:
		// Giving up failed too: that is for a person.
		r.log.Error("event quarantined: giving it up failed", "event", row.ID.String(), "cause", row.Cause, "error", describe(err))
		r.metrics.events.WithLabelValues(resultQuarantined).Inc()
		return 1, r.store.quarantine(ctx, r.Pool, row.ID, row.Cause+"; giving up failed: "+describe(err))
	case len(w.done) == 0:
		return 0, nil
	}
	crashpoint.Here("inbox.after-commit")
	r.log.Error("event given up: its attempts are used up", "event", row.ID.String(), "attempts", row.Attempts, "cause", row.Cause)
	r.metrics.events.WithLabelValues(resultExhausted).Inc()
	w.done = nil
	r.committed(w)
	return 1, nil
}

func (r *runner) giveUp(ctx context.Context, tx pgx.Tx, e Event, cause error) (effects Effects, err error) {
	defer recovered(&err)
	return r.Exhausted(ctx, tx, e, cause)
}

// expand takes a requeued message apart that could not be decoded before: its
// events are parked in its place, due at once.
func (r *runner) expand(ctx context.Context, row parkedRow) (int, error) {
	d, err := unwrap(row.Data)
	if err != nil {
		return 1, r.store.quarantine(ctx, r.Pool, row.ID, causeUndecodable+describe(err))
	}
	events, err := r.decodeEvents(d)
	if err != nil {
		return 1, r.store.quarantine(ctx, r.Pool, row.ID, causeUndecodable+describe(err))
	}
	var parks []park
	for _, e := range events {
		p := park{event: e, state: stateRetry}
		if e.Refused != nil {
			p.state, p.cause = stateQuarantined, causeRefused+describe(e.Refused)
		}
		parks = append(parks, p)
	}
	moved := 0
	err = postgres.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
		locked, err := r.store.lock(ctx, tx, stateRetry, []parkedRow{row})
		if moved = len(locked); err != nil || moved == 0 {
			return err
		}
		b := &pgx.Batch{}
		r.store.queueDone(b, []clock.ID{row.ID})
		r.store.queueParks(b, parks)
		return send(ctx, tx, b)
	})
	return moved, err
}
