package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// findings are what earlier tries at the same events have shown.
type findings struct {
	// careful: something failed for good, so the next try halves under savepoints.
	careful bool
	// limit is the largest number of events applied at once; 0 means no limit.
	limit int
	// bad are events that fail for good.
	bad map[clock.ID]error
}

func (f *findings) condemn(id clock.ID, cause error) {
	if f.bad == nil {
		f.bad = map[clock.ID]error{}
	}
	f.bad[id] = cause
}

// errAgain asks for another try at once, with what was found.
var errAgain = errors.New("the transaction is to be done again")

// tryOn runs try until it works. What cannot be held against an event is tried
// again for ever if patient, else returned.
func (r *runner) tryOn(ctx context.Context, patient bool, found *findings, try func() error) error {
	for pause := troublePause; ; {
		err := try()
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.Is(err, errAgain):
			continue
		case !fault.Retryable(err) && !found.careful:
			found.careful = true
			continue
		case !patient:
			return err
		}
		if fault.Is(err, fault.Deadline) {
			// Less at once may fit into the time for a statement.
			found.careful = true
			found.limit = max(1, smaller(found.limit)/2)
		}
		r.trouble("apply", err, pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, troublePauseMax)
	}
}

func smaller(limit int) int {
	if limit == 0 {
		return defaultMaxEvents
	}
	return limit
}

// work is one try at some events in one transaction.
type work struct {
	r       *runner
	tx      pgx.Tx
	found   *findings
	held    bool            // the events are parked ones, locked by this transaction
	blocked map[string]bool // keys whose events must wait

	parks    []park     // failed, or behind, in the order of events
	done     []clock.ID // applied
	deferred []Event
	ready    []string
	rows     []outbox.Row // all of them, to be handed over
	after    []func()
}

// run applies what can be applied. Errors for good have become parks if the
// findings say careful, else they are returned, as is trouble of the infrastructure.
func (w *work) run(ctx context.Context, events []Event) error {
	if w.found.careful {
		return w.divide(ctx, events)
	}
	if events = w.allowed(events); len(events) == 0 {
		return nil
	}
	effects, err := w.r.apply(ctx, w.tx, events)
	if err == nil {
		b := &pgx.Batch{}
		w.queue(b, effects)
		err = send(ctx, w.tx, b)
	}
	if err == nil {
		w.collect(events, effects)
		return nil
	}
	if err = w.kind(err); len(events) == 1 && !fault.Retryable(err) {
		w.found.condemn(events[0].ID, err) // no need to try alone what is alone
		return errAgain
	}
	return err
}

// divide applies events under a savepoint, and each half by itself if that
// fails, down to the single event that is to blame.
func (w *work) divide(ctx context.Context, events []Event) error {
	if events = w.allowed(events); len(events) == 0 {
		return nil
	}
	if w.found.limit > 0 && len(events) > w.found.limit {
		return w.halves(ctx, events)
	}
	savepoint, err := w.tx.Begin(ctx)
	if err != nil {
		return w.kind(err)
	}
	effects, err := w.r.apply(ctx, savepoint, events)
	if err == nil {
		// Deferred constraints are checked here, where it is known whose they are.
		b := &pgx.Batch{}
		w.queue(b, effects)
		b.Queue(`SET CONSTRAINTS ALL IMMEDIATE`)
		b.Queue(`SET CONSTRAINTS ALL DEFERRED`)
		if err = send(ctx, savepoint, b); err == nil {
			err = savepoint.Commit(ctx)
		}
	}
	if err == nil {
		w.collect(events, effects)
		return nil
	}
	if err = w.kind(err); fault.Retryable(err) {
		return err
	}
	if savepoint.Rollback(ctx) != nil {
		// A panic while rows were read leaves the connection unusable. Do it all
		// again, knowing more.
		if len(events) == 1 {
			w.found.limit = 0
			w.found.condemn(events[0].ID, err)
		} else {
			w.found.limit = (len(events) + 1) / 2
		}
		return errAgain
	}
	if len(events) == 1 {
		w.park(events[0], err)
		return nil
	}
	return w.halves(ctx, events)
}

