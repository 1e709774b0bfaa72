package inbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/fault"
)

// applyLanes applies lane n+1 of a key only after lane n, as a decider does.
func (w *world) applyLanes(ctx context.Context, tx pgx.Tx, events []Event) (Effects, error) {
	var effects Effects
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value.(thing).Lane, b.Value.(thing).Lane))
	})
	last := map[string]int{}
	for _, e := range events {
		t := e.Value.(thing)
		if _, known := last[e.Key]; !known {
			var n int
			err := tx.QueryRow(ctx, `INSERT INTO lane AS l (key, last) VALUES ($1, 0) ON CONFLICT (key) DO UPDATE SET last = l.last RETURNING last`, e.Key).Scan(&n)
			if err != nil {
				return effects, err
			}
			last[e.Key] = n
		}
		switch {
		case t.Lane <= last[e.Key]: // the same fact in another message
		case t.Lane == last[e.Key]+1:
			if err := w.trip(t, len(events)); err != nil {
				return effects, err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO effect (event_id, key, lane) VALUES ($1, $2, $3)`, e.ID, e.Key, t.Lane); err != nil {
				return effects, err
			}
			if _, err := tx.Exec(ctx, `UPDATE lane SET last = $2 WHERE key = $1`, e.Key, t.Lane); err != nil {
				return effects, err
			}
			last[e.Key]++
			if !slices.Contains(effects.Ready, e.Key) {
				effects.Ready = append(effects.Ready, e.Key)
			}
		default:
			effects.Defer = append(effects.Defer, e)
		}
	}
	return effects, nil
}

// trip fails as the event asks for.
func (w *world) trip(t thing, together int) error {
	switch t.Kind {
	case "bad twice":
		if together > 1 || w.count(t.ID) <= 2 {
			return fmt.Errorf("bad for now")
		}
	case "flaky":
		if w.count(t.ID) == 1 {
			return fault.New(fault.Unavailable, "REGISTRY_DOWN", "down")
		}
	}
	return nil
}

// Whatever the order of arrival, the cut into batches, repetitions and failures
// on the way, each key's lanes take effect once and in order.
func TestLanesInOrder(t *testing.T) {
	t.Parallel()
	w := setup(t, func(w *world, c *Consumer) { c.Apply, c.MaxAttempts, c.RetryBase = w.applyLanes, 50, time.Millisecond })
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		var all []thing
		want := map[string]int{}
		for k := range rapid.IntRange(1, 3).Draw(rt, "keys") {
			key := fmt.Sprintf("%d-%d", round, k)
			want[key] = rapid.IntRange(1, 8).Draw(rt, "lanes")
			for lane := 1; lane <= want[key]; lane++ {
				kind := rapid.SampledFrom([]string{"", "", "", "", "", "", "", "", "bad twice", "bad twice", "flaky"}).Draw(rt, "kind")
				all = append(all, newThing(key, lane, kind))
			}
		}
		all = rapid.Permutation(all).Draw(rt, "order")
		var given []bus.Delivery
		for len(all) > 0 {
			n := rapid.IntRange(1, len(all)).Draw(rt, "batch")
			given = append(given, w.message(encode(all[:n])))
			if all = all[n:]; rapid.IntRange(0, 3).Draw(rt, "again") == 0 {
				given = append(given, rapid.SampledFrom(given).Draw(rt, "which"))
			}
			if rapid.Bool().Draw(rt, "deliver") {
				w.handle(given...)
				given = nil
			}
			if rapid.Bool().Draw(rt, "sweep") {
				w.sweep()
			}
			if len(given) == 0 {
				given = nil
			}
		}
		w.handle(given...)
		w.settled()
		for key, n := range want {
			var lanes []int
			for lane := 1; lane <= n; lane++ {
				lanes = append(lanes, lane)
			}
			if got := w.lanes(key); !slices.Equal(got, lanes) {
				rt.Fatalf("lanes of %s took effect as %v", key, got)
			}
		}
	})
}

// A thousand lanes backwards: more wait than are tried at once.
func TestLanesBackwards(t *testing.T) {
	t.Parallel()
	w := setup(t, func(w *world, c *Consumer) { c.Apply, c.MaxEvents = w.applyLanes, 100 })
	for lane := 400; lane > 0; lane -= 50 {
		var batch []thing
		for n := range 50 {
			batch = append(batch, newThing("k", lane-n, ""))
		}
		w.give(batch)
	}
	w.settled()
	lanes := w.lanes("k")
	if len(lanes) != 400 || !slices.IsSorted(lanes) {
		t.Fatalf("%d lanes, %v", len(lanes), lanes)
	}
}

// The predecessor of a waiting event arrives with the same key and is not held
// up by it.
func TestPredecessorIsNotParked(t *testing.T) {
	t.Parallel()
	w := setup(t, func(w *world, c *Consumer) { c.Apply = w.applyLanes })
	w.give([]thing{newThing("k", 3, "")}, []thing{newThing("k", 2, "")})
	if n := w.parked()[stateWaiting]; n != 2 {
		t.Fatalf("%d waiting", n)
	}
	w.give([]thing{newThing("k", 1, "")})
	if got := w.lanes("k"); !slices.Equal(got, []int{1}) {
		t.Fatalf("lanes: %v", got)
	}
	w.sweep() // they were called: no pause
	if got := w.lanes("k"); !slices.Equal(got, []int{1, 2, 3}) {
		t.Fatalf("lanes: %v", got)
	}
}

// Nobody calls the waiting event (its predecessor came by another way): it is
// looked at all the same, and no attempt is counted.
func TestWaitingIsLookedAt(t *testing.T) {
	t.Parallel()
	w := setup(t, func(w *world, c *Consumer) { c.Apply = w.applyLanes })
	late := newThing("k", 2, "")
	w.give([]thing{late})
	w.sweep()
	var attempts int
	if err := w.pool.QueryRow(t.Context(), `UPDATE lane SET last = 1 WHERE key = 'k' RETURNING (SELECT attempts FROM parked)`).Scan(&attempts); err != nil || attempts != 0 {
		t.Fatalf("attempts %d, %v", attempts, err)
	}
	w.settled()
	w.once(late)
}

// A sweep of another replica has the waiting event locked, perhaps to wait for
// the very one that decides its predecessor: deciding must not wait for it.
func TestCallingDoesNotWaitForASweep(t *testing.T) {
	t.Parallel()
	w := setup(t, func(w *world, c *Consumer) { c.Apply = w.applyLanes })
	second := newThing("k", 2, "")
	w.give([]thing{second})
	sweep, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sweep.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := sweep.Exec(t.Context(), `SELECT FROM parked FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	// The predecessor, with the waiting one once more in another message.
	w.give([]thing{second, newThing("j", 7, "")}, []thing{newThing("k", 1, "")})
	if got := w.lanes("k"); !slices.Equal(got, []int{1}) {
		t.Fatalf("lanes: %v", got)
	}
	if err := sweep.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sweep()
	if got := w.lanes("k"); !slices.Equal(got, []int{1, 2}) {
		t.Fatalf("lanes: %v", got)
	}
}
