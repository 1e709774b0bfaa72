package commit_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/events"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// relay counts what is handed over.
type relay struct {
	mu   sync.Mutex
	rows int
}

func (r *relay) Committed(rows ...outbox.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows += len(rows)
}

func (r *relay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rows
}

func options() commit.Options {
	return commit.Options{Committers: 1, BatchMax: 512, QueueSize: 4096, LaneCache: 10_000, Timeout: 10 * time.Second}
}

// newKey is another one for each process: receipts must outlive it.
func newKey() *receipt.Key {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // the source of randomness never fails
	}
	return receipt.NewKey(private)
}

// deps are a committer's, on the pool.
func deps(t testing.TB, pool *pgxpool.Pool, handed *relay) commit.Deps {
	t.Helper()
	w, err := audit.NewWriter("intake", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	tel := telemetry.Discard()
	return commit.Deps{
		Store: store.New(pool, pool, w), Relay: handed, Key: newKey(), Pack: events.Pack, Counted: func([]store.Day) {},
		Log: tel.Log, Metrics: tel.Metrics,
	}
}

// start runs a committer on the pool until the test ends.
func start(t testing.TB, pool *pgxpool.Pool, o commit.Options) (*commit.Committer, *relay) {
	t.Helper()
	handed := new(relay)
	c := commit.New(deps(t, pool, handed), o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return c, handed
}

var lodgedAt = time.Date(2026, 11, 23, 1, 2, 3, 456_000, time.UTC)

// submission makes one of authority qld-cp.
func submission(reference, crn, content string) *lodging.Submission {
	payload := []byte("payload of " + content)
	s := &lodging.Submission{
		Receipt: receipt.Receipt{
			SubmissionID: clock.NewID(lodgedAt), AuthorityID: "qld-cp", Reference: reference, ContentHash: sha256.Sum256(payload),
			LodgedAt: lodgedAt, EarliestReportDate: calendar.DateOf(2026, 11, 24),
		},
		Type: term.NoticeToCommence, Function: term.ChildProtection, Jurisdiction: term.QLD, CRN: crn, Day: calendar.DateOf(2026, 11, 23), Payload: payload,
	}
	return s
}

// lodge queues a submission and waits for its result.
func lodge(t testing.TB, c *commit.Committer, s *lodging.Submission) commit.Result {
	t.Helper()
	answer := make(chan commit.Result, 1)
	if err := c.Enqueue(t.Context(), &commit.Lodgement{Submission: s, Answer: func(r commit.Result) { answer <- r }}); err != nil {
		return commit.Result{Err: err}
	}
	return <-answer
}

func scalar[T any](t testing.TB, pool *pgxpool.Pool, sql string, arguments ...any) T {
	t.Helper()
	var v T
	if err := pool.QueryRow(t.Context(), sql, arguments...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// announced are the lodged events in the outbox, by submission.
func announced(t testing.TB, pool *pgxpool.Pool) map[clock.ID]*eventv1.SubmissionLodged {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT payload FROM outbox ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[clock.ID]*eventv1.SubmissionLodged)
	var payload []byte
	if _, err := pgx.ForEachRow(rows, []any{&payload}, func() error {
		var packet eventv1.Packet
		if err := proto.Unmarshal(payload, &packet); err != nil {
			return err
		}
		for _, e := range packet.GetEvents() {
			id := clock.ID(e.GetId())
			if found[id] != nil {
				t.Errorf("submission %v is announced twice", id)
			}
			found[id] = e.GetSubmissionLodged()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// checkLanes asserts that every CRN's lanes are 1, 2, 3 … and that the events
// carry them.
func checkLanes(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	if n := scalar[int64](t, pool, `SELECT count(*) FROM (
  SELECT crn FROM submission WHERE crn IS NOT NULL GROUP BY crn
  HAVING min(lane) <> 1 OR max(lane) <> count(*) OR count(DISTINCT lane) <> count(*)) g`); n != 0 {
		t.Errorf("%d customers have gaps in their lanes", n)
	}
	told := announced(t, pool)
	if n := scalar[int](t, pool, "SELECT count(*) FROM submission"); n != len(told) {
		t.Errorf("%d submissions, %d announced", n, len(told))
	}
	rows, err := pool.Query(t.Context(), "SELECT id, coalesce(lane, 0) FROM submission")
	if err != nil {
		t.Fatal(err)
	}
	var id [16]byte
	var lane int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &lane}, func() error {
		if e := told[clock.ID(id)]; e.GetLane() != lane {
			t.Errorf("submission %v has lane %d, announced with %d", clock.ID(id), lane, e.GetLane())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
