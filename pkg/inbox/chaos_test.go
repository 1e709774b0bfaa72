package inbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

var chaosStreams = []bus.Stream{
	{Name: "ORDERS", Subjects: []string{"orders.>"}, Consumers: []bus.Consumer{{Name: "billing"}, {Name: "stock"}}},
	{Name: "BILLED", Subjects: []string{"billed.>"}, Consumers: []bus.Consumer{{Name: "ledger"}}},
}

// town is a whole pipeline: orders are committed with outbox rows; billing and
// stock consume them, two replicas each; billing sends on to ledger.
type town struct {
	t      *testing.T
	dir    string
	server *bus.Embedded
	url    string
	pool   *pgxpool.Pool
}

// process is what one service process runs: a relay, consumers, its own
// connection. It can be ended in the middle of its work.
func (w *town) process() (relay *outbox.Relay, stop func()) {
	b := bustest.Connect(w.t, w.server)
	relay = outbox.NewRelay(outbox.Deps{Pool: w.pool, Bus: b, Streams: chaosStreams, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)}, outbox.Options{})
	ctx, cancel := context.WithCancel(w.t.Context())
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = b.Keep(ctx, chaosStreams...) })
	tasks.Go(func() { _ = relay.Run(ctx) })
	for name, stream := range map[string]string{"billing": "ORDERS", "stock": "ORDERS", "ledger": "BILLED"} {
		c := Consumer{
			Name: name, Stream: stream, Pool: w.pool, Bus: b, Relay: relay, Telemetry: telemetry.Discard(), MaxEvents: 50,
			Decode: decode, DecodeParked: decodeParked, Apply: record(name), RetryBase: 20 * time.Millisecond,
		}
		tasks.Go(func() { _ = c.Run(ctx) })
	}
	return relay, func() { cancel(); tasks.Wait() }
}

// record notes each event under the consumer's name; billing announces them.
func record(consumer string) func(context.Context, pgx.Tx, []Event) (Effects, error) {
	return func(ctx context.Context, tx pgx.Tx, events []Event) (Effects, error) {
		ids := make([]clock.ID, len(events))
		var all []thing
		for i, e := range events {
			ids[i] = e.ID
			all = append(all, e.Value.(thing))
		}
		_, err := tx.Exec(ctx, `INSERT INTO effect (event_id, key, lane) SELECT unnest($1::uuid[]), $2, 0`, ids, consumer)
		if err != nil || consumer != "billing" {
			return Effects{}, err
		}
		return Effects{Outbox: []outbox.Row{{ID: clock.NewID(time.Now()), Stream: "BILLED", Subject: "billed.0", Payload: encode(all)}}}, nil
	}
}

// lodge commits orders as intake does: the row of each message beside the orders
// themselves (kept here as effects of "intake").
func (w *town) lodge(relay *outbox.Relay) error {
	all := things(1 + rand.IntN(10))
	row := outbox.Row{ID: clock.NewID(time.Now()), Stream: "ORDERS", Subject: "orders.0", Payload: encode(all)}
	err := postgres.InTx(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		var ids []clock.ID
		for _, o := range all {
			ids = append(ids, o.id())
		}
		if _, err := tx.Exec(w.t.Context(), `INSERT INTO effect (event_id, key, lane) SELECT unnest($1::uuid[]), 'intake', 0`, ids); err != nil {
			return err
		}
		return outbox.Insert(w.t.Context(), tx, row)
	})
	if err == nil && rand.IntN(20) > 0 { // else it died before the hand-over
		relay.Committed(row)
	}
	return err
}

// disturb does one bad thing.
func (w *town) disturb(round int, js jetstream.JetStream, admin *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Second)
	defer cancel()
	switch round % 6 {
	case 0:
		return w.server.Restart(bustest.Wipe)
	case 1:
		copied := bustest.Snapshot(w.t, w.dir)
		time.Sleep(400 * time.Millisecond)
		return w.server.Restart(func(dir string) error { return bustest.PutBack(dir, copied) })
	case 2:
		_ = js.DeleteStream(ctx, "ORDERS") // may fail if just cut off
	case 3:
		_ = js.DeleteConsumer(ctx, "ORDERS", "stock")
		_ = js.DeleteConsumer(ctx, "BILLED", "ledger")
	case 4:
		for range 5 {
			_, err := admin.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5`)
			if err != nil {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
	case 5:
		return w.server.Restart(nil)
	}
	return nil
}

// Everything takes effect once at everybody, whatever happens to the broker, to
// connections and to processes meanwhile.
func TestChaos(t *testing.T) {
	t.Parallel()
	w := &town{t: t, dir: t.TempDir(), url: postgrestest.URL(t, schema)}
	w.server = bustest.ServerIn(t, w.dir)
	var err error
	if w.pool, err = postgres.Open(t.Context(), w.url, schema, postgres.Options{MaxConns: 16}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.pool.Close)
	admin, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	nc, err := nats.Connect("", nats.InProcessServer(w.server), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}

	var relays [2]atomic.Pointer[outbox.Relay]
	var stops [2]func()
	for i := range relays {
		relay, stop := w.process()
		relays[i].Store(relay)
		stops[i] = stop
	}
	var over atomic.Bool
	var load sync.WaitGroup
	for i := range 4 {
		load.Go(func() {
			for !over.Load() {
				_ = w.lodge(relays[i%2].Load()) // refused or unknown: the table tells
				time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			}
		})
	}
	for round := range 12 {
		time.Sleep(250 * time.Millisecond)
		if err := w.disturb(round, js, admin); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round%2 == 0 {
			i := round / 2 % 2
			stops[i]()
			relay, stop := w.process()
			relays[i].Store(relay)
			stops[i] = stop
		}
	}
	over.Store(true)
	load.Wait()
	w.verify()
	for _, stop := range stops {
		stop()
	}
}

func (w *town) verify() {
	w.t.Helper()
	number := func(sql string) (n int) {
		if err := w.pool.QueryRow(w.t.Context(), sql).Scan(&n); err != nil {
			w.t.Logf("%s: %v", sql, err) // connections that were cut
			return -1
		}
		return n
	}
	deadline := time.Now().Add(90 * time.Second)
	for number(`SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM parked)`) != 0 {
		if time.Now().After(deadline) {
			w.t.Fatalf("left over: outbox %d, parked %d", number(`SELECT count(*) FROM outbox`), number(`SELECT count(*) FROM parked`))
		}
		time.Sleep(50 * time.Millisecond)
	}
	orders := number(`SELECT count(*) FROM effect WHERE key = 'intake'`)
	for _, consumer := range []string{"billing", "stock", "ledger"} {
		done := number(`SELECT count(*) FROM effect WHERE key = '` + consumer + `'`)
		once := number(`SELECT count(DISTINCT event_id) FROM effect AS e WHERE key = '` + consumer + `' AND EXISTS (SELECT FROM effect AS o WHERE o.key = 'intake' AND o.event_id = e.event_id)`)
		if done != orders || once != orders {
			w.t.Errorf("%s: %d effects of %d orders, of %d in all", consumer, done, once, orders)
		}
	}
	w.t.Logf("%d orders", orders)
}
