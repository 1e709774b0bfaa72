package inbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
)

func TestRedeliveryIsHarmless(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := things(50), things(50)
	a, b := w.message(encode(first)), w.message(encode(second))
	w.handle(a)
	w.handle(b, a, b)
	w.handle(a)
	w.once(append(first, second...)...)
}

// One of 500 is bad: the others take effect at once, it is tried five times and
// then given up, with the cause.
func TestPoisonIsIsolated(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"bad", "panic", "panic in rows", "database"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var given []string
			w := setup(t, func(_ *world, c *Consumer) {
				c.Exhausted = func(ctx context.Context, tx pgx.Tx, e Event, cause error) (Effects, error) {
					given = append(given, e.ID.String()+" "+cause.Error())
					row := outbox.Row{ID: clock.DerivedID(e.ID, "given up"), Stream: "GONE", Subject: "gone", Payload: []byte("x")}
					return Effects{Outbox: []outbox.Row{row}}, nil
				}
			})
			all := things(500)
			all[321].Kind = kind
			w.give(all)
			good := slices.Delete(slices.Clone(all), 321, 322)
			w.once(good...)
			if w.parked()[stateRetry] != 1 {
				t.Fatalf("parked: %v", w.parked())
			}
			w.settled()
			if len(given) != 1 || !strings.HasPrefix(given[0], all[321].ID+" failed: ") || strings.Contains(given[0], "must not be told") {
				t.Fatalf("given up: %q", given)
			}
			if kind == "bad" && w.tries[all[321].ID] != defaultMaxAttempts {
				t.Fatalf("tried %d times by itself", w.tries[all[321].ID])
			}
			var rows int
			if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM outbox`).Scan(&rows); err != nil || rows != 1 {
				t.Fatalf("%d rows of giving up, %v", rows, err)
			}
			w.once(good...)
		})
	}
}

// A deferred constraint is only checked at COMMIT; still the event is found.
func TestDeferredConstraint(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := things(40)
	all[3].Kind, all[30].Kind = "late", "late"
	w.give(all)
	good := slices.Delete(slices.Clone(all), 30, 31)
	w.once(good...)
	w.settled()
	if w.parked()[stateQuarantined] != 1 {
		t.Fatalf("parked: %v", w.parked())
	}
}

func TestQuarantineAndRequeue(t *testing.T) {
	t.Parallel()
	w := setup(t, func(_ *world, c *Consumer) { c.MaxAttempts = 2 })
	bad := newThing("k", 1, "bad twice")
	w.give([]thing{bad})
	w.settled()
	if w.parked()[stateQuarantined] != 1 {
		t.Fatalf("parked: %v", w.parked())
	}
	// What is in quarantine holds nobody up.
	after := newThing("k", 2, "")
	w.give([]thing{after})
	w.once(after)
	var n int64
	if err := postgres.InTx(t.Context(), w.pool, func(tx pgx.Tx) (err error) {
		n, err = Requeue(t.Context(), tx, "billing", "failed: this one")
		return err
	}); err != nil || n != 1 {
		t.Fatalf("requeued %d, %v", n, err)
	}
	w.settled()
	w.once(bad, after)
}

func TestUndecodableMessage(t *testing.T) {
	t.Parallel()
	broken := true
	w := setup(t, func(_ *world, c *Consumer) {
		c.Decode = func(d bus.Delivery) ([]Event, error) {
			if broken && d.Headers["New"] != "" {
				return nil, errors.New("unknown form")
			}
			return decode(d)
		}
	})
	good, odd := things(3), things(2)
	garbage, future := w.message([]byte("\x00\xff not json")), w.message(encode(odd))
	future.Headers = map[string]string{"New": "yes"}
	panics := w.message(nil)
	w.handle(garbage, future, panics, w.message(encode(good)))
	w.once(good...)
	if w.parked()[stateQuarantined] != 3 {
		t.Fatalf("parked: %v", w.parked())
	}
	// The next version of the program understands one of them.
	broken = false
	if err := postgres.InTx(t.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := Requeue(t.Context(), tx, "billing", causeUndecodable)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	w.settled()
	w.once(append(good, odd...)...)
	if w.parked()[stateQuarantined] != 2 {
		t.Fatalf("parked: %v", w.parked())
	}
}

func TestRefusedEvent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := things(5)
	all[2].Kind = "future"
	w.give(all)
	w.once(all[0], all[1], all[3], all[4])
	if w.parked()[stateQuarantined] != 1 {
		t.Fatalf("parked: %v", w.parked())
	}
	if err := w.r.requeueRefused(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.settled() // refused again by the same version
	if w.parked()[stateQuarantined] != 1 {
		t.Fatalf("parked: %v", w.parked())
	}
}

// Later events of a key wait behind one that fails, in the same batch and in
// later ones; other keys go on.
func TestOrderBehindAFailure(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all []thing
	for lane := 1; lane <= 6; lane++ {
		all = append(all, newThing("a", lane, ""), newThing("b", lane, ""))
	}
	all[2].Kind = "bad twice" // lane 2 of a
	w.give(all[:6], all[6:])
	if got := w.lanes("a"); !slices.Equal(got, []int{1}) {
		t.Fatalf("lanes of a: %v", got)
	}
	if got := w.lanes("b"); !slices.Equal(got, []int{1, 2, 3, 4, 5, 6}) {
		t.Fatalf("lanes of b: %v", got)
	}
	w.settled()
	if got := w.lanes("a"); !slices.Equal(got, []int{1, 2, 3, 4, 5, 6}) {
		t.Fatalf("lanes of a: %v", got)
	}
	w.once(all...)
}

// Trouble of the infrastructure is waited out and counts against no event, in
// batches and for parked events.
func TestInfrastructureIsNotCounted(t *testing.T) {
	t.Parallel()
	failures := 5
	w := setup(t, func(w *world, c *Consumer) {
		c.Apply = func(ctx context.Context, tx pgx.Tx, events []Event) (Effects, error) {
			if failures--; failures >= 0 {
				return Effects{}, fault.New(fault.Unavailable, "REGISTRY_DOWN", "down")
			}
			return w.apply(ctx, tx, events)
		}
	})
	all := things(10)
	all[4].Kind = "bad"
	w.give(all)
	failures = 3
	for range 3 {
		w.sweep()
	}
	var attempts int
	if err := w.pool.QueryRow(t.Context(), `SELECT attempts FROM parked`).Scan(&attempts); err != nil || attempts != 1 {
		t.Fatalf("attempts %d, %v", attempts, err)
	}
	w.settled()
	w.once(slices.Delete(slices.Clone(all), 4, 5)...)
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	calls, down := 0, true
	w := setup(t, func(w *world, c *Consumer) {
		c.Prepare = func(_ context.Context, events []Event) error {
			calls++
			if down {
				down = false
				events[0].Value = "spoiled before it failed"
				return fault.New(fault.Unavailable, "REGISTRY_DOWN", "down")
			}
			for i := range events {
				t := events[i].Value.(thing)
				if t.Kind == "unknown customer" {
					return errors.New("no such customer")
				}
				t.Kind = ""
				events[i].Value = t
			}
			return nil
		}
	})
	all := things(20)
	all[7].Kind = "unknown customer"
	for i := range all {
		if i != 7 {
			all[i].Kind = "bad" // until prepared
		}
	}
	m := w.message(encode(all))
	w.handle(m)
	w.once(slices.Delete(slices.Clone(all), 7, 8)...)
	if w.parked()[stateRetry] != 1 {
		t.Fatalf("parked: %v", w.parked())
	}
	before := calls
	w.handle(m)
	if calls != before {
		t.Fatal("known messages were prepared again")
	}
	w.settled()
	if w.parked()[stateQuarantined] != 1 {
		t.Fatalf("parked: %v", w.parked())
	}
}