func (w *work) halves(ctx context.Context, events []Event) error {
	middle := len(events) / 2
	if err := w.divide(ctx, events[:middle]); err != nil {
		return err
	}
	return w.divide(ctx, events[middle:])
}

// allowed parks events that are known to fail and those whose key is blocked,
// and returns the others.
func (w *work) allowed(events []Event) []Event {
	if len(w.blocked) == 0 && len(w.found.bad) == 0 {
		return events
	}
	var rest []Event
	for _, e := range events {
		cause, bad := w.found.bad[e.ID]
		switch {
		case e.Key != "" && w.blocked[e.Key]:
			w.parks = append(w.parks, park{event: e, state: stateRetry, cause: causeBehind})
		case bad:
			w.park(e, cause)
		default:
			rest = append(rest, e)
		}
	}
	return rest
}

// park puts a failed event aside; later ones of its key wait behind it.
func (w *work) park(e Event, cause error) {
	w.parks = append(w.parks, park{event: e, state: stateRetry, attempts: 1, cause: causeFailed + describe(cause)})
	if e.Key != "" {
		w.blocked[e.Key] = true
	}
	w.r.log.Warn("event failed", "event", e.ID.String(), "error", describe(cause))
	var p *panicked
	if errors.As(cause, &p) {
		w.r.log.Error("panic while applying events", "panic", p.what, "stack", p.stack)
	}
}

func (w *work) queue(b *pgx.Batch, effects Effects) {
	outbox.Queue(b, effects.Outbox...)
	if w.held {
		w.r.store.queueLeft(b, effects.Defer)
	} else {
		w.r.store.queueDeferred(b, effects.Defer)
	}
}

func (w *work) collect(events []Event, effects Effects) {
	later := make(map[clock.ID]bool, len(effects.Defer))
	for _, e := range effects.Defer {
		later[e.ID] = true
	}
	for _, e := range events {
		if !later[e.ID] {
			w.done = append(w.done, e.ID)
		}
	}
	w.deferred = append(w.deferred, effects.Defer...)
	// Keys are only ready when something was applied; else an Apply that is too
	// generous would call the same events for ever.
	if len(effects.Defer) < len(events) {
		w.ready = append(w.ready, effects.Ready...)
	}
	w.rows = append(w.rows, effects.Outbox...)
	if effects.After != nil {
		w.after = append(w.after, effects.After)
	}
}

// kind classifies an error; whatever a broken connection causes is no event's fault.
func (w *work) kind(err error) error {
	err = postgres.Classify(err)
	if !fault.Retryable(err) && w.tx.Conn().IsClosed() {
		return fault.New(fault.Unavailable, "DATABASE_UNAVAILABLE", "the connection to the database broke").Wrap(err)
	}
	return err
}

// committed does what follows a commit.
func (r *runner) committed(w *work) {
	if r.Relay != nil {
		r.Relay.Committed(w.rows...)
	}
	for _, f := range w.after {
		if err := guarded(f); err != nil {
			r.log.Error("panic after a commit", "panic", err.Error())
		}
	}
	failed := 0
	for _, p := range w.parks {
		if p.attempts > 0 {
			failed++
		}
	}
	for result, n := range map[string]int{resultApplied: len(w.done), resultDeferred: len(w.deferred), resultFailed: failed, resultBehind: len(w.parks) - failed} {
		if n > 0 {
			r.metrics.events.WithLabelValues(result).Add(float64(n))
		}
	}
	if all := r.all.Load(); all != nil {
		all.applied.Add(int64(len(w.done)))
	}
	r.wakes.add(w.ready)
	if len(w.ready) > 0 || len(w.parks) > 0 {
		r.parked.Kick()
	}
}

func guarded(f func()) (err error) {
	defer recovered(&err)
	f()
	return nil
}

func (r *runner) apply(ctx context.Context, tx pgx.Tx, events []Event) (effects Effects, err error) {
	defer recovered(&err)
	return r.Apply(ctx, tx, events)
}
