package inbox

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// put parks an event by hand and returns its id.
func (w *world) put(consumer, state, cause string, attempts int, age time.Duration) clock.ID {
	w.t.Helper()
	id := clock.NewID(time.Now())
	_, err := w.pool.Exec(w.t.Context(), `INSERT INTO parked (consumer, event_id, data, attempts, next_at, state, cause, created_at)
		VALUES ($1, $2, '{}', $3, now() + interval '1 hour', $4, $5, now() - $6 * interval '1 second')`, consumer, id, attempts, state, cause, age.Seconds())
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestLook(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	failed := w.put("billing", Quarantined, "failed: a", 5, 3*time.Hour)
	behind := w.put("billing", Retrying, causeBehind, 0, 2*time.Hour)
	tried := w.put("billing", Retrying, "failed: a", 2, 2*time.Hour-time.Minute)
	waiting := w.put("other", Waiting, causeNotItsTurn, 0, time.Hour)
	young := w.put("other", Waiting, causeNotItsTurn, 0, time.Minute)

	ids := func(l Listing) (ids []clock.ID) {
		t.Helper()
		l.Limit = 2
		for {
			page, err := List(ctx, w.pool, l)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page {
				ids = append(ids, p.ID)
				l.After = Place{p.ParkedAt, p.Consumer, p.ID}
			}
			if len(page) < l.Limit {
				return ids
			}
		}
	}
	if got := ids(Listing{}); !slices.Equal(got, []clock.ID{failed, behind, tried, waiting, young}) {
		t.Errorf("all: %v", got)
	}
	if got := ids(Listing{Consumer: "billing", State: Retrying}); !slices.Equal(got, []clock.ID{behind, tried}) {
		t.Errorf("retrying of one consumer: %v", got)
	}
	causes, err := Causes(ctx, w.pool, "", "", 2)
	if err != nil || len(causes) != 2 || causes[0].Cause != causeNotItsTurn || causes[0].Events != 2 || causes[1].State != Quarantined {
		t.Errorf("causes: %v %v", causes, err)
	}
	counts, err := Counts(ctx, w.pool)
	if err != nil || len(counts) != 3 {
		t.Errorf("counts: %v %v", counts, err)
	}
	for what, look := range map[string]struct {
		stand Stand
		want  []clock.ID
	}{
		"waiting":    {must(LongWaiting(ctx, w.pool, 30*time.Minute, 20))(t), []clock.ID{behind, waiting}},
		"quarantine": {must(InQuarantine(ctx, w.pool, 20))(t), []clock.ID{failed}},
		"undone":     {must(Undone(ctx, w.pool, "billing", 10*time.Minute, 20))(t), []clock.ID{failed, behind, tried}},
		"none":       {must(Undone(ctx, w.pool, "nobody", 0, 20))(t), []clock.ID{}},
	} {
		if look.stand.Events != int64(len(look.want)) || !slices.Equal(look.stand.Examples, look.want) || (look.stand.Oldest == nil) != (len(look.want) == 0) {
			t.Errorf("%s: %v, want %v", what, look.stand, look.want)
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// By cause means by exactly that cause, of that consumer, in quarantine.
func TestRequeueCause(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b := w.put("billing", Quarantined, "failed: a", 5, 0), w.put("billing", Quarantined, "failed: a", 5, 0)
	other := w.put("billing", Quarantined, "failed: a; and more", 5, 0)
	w.put("another", Quarantined, "failed: a", 5, 0)
	w.put("billing", Retrying, "failed: a", 1, 0)
	requeue := func() (ids []clock.ID) {
		t.Helper()
		err := postgres.InTx(t.Context(), w.pool, func(tx pgx.Tx) (err error) {
			ids, err = RequeueCause(t.Context(), tx, "billing", "failed: a")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	got := requeue()
	if len(got) != 2 || !slices.Contains(got, a) || !slices.Contains(got, b) {
		t.Errorf("requeued %v, want %v %v", got, a, b)
	}
	if again := requeue(); len(again) != 0 {
		t.Errorf("requeued again: %v", again)
	}
	left, err := StillParked(t.Context(), w.pool, "billing", []clock.ID{a, b, other})
	if err != nil || len(left) != 3 || !left[0].Untried || !left[1].Untried || left[2].Untried || left[0].Attempts != 0 {
		t.Errorf("%v %v", left, err)
	}
	for _, of := range []struct {
		id   clock.ID
		want bool
	}{{other, true}, {other, false}, {clock.NewID(time.Now()), false}} {
		err := postgres.InTx(t.Context(), w.pool, func(tx pgx.Tx) error {
			is, err := RequeueOne(t.Context(), tx, "billing", of.id)
			if is != of.want {
				t.Errorf("one: %v, want %v", is, of.want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A consumer at work is known by its place: it counts, and a kick reaches it.
func TestKickAndApplied(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := bustest.New(t)
	if err := b.Declare(t.Context(), bus.Stream{Name: "ORDERS", Subjects: []string{"orders.>"}, Consumers: []bus.Consumer{{Name: "billing"}}}); err != nil {
		t.Fatal(err)
	}
	if _, runs := Applied(w.pool, "billing"); runs {
		t.Error("it runs before it was started")
	}
	Kick(w.pool, "billing") // reaches nobody
	c := w.r.Consumer
	c.Bus = b
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	until := func(what string, so func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never: %s", what)
			}
		}
	}
	until("it runs", func() bool { _, runs := Applied(w.pool, "billing"); return runs })
	if _, err := b.Publish(t.Context(), []bus.Message{{ID: clock.NewID(time.Now()).String(), Stream: "ORDERS", Subject: "orders.1", Data: encode(things(3))}}); err != nil {
		t.Fatal(err)
	}
	until("they are applied", func() bool { n, _ := Applied(w.pool, "billing"); return n == 3 })
	// Each kick has what was parked just before tried: far sooner, ten times, than
	// ten looks a second apart.
	began := time.Now()
	for n := range 10 {
		e := newThing("", 0, "").event()
		if _, err := w.pool.Exec(t.Context(), `INSERT INTO parked (consumer, event_id, data, next_at, state) VALUES ('billing', $1, $2, now(), 'retry')`, e.ID, e.Data); err != nil {
			t.Fatal(err)
		}
		Kick(w.pool, "billing")
		until("it is applied", func() bool { got, _ := Applied(w.pool, "billing"); return got == int64(4+n) })
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ten kicks took %v", took)
	}
	cancel()
	<-done
	if _, runs := Applied(w.pool, "billing"); runs {
		t.Error("it runs after its end")
	}
}
