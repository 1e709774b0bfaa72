package audit

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

const (
	// recordWait bounds how long an answer waits for its entries.
	recordWait = time.Second
	// maxQueued bounds the calls waiting at a time; more are refused at once. It is
	// some seconds of reads of everybody together.
	maxQueued = 4096
	// maxGroup bounds the calls of one transaction.
	maxGroup = 512
)

// GroupRecorder is the Recorder of a process. Calls that wait at the same time
// share a transaction, so that thousands of reads a second cost some hundred
// commits. Equal refusals are counted, not written one by one (see floods).
//
// Before Run starts and after it ended, each call writes its own transaction:
// answers given during a graceful stop are on record too.
type GroupRecorder struct {
	pool   *pgxpool.Pool
	writer *Writer
	log    *slog.Logger
	clock  clock.Clock

	queue   chan *call
	running atomic.Bool
	// gate keeps Record from queueing a call that Run would no longer take.
	gate   sync.RWMutex
	floods floods
}

// call is one Record waiting for its transaction.
type call struct {
	record    record
	done      chan error // one answer, never blocks
	abandoned atomic.Bool
}

// NewRecorder makes the recorder of a service; the pool's role must be allowed to
// insert records. Run must run for calls to share transactions.
func NewRecorder(pool *pgxpool.Pool, w *Writer, log *slog.Logger) *GroupRecorder {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &GroupRecorder{
		pool: pool, writer: w, log: log, clock: clock.System(), queue: make(chan *call, maxQueued), floods: newFloods(),
	}
}

// Record makes the entries durable: Unavailable when they are not within a
// second. Of equal refusals in a row only the first ones are durable when it
// returns; the others are counted, and the count is durable at the latest
// floodWindow later.
func (r *GroupRecorder) Record(ctx context.Context, entries ...Entry) error {
	ctx, cancel := context.WithTimeout(ctx, recordWait)
	defer cancel()
	a := r.floods.admit(r.writer.header(ctx), entries, r.clock.Now())
	var err error
	if len(a.entries) > 0 {
		err = r.write(ctx, a.entries)
	}
	if len(a.opened) > 0 {
		r.floods.settle(a.opened, err != nil)
	}
	for _, window := range a.joined {
		if window.first == nil || err != nil {
			continue
		}
		select {
		case <-window.first:
			if window.lost {
				err = unavailable(nil)
			}
		case <-ctx.Done():
			err = unavailable(ctx.Err())
		}
	}
	return err
}

func (r *GroupRecorder) write(ctx context.Context, entries []Entry) error {
	rec, err := r.writer.record(ctx, entries)
	if err != nil {
		return err
	}
	c := &call{record: rec, done: make(chan error, 1)}
	queued, full := r.enqueue(c)
	switch {
	case full:
		return unavailable(nil).WithRetry(recordWait)
	case !queued:
		if err := insertRecords(ctx, r.pool, []record{rec}); err != nil {
			return unavailable(err)
		}
		return nil
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		c.abandoned.Store(true)
		return unavailable(ctx.Err())
	}
}

func (r *GroupRecorder) enqueue(c *call) (queued, full bool) {
	r.gate.RLock()
	defer r.gate.RUnlock()
	if !r.running.Load() {
		return false, false
	}
	select {
	case r.queue <- c:
		return true, false
	default:
		return false, true
	}
}

func unavailable(err error) *fault.Error {
	return fault.New(fault.Unavailable, "AUDIT_UNAVAILABLE", "the audit record could not be written in time").
		WithHelp("Nothing was shown. Try again.").Wrap(err)
}

// Run writes what Record brings until ctx ends; then it writes what is queued and
// the counts of refusals.
func (r *GroupRecorder) Run(ctx context.Context) error {
	r.running.Store(true)
	counts := time.NewTicker(floodTick)
	defer counts.Stop()
	for {
		select {
		case c := <-r.queue:
			r.flush(ctx, r.group(c))
		case <-counts.C:
			r.writeCounts(ctx, false)
		case <-ctx.Done():
			r.stop(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// stop ends queueing, then writes what is left.
func (r *GroupRecorder) stop(ctx context.Context) {
	r.gate.Lock()
	r.running.Store(false)
	r.gate.Unlock()
	for {
		select {
		case c := <-r.queue:
			r.flush(ctx, r.group(c))
			continue
		default:
		}
		break
	}
	r.writeCounts(ctx, true)
}

// group takes the calls that wait, first is one of them.
func (r *GroupRecorder) group(first *call) []*call {
	calls := make([]*call, 0, 16)
	if !first.abandoned.Load() {
		calls = append(calls, first)
	}
	for len(calls) < maxGroup {
		select {
		case c := <-r.queue:
			if !c.abandoned.Load() {
				calls = append(calls, c)
			}
		default:
			return calls
		}
	}
	return calls
}

func (r *GroupRecorder) flush(ctx context.Context, calls []*call) {
	if len(calls) == 0 {
		return
	}
	records := make([]record, len(calls))
	for i, c := range calls {
		records[i] = c.record
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
	defer cancel()
	err := insertRecords(ctx, r.pool, records)
	if err != nil {
		r.log.Error("audit records could not be written", "count", len(records), "error", postgres.Classify(err).Error())
		err = unavailable(err)
	}
	for _, c := range calls {
		c.done <- err
	}
}
