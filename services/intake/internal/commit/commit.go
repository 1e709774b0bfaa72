// Package commit takes submissions durably, many at a time.
//
// Duty: whatever callers have queued while the last transaction was being
// written goes into the next one: submissions, their lanes, one signature under
// the receipts of each authority, the events that announce them and the entries in
// the audit log. No timer is involved, so a
// lone caller waits for nobody and a crowd shares one flush of the log. (A pause of
// 0.5 to 2 ms under load, to gather more, was tried with 64 callers: the batches
// grew by up to half, the throughput did not.)
//
// Guarantees: a good answer is given only after COMMIT; each authority and
// reference has one submission, and everybody who lodges it again with the same
// content gets that one; whoever gets an Unavailable answer may lodge again and
// will get one result for good. The submissions of one CRN are numbered 1, 2, 3
// without gaps, whatever number of processes lodge.
//
// Not guaranteed: the order between submissions that no CRN joins.
package commit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// Lodgement is one submission on its way into the store.
type Lodgement struct {
	// Submission as it shall be taken, without its lane and its receipt's seal; not
	// to be touched by the caller until Answer.
	Submission *lodging.Submission
	// Traceparent of the call, for the event.
	Traceparent string
	// GivenUp is closed when the caller no longer wants an answer; may be nil.
	GivenUp <-chan struct{}
	// Answer is called exactly once and must not block.
	Answer func(Result)

	repeats []*Lodgement // others of the same batch with the same reference
}

func (l *Lodgement) key() store.Key {
	return store.Key{AuthorityID: l.Submission.AuthorityID, Reference: l.Submission.Reference}
}

// Result says what became of a lodgement.
type Result struct {
	// Submission that was taken, now or earlier; its receipt is what counts.
	Submission *lodging.Submission
	// Repeated is true when it was taken earlier.
	Repeated bool
	// Err is set when there is none: REFERENCE_REUSED, or Unavailable.
	Err error
}

// Deps are what a committer works with; all are needed.
type Deps struct {
	// Store keeps the submissions.
	Store *store.Store
	// Relay is handed the outbox rows after commit.
	Relay interface{ Committed(rows ...outbox.Row) }
	// Key seals the receipts of each transaction.
	Key *receipt.Key
	// Pack makes the outbox rows that announce a batch.
	Pack func(batch []*Lodgement) []outbox.Row
	// Counted is told what the counts of authorities' days are after a commit.
	Counted func([]store.Day)
	// Log takes trouble.
	Log *slog.Logger
	// Metrics takes the figures.
	Metrics *prometheus.Registry
}

// Options bound a committer.
type Options struct {
	// Committers is the number of transactions at a time.
	Committers int
	// BatchMax is the most submissions in one transaction.
	BatchMax int
	// QueueSize is the most submissions waiting for one.
	QueueSize int
	// LaneCache is the most CRNs whose last lane is remembered.
	LaneCache int
	// Timeout bounds one batch with its repeats.
	Timeout time.Duration
}

// Committer writes lodgements in groups.
type Committer struct {
	deps    Deps
	options Options
	lanes   *laneCache
	metrics *figures

	gate   sync.RWMutex // held by offers; closing waits for them
	closed bool
	queue  chan *Lodgement
}

// New makes a committer; it works while Run does.
func New(d Deps, o Options) *Committer {
	c := &Committer{deps: d, options: o, lanes: newLaneCache(o.LaneCache), queue: make(chan *Lodgement, o.QueueSize)}
	c.metrics = newFigures(d.Metrics, func() float64 { return float64(len(c.queue)) })
	return c
}

// Offer queues a lodgement, or refuses it when the queue is full (Exhausted) or
// the process is stopping (Unavailable). Both say when to try again.
func (c *Committer) Offer(l *Lodgement) error {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if c.closed {
		return stopping()
	}
	select {
	case c.queue <- l:
		return nil
	default:
		c.metrics.shed.Inc()
		return fault.New(fault.Exhausted, "QUEUE_FULL", "too many submissions are waiting to be stored").
			WithRetry(200 * time.Millisecond).WithHelp("Lodge again shortly; a stream is slowed down instead of refused.")
	}
}

// Enqueue queues a lodgement, waiting for room until ctx ends.
func (c *Committer) Enqueue(ctx context.Context, l *Lodgement) error {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if c.closed {
		return stopping()
	}
	select {
	case c.queue <- l:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func stopping() error {
	return fault.New(fault.Unavailable, "STOPPING", "this server is stopping").
		WithRetry(time.Second).WithHelp("Lodge again with the same reference; another server, or this one, will answer.")
}

// Run writes until ctx ends, answers everything queued by then, and returns.
func (c *Committer) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range c.options.Committers {
		workers.Go(func() { newWorker(c).run() })
	}
	<-ctx.Done()
	c.gate.Lock() // waits for offers under way; workers are still making room
	c.closed = true
	close(c.queue)
	c.gate.Unlock()
	workers.Wait()
	return nil
}
