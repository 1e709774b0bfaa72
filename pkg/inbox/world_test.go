package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// schema has a table of effects without a natural key: doing one twice shows.
var schema = postgres.Schema{Name: "shop", Role: "shop_role", Migrations: fstest.MapFS{
	"0001_tables.sql": {Data: []byte("-- +goose Up\n" + outbox.Table + Table + `
CREATE TABLE effect (serial bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, key text NOT NULL, lane int NOT NULL);
CREATE TABLE lane (key text PRIMARY KEY, last int NOT NULL);
CREATE TABLE late (name text UNIQUE DEFERRABLE INITIALLY DEFERRED);
`)},
}}

// thing is the test's event.
type thing struct {
	ID   string `json:"id"`
	Key  string `json:"key,omitempty"`
	Lane int    `json:"lane,omitempty"`
	Kind string `json:"kind,omitempty"`
}

func newThing(key string, lane int, kind string) thing {
	return thing{ID: clock.NewID(time.Now()).String(), Key: key, Lane: lane, Kind: kind}
}

func (t thing) id() clock.ID { id, _ := clock.ParseID(t.ID); return id }

func things(n int) []thing {
	var all []thing
	for range n {
		all = append(all, newThing("", 0, ""))
	}
	return all
}

func encode(all []thing) []byte { data, _ := json.Marshal(all); return data }

func (t thing) event() Event {
	data, _ := json.Marshal(t)
	e := Event{ID: t.id(), Key: t.Key, Data: data, Value: t}
	if t.Kind == "future" {
		e.Refused = errors.New("schema version 2")
	}
	return e
}

func decode(d bus.Delivery) ([]Event, error) {
	var all []thing
	if err := json.Unmarshal(d.Data, &all); err != nil {
		return nil, err
	}
	var events []Event
	for _, t := range all {
		events = append(events, t.event())
	}
	return events, nil
}

func decodeParked(data []byte) (Event, error) {
	var t thing
	err := json.Unmarshal(data, &t)
	return t.event(), err
}

// world is a consumer with its tables; messages are handed to it without a bus.
type world struct {
	t    *testing.T
	pool *pgxpool.Pool
	r    *runner

	mu    sync.Mutex
	tries map[string]int // how often Apply failed on a kind
}

func setup(t *testing.T, change ...func(*world, *Consumer)) *world {
	t.Helper()
	w := &world{t: t, pool: postgrestest.Pool(t, schema), tries: map[string]int{}}
	c := Consumer{
		Name: "billing", Stream: "ORDERS", Pool: w.pool, Telemetry: telemetry.Discard(), RetryBase: 5 * time.Millisecond,
		Decode: decode, DecodeParked: decodeParked, Apply: w.apply,
	}
	for _, f := range change {
		f(w, &c)
	}
	w.r = newRunner(c)
	return w
}

func (w *world) count(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries[kind]++
	return w.tries[kind]
}

// apply records effects and fails as events ask for.
func (w *world) apply(ctx context.Context, tx pgx.Tx, events []Event) (Effects, error) {
	var effects Effects
	for _, e := range events {
		t := e.Value.(thing)
		switch t.Kind {
		case "bad":
			if len(events) == 1 {
				w.count(t.ID)
			}
			return effects, errors.New("this one is bad")
		case "bad twice":
			if len(events) == 1 && w.count(t.ID) > 2 {
				break
			}
			return effects, errors.New("this one is bad for now")
		case "panic":
			panic("a name that must not be told")
		case "panic in rows":
			if _, err := tx.Query(ctx, `SELECT generate_series(1, 100000)`); err != nil {
				return effects, err
			}
			panic("with rows open")
		case "database":
			if _, err := tx.Exec(ctx, `SELECT 1/0`); err != nil {
				return effects, fmt.Errorf("apply: %w", err)
			}
		case "late":
			if _, err := tx.Exec(ctx, `INSERT INTO late VALUES ('same')`); err != nil {
				return effects, err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO effect (event_id, key, lane) VALUES ($1, $2, $3)`, e.ID, e.Key, t.Lane); err != nil {
			return effects, err
		}
	}
	return effects, nil
}

func (w *world) message(data []byte) bus.Delivery {
	return bus.Delivery{Message: bus.Message{ID: clock.NewID(time.Now()).String(), Subject: "orders.0", Data: data}, Stream: "ORDERS", Delivered: 1}
}

func (w *world) handle(deliveries ...bus.Delivery) {
	w.t.Helper()
	if err := w.r.handle(w.t.Context(), deliveries); err != nil {
		w.t.Fatalf("handle: %v", err)
	}
}

func (w *world) give(batches ...[]thing) {
	w.t.Helper()
	for _, b := range batches {
		w.handle(w.message(encode(b)))
	}
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.r.sweepParked(w.t.Context(), time.Time{}); err != nil {
		w.t.Fatalf("sweep: %v", err)
	}
}

// effects returns how often each event took effect, and the lanes of a key in
// the order they did.
func (w *world) effects() map[clock.ID]int {
	w.t.Helper()
	rows, _ := w.pool.Query(w.t.Context(), `SELECT event_id, count(*)::int FROM effect GROUP BY event_id`)
	found := map[clock.ID]int{}
	var id clock.ID
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error { found[id] = n; return nil }); err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) lanes(key string) []int {
	w.t.Helper()
	rows, _ := w.pool.Query(w.t.Context(), `SELECT lane FROM effect WHERE key = $1 ORDER BY serial`, key)
	lanes, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		w.t.Fatal(err)
	}
	return lanes
}

// once fails unless exactly these took effect, once each.
func (w *world) once(all ...thing) {
	w.t.Helper()
	found := w.effects()
	for _, t := range all {
		if found[t.id()] != 1 {
			w.t.Errorf("event %s (%s) took effect %d times", t.ID, t.Kind, found[t.id()])
		}
		delete(found, t.id())
	}
	if len(found) > 0 {
		w.t.Errorf("%d events took effect that should not have", len(found))
	}
}

func (w *world) parked() map[string]int64 {
	w.t.Helper()
	counts, err := w.r.store.counts(w.t.Context(), w.pool)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts
}

func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("gave up waiting until %s; parked %v", what, w.parked())
		}
	}
}

// settled sweeps until nothing is left to be tried.
func (w *world) settled() {
	w.t.Helper()
	w.eventually("nothing is left to be tried", func() bool {
		w.sweep()
		counts := w.parked()
		return counts[stateRetry]+counts[stateWaiting] == 0
	})
}
