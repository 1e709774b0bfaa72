package operations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/operations"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry"
	"github.com/noticehub/noticehub/services/workitems"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is the operations of two services, of which the registry consumes the
// decided events: events of the test's own, a line each "<id> <key> <word>", and
// Apply fails on words as the test says.
type world struct {
	t        *testing.T
	pool     *pgxpool.Pool // the registry's
	other    *pgxpool.Pool // the work items'
	log      *pgxpool.Pool // the audit service's, beside the registry
	embedded *bus.Embedded
	bus      *bus.Bus
	client   operationsv1.OperationsServiceClient

	mu    sync.Mutex
	fails map[string]error // by word
}

func auditor(t *testing.T, service string) *audit.Writer {
	t.Helper()
	w, err := audit.NewWriter(service, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func setup(t *testing.T, detectors ...stuck.Detector) *world {
	t.Helper()
	url := postgrestest.URL(t, registry.Schema())
	w := &world{
		t: t, pool: postgrestest.Open(t, url, registry.Schema(), postgres.Everything), log: postgrestest.Open(t, url, audit.Schema(), ""),
		other: postgrestest.Pool(t, workitems.Schema()), embedded: bustest.Server(t), fails: map[string]error{},
	}
	w.bus = bustest.Connect(t, w.embedded)
	w.eventually("the streams are there", func() bool { return w.bus.Declare(t.Context(), packet.All()...) == nil })
	s := operations.New(operations.Deps{
		Parts: []operations.Part{
			{Service: "registry", Pool: w.pool, Bus: w.bus, Audit: auditor(t, "registry"), Detectors: detectors},
			{Service: "workitems", Pool: w.other, Bus: w.bus, Audit: auditor(t, "workitems")},
			{Service: "console", Pool: w.other, Audit: auditor(t, "console")},
		},
		Clock: clock.NewFake(time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)), Log: slog.New(slog.DiscardHandler),
	})
	server, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: operations.Methods(), Name: "operations"})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(server)
	w.background(s.Run)
	w.background(func(ctx context.Context) error { return server.Serve(ctx, rpc.Listeners{}) })
	conn, err := server.Dial(identity.With(context.Background(), identity.Caller{Kind: identity.Person, ID: "sue", Roles: []string{"supervisor"}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w.client = operationsv1.NewOperationsServiceClient(conn)
	return w
}

// background runs f until the test ends.
func (w *world) background(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("ended with %v", err)
		}
	})
}

func (w *world) eventually(what string, so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("never: %s", what)
		}
	}
}

// fail has Apply fail on events with the word; nil lets them pass.
func (w *world) fail(word string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails[word] = err
}

// consume runs the registry's consumer of decided events, which gives up at once.
func (w *world) consume() {
	c := &inbox.Consumer{
		Name: subject.RegistryOutcomes, Stream: subject.Decided, Pool: w.pool, Bus: w.bus, MaxAttempts: 1, RetryBase: time.Millisecond, Telemetry: telemetry.Discard(),
		Decode: func(d bus.Delivery) ([]inbox.Event, error) {
			var all []inbox.Event
			for line := range bytes.Lines(d.Data) {
				e, err := decode(line)
				if err != nil {
					return nil, err
				}
				all = append(all, e)
			}
			return all, w.failure("undecodable")
		},
		DecodeParked: decode,
		Apply: func(_ context.Context, _ pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
			for _, e := range events {
				if err := w.failure(e.Value.(string)); err != nil {
					return inbox.Effects{}, err
				}
			}
			return inbox.Effects{}, nil
		},
	}
	w.background(c.Run)
}

func (w *world) failure(word string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fails[word]
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func decode(line []byte) (inbox.Event, error) {
	var id, key, word string
	if _, err := fmt.Sscan(string(line), &id, &key, &word); err != nil {
		return inbox.Event{}, err
	}
	parsed, err := clock.ParseID(id)
	return inbox.Event{ID: parsed, Key: key, Data: append([]byte(nil), line...), Traceparent: parent, Value: word}, err
}

// send publishes one message with an event for each word, of a key each, and
// returns the events' ids.
func (w *world) send(words ...string) []string {
	w.t.Helper()
	var ids []string
	var data bytes.Buffer
	for _, word := range words {
		id := clock.NewID(time.Now()).String()
		ids = append(ids, id)
		fmt.Fprintf(&data, "%s key-%s %s\n", id, id, word)
	}
	acks, err := w.bus.Publish(w.t.Context(), []bus.Message{{ID: clock.NewID(time.Now()).String(), Stream: subject.Decided, Subject: subject.Of(subject.Decided, 0), Data: data.Bytes()}})
	if err != nil || acks[0].Err != nil {
		w.t.Fatal(err, acks)
	}
	return ids
}

// quarantined waits until so many events of the registry are in quarantine.
func (w *world) quarantined(n int) {
	w.t.Helper()
	w.eventually(fmt.Sprint(n, " are in quarantine"), func() bool {
		return one[int](w, w.pool, "SELECT count(*) FROM parked WHERE state = 'quarantined'") == n
	})
}

// park puts an event aside by hand.
func (w *world) park(pool *pgxpool.Pool, consumer, state, cause string, at time.Time) string {
	w.t.Helper()
	id := clock.NewID(at)
	w.exec(pool, `INSERT INTO parked (consumer, event_id, data, traceparent, attempts, next_at, state, cause, created_at) VALUES ($1, $2, '', $3, 3, $4, $5, $6, $4)`,
		consumer, id, parent, at, state, cause)
	return id.String()
}

func (w *world) exec(pool *pgxpool.Pool, sql string, args ...any) {
	w.t.Helper()
	if _, err := pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func one[T any](w *world, pool *pgxpool.Pool, sql string, args ...any) (v T) {
	w.t.Helper()
	if err := pool.QueryRow(w.t.Context(), sql, args...).Scan(&v); err != nil {
		w.t.Fatal(err)
	}
	return v
}

func anHourAgo() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Microsecond) }

func faultOf(err error) *fault.Error {
	var f *fault.Error
	if !errors.As(rpc.Fault(err), &f) {
		return &fault.Error{}
	}
	return f
}
