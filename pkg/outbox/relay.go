package outbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint/sabotage"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// defaultMaxDepth is where intake and decisions are held back: beyond it,
	// latency grows and nothing gets faster.
	defaultMaxDepth = 20_000
	// handedRows and handedBytes bound what waits in memory; more is found by the
	// sweep.
	handedRows  = 4096
	handedBytes = 64 << 20
	// batchRows and batchBytes bound one publication.
	batchRows  = 256
	batchBytes = 8 << 20
)

// Deps are what a relay works with.
type Deps struct {
	// Name labels logs and metrics; empty means the pool's schema.
	Name string
	// Pool reaches the schema with the outbox table. At most four connections are
	// used at once.
	Pool *pgxpool.Pool
	// Bus to publish on. Somebody must keep its streams (bus.Keep).
	Bus *bus.Bus
	// Streams this service publishes to, with everybody who must consume them.
	Streams []bus.Stream
	// Clock is not used for leases and pauses, which are PostgreSQL's and real time.
	Clock clock.Clock
	// Log takes trouble; nothing of messages is logged.
	Log *slog.Logger
	// Metrics takes gauges and counters; may be nil.
	Metrics *prometheus.Registry
}

// Options of a relay.
type Options struct {
	// MaxDepth is the number of rows above which Room waits; 0 means 20,000.
	MaxDepth int
}

const (
	// paceAge is how long an event may be on its way before producers are slowed
	// down, while consumers work.
	paceAge = 400 * time.Millisecond
	// paceProgress is how recent a delivery must be for consumers to count as working.
	paceProgress = time.Second
	// paceMax and paceStep bound one wait.
	paceMax  = 250 * time.Millisecond
	paceStep = 10 * time.Millisecond
)

// Relay publishes the rows of one outbox table. Make one per process and table.
type Relay struct {
	store    store
	bus      *bus.Bus
	log      *slog.Logger
	metrics  metrics
	maxDepth int64
	nonce    string // tells publications of this process from those of others
	started  atomic.Bool

	depth    atomic.Int64
	room     chan struct{} // a hint that depth fell
	progress atomic.Int64  // when rows were last delivered, Unix nanoseconds

	mu     sync.Mutex
	handed []Row // committed, to be published
	bytes  int
	wake   chan struct{} // something was handed over
	lanes  map[string]*lane
}

// NewRelay makes a relay; Run starts it.
func NewRelay(d Deps, o Options) *Relay {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Name == "" {
		schema, _, _ := strings.Cut(d.Pool.Config().ConnConfig.RuntimeParams["search_path"], ",")
		d.Name = strings.Trim(schema, `"`)
	}
	if o.MaxDepth <= 0 {
		o.MaxDepth = defaultMaxDepth
	}
	var nonce [6]byte
	_, _ = rand.Read(nonce[:]) // crypto/rand never fails on supported systems
	r := &Relay{
		store: store{d.Pool}, bus: d.Bus, log: d.Log.With("relay", d.Name), metrics: newMetrics(d.Metrics, d.Name),
		maxDepth: int64(o.MaxDepth), nonce: hex.EncodeToString(nonce[:]),
		room: make(chan struct{}, 1), wake: make(chan struct{}, 1), lanes: map[string]*lane{},
	}
	for _, s := range d.Streams {
		r.lanes[s.Name] = newLane(s)
	}
	return r
}

// Committed hands rows over after their commit, so that they are published at
// once. It never blocks; rows for which there is no room are found in the table.
func (r *Relay) Committed(rows ...Row) {
	if len(rows) == 0 {
		return
	}
	r.addDepth(int64(len(rows)))
	if sabotage.OutboxLastID {
		return
	}
	r.mu.Lock()
	for _, row := range rows {
		if len(r.handed) >= handedRows || r.bytes >= handedBytes {
			r.metrics.overflow.Inc()
			continue
		}
		r.handed = append(r.handed, row)
		r.bytes += len(row.Payload)
	}
	r.mu.Unlock()
	signal(r.wake)
}

// Depth is about how many rows the table holds: exact once a second, estimated
// in between, and counted no further than somewhat above MaxDepth.
func (r *Relay) Depth() int64 { return max(r.depth.Load(), 0) }

// Room returns when the table is not too deep to take more; this is what holds
// intake and decisions back while consumers or the broker do not follow. It
// fails with Unavailable when ctx ends before.
func (r *Relay) Room(ctx context.Context) error {
	for r.Depth() > r.maxDepth {
		r.metrics.held.Inc()
		if !wait(ctx, 100*time.Millisecond, r.room) {
			return fault.New(fault.Unavailable, "OUTBOX_FULL", "too many messages wait to be sent").WithRetry(time.Second).Wrap(ctx.Err())
		}
	}
	return r.pace(ctx)
}

// pace slows producers down to the consumers' rate: a longer queue makes nothing
// faster and everybody's events later. It holds back only while consumers make
// progress, and never for long; while they are away, up to MaxDepth is taken.
func (r *Relay) pace(ctx context.Context) error {
	// Real time, whatever the business clock says.
	now := clock.System().Now
	deadline := now().Add(paceMax)
	for r.waiting(now()) > paceAge && now().Sub(time.Unix(0, r.progress.Load())) < paceProgress && now().Before(deadline) {
		if !wait(ctx, paceStep, r.room) {
			return fault.New(fault.Unavailable, "OUTBOX_BUSY", "consumers are busy").WithRetry(time.Second).Wrap(ctx.Err())
		}
	}
	return nil
}

// waiting is for how long the oldest row on its way has not been consumed.
func (r *Relay) waiting(now time.Time) time.Duration {
	var longest time.Duration
	for _, l := range r.lanes {
		longest = max(longest, l.waiting(now))
	}
	return longest
}

func (r *Relay) addDepth(n int64) {
	if n < 0 {
		r.progress.Store(clock.System().Now().UnixNano())
	}
	r.metrics.depth.Set(float64(max(r.depth.Add(n), 0)))
}

// Run publishes, deletes and sweeps until ctx ends, and returns when all of that
// has ended. Trouble is logged and retried.
func (r *Relay) Run(ctx context.Context) error {
	if !r.started.CompareAndSwap(false, true) {
		return fault.New(fault.Precondition, "RELAY_STARTED", "a relay runs once")
	}
	var tasks sync.WaitGroup
	for _, task := range r.tasks() {
		tasks.Go(func() { task(ctx) })
	}
	tasks.Wait()
	return ctx.Err()
}

func (r *Relay) tasks() []func(context.Context) {
	if sabotage.OutboxLastID {
		return []func(context.Context){r.watchFloors, r.countLoop, r.pollByLastID}
	}
	return []func(context.Context){r.watchFloors, r.publishLoop, r.republishLoop, r.sweepLoop, r.countLoop}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// wait pauses for d or until early tells; it reports whether ctx still runs.
func wait(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
