package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var schema = postgres.Schema{Name: "shop", Role: "shop_role", Migrations: fstest.MapFS{
	"0001_outbox.sql": {Data: []byte("-- +goose Up\n" + outbox.Table)},
}}

var (
	orders = bus.Stream{Name: "ORDERS", Subjects: []string{"orders.>"}, Consumers: []bus.Consumer{{Name: "billing"}, {Name: "stock"}}}
	notes  = bus.Stream{Name: "NOTES", Subjects: []string{"notes.>"}}
)

// world is a server, a table, and consumers that remember what they saw.
type world struct {
	t      *testing.T
	dir    string
	server *bus.Embedded
	pool   *pgxpool.Pool
	stream bus.Stream
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), pool: postgrestest.Pool(t, schema), stream: orders}
	w.server = bustest.ServerIn(t, w.dir)
	return w
}

func (w *world) connect() *bus.Bus { return bustest.Connect(w.t, w.server) }

// background runs f until the test ends or stop is called.
func (w *world) background(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = f(ctx) })
	stop = func() { cancel(); done.Wait() }
	w.t.Cleanup(stop)
	return stop
}

func (w *world) keep() {
	b := w.connect()
	if err := b.Declare(w.t.Context(), w.stream, notes); err != nil {
		w.t.Fatal(err)
	}
	w.background(func(ctx context.Context) error { return b.Keep(ctx, w.stream, notes) })
}

func (w *world) relay(o outbox.Options) *outbox.Relay {
	b := w.connect()
	w.background(func(ctx context.Context) error { return b.Keep(ctx, w.stream, notes) })
	return outbox.NewRelay(outbox.Deps{Pool: w.pool, Bus: b, Streams: []bus.Stream{w.stream, notes}, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)}, o)
}

// seen is what a consumer was given.
type seen struct {
	mu  sync.Mutex
	ids map[string]int
}

func (s *seen) take(_ context.Context, batch []bus.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range batch {
		s.ids[d.ID]++
	}
	return nil
}

func (s *seen) missing(ids []clock.ID) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.ids[id.String()] == 0 {
			n++
		}
	}
	return n
}

func (w *world) consume(name string) (*seen, func()) {
	s, b := &seen{ids: map[string]int{}}, w.connect()
	stop := w.background(func(ctx context.Context) error {
		return b.Consume(ctx, bus.ConsumeOptions{Stream: "ORDERS", Consumer: name}, s.take)
	})
	return s, stop
}

// commit inserts n rows in one transaction.
func (w *world) commit(n int) []outbox.Row {
	w.t.Helper()
	var rows []outbox.Row
	for i := range n {
		rows = append(rows, outbox.Row{ID: clock.NewID(time.Now()), Stream: "ORDERS", Subject: "orders.0", Headers: map[string]string{"Number": fmt.Sprint(i)}, Payload: make([]byte, 200), Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
	}
	if err := postgres.InTx(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		outbox.Queue(batch, rows...)
		return tx.SendBatch(w.t.Context(), batch).Close()
	}); err != nil {
		w.t.Fatalf("commit: %v", err)
	}
	return rows
}

func (w *world) left() (n int) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), `SELECT count(*) FROM outbox`).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func ids(rows []outbox.Row) []clock.ID {
	var ids []clock.ID
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(120 * time.Second); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}

func TestRowsGoWhenEverybodyHasThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	r := w.relay(outbox.Options{})
	w.background(r.Run)
	billing, _ := w.consume("billing")
	rows := w.commit(300)
	r.Committed(rows...)
	eventually(t, "billing has all", func() bool { return billing.missing(ids(rows)) == 0 })
	time.Sleep(300 * time.Millisecond) // several readings of the floor
	if n := w.left(); n != 300 {
		t.Fatalf("%d rows left, want all 300 while stock has none", n)
	}
	stock, _ := w.consume("stock")
	eventually(t, "the table is empty", func() bool { return w.left() == 0 })
	if n := stock.missing(ids(rows)); n > 0 {
		t.Fatalf("stock misses %d", n)
	}
	eventually(t, "depth is zero", func() bool { return r.Depth() == 0 })
}

func TestStreamWithoutConsumers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	r := w.relay(outbox.Options{})
	w.background(r.Run)
	row := outbox.Row{ID: clock.NewID(time.Now()), Stream: "NOTES", Subject: "notes.1", Payload: []byte("x")}
	if err := postgres.InTx(t.Context(), w.pool, func(tx pgx.Tx) error { return outbox.Insert(t.Context(), tx, row) }); err != nil {
		t.Fatal(err)
	}
	r.Committed(row)
	eventually(t, "the row is gone", func() bool { return w.left() == 0 })
}

// Rows of a process that died before handing them over, at any stage.
func TestRowsNobodyHandedOver(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	billing, _ := w.consume("billing")
	stock, _ := w.consume("stock")
	before := w.commit(1200)
	r := w.relay(outbox.Options{})
	w.background(r.Run)
	eventually(t, "rows found at start are gone", func() bool { return w.left() == 0 })
	after := w.commit(700)
	if _, err := w.pool.Exec(t.Context(), `UPDATE outbox SET publish_after = now()`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "due rows are gone", func() bool { return w.left() == 0 })
	if n := billing.missing(ids(append(before, after...))) + stock.missing(ids(append(before, after...))); n > 0 {
		t.Fatalf("%d missing", n)
	}
}

// The rows are with the broker and not consumed: due rows are not sent again by
// the relay that sent them, only once by another.
func TestPublishedRowsAreNotSentAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	one, two := w.relay(outbox.Options{}), w.relay(outbox.Options{})
	w.background(one.Run)
	billing, _ := w.consume("billing")
	rows := w.commit(50)
	eventually(t, "the relay settled", func() bool {
		one.Committed(rows...)
		return billing.missing(ids(rows)) == 0
	})
	w.background(two.Run)
	for range 4 { // several leases run out
		if _, err := w.pool.Exec(t.Context(), `UPDATE outbox SET publish_after = now()`); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1200 * time.Millisecond)
	}
	billing.mu.Lock()
	for id, n := range billing.ids {
		if n > 2 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	billing.mu.Unlock()
	w.consume("stock")
	eventually(t, "the table is empty", func() bool { return w.left() == 0 })
}

func TestRoomWaits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	r := w.relay(outbox.Options{MaxDepth: 10})
	w.background(r.Run)
	rows := w.commit(30)
	r.Committed(rows...)
	eventually(t, "the depth is known", func() bool { return r.Depth() >= 20 })
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.Room(short); err == nil {
		t.Fatal("room in a full outbox")
	}
	w.consume("billing")
	w.consume("stock")
	if err := r.Room(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The table is shared: what another process commits or deletes counts as well.
func TestDepthIsThatOfTheTable(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	r := w.relay(outbox.Options{})
	w.background(r.Run)
	rows := w.commit(30) // by somebody else
	eventually(t, "others' rows count", func() bool { return r.Depth() == 30 })
	r.Committed(rows...) // too high for a moment
	if _, err := w.pool.Exec(t.Context(), `DELETE FROM outbox`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "rows that others deleted do not", func() bool { return r.Depth() == 0 })
}
