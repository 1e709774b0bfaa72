package commit

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/intake/internal/trail"
)

const (
	// laneRaces bounds the repeats of a batch that lost lanes or references to
	// other processes. Each loss means that somebody else got on.
	laneRaces = 20
	// troubles bounds the repeats after trouble of the database: enough to pass
	// over connections that a restart left behind in the pool.
	troubles = 4
	// pause is the mean first pause before a repeat.
	pause = 5 * time.Millisecond
)

// worker writes one batch at a time.
type worker struct {
	*Committer
	columns  store.Batch
	order    []*Lodgement
	written  []*lodging.Submission
	receipts []*receipt.Receipt
	entries  []audit.Entry
	days     map[store.Day]int // of authority and day alone: where its counts are
}

func newWorker(c *Committer) *worker { return &worker{Committer: c, days: make(map[store.Day]int)} }

// run takes what is queued, again and again, until the queue is closed and empty.
func (w *worker) run() {
	batch := make([]*Lodgement, 0, w.options.BatchMax)
	for first := range w.queue {
		batch = append(batch[:0], first)
	drain:
		for len(batch) < w.options.BatchMax {
			select {
			case l, open := <-w.queue:
				if !open {
					break drain
				}
				batch = append(batch, l)
			default:
				break drain
			}
		}
		w.metrics.batches.Observe(float64(len(batch)))
		// Callers may leave; what they lodged is written all the same.
		ctx, cancel := context.WithTimeout(context.Background(), w.options.Timeout)
		w.write(ctx, distinct(batch))
		cancel()
	}
}

// distinct drops those whose callers gave up and joins those that lodge the same
// reference to the first of them, so that an insert never conflicts with itself.
func distinct(batch []*Lodgement) []*Lodgement {
	first := make(map[store.Key]*Lodgement, len(batch))
	var kept []*Lodgement
	for _, l := range batch {
		select {
		case <-l.GivenUp:
			l.Answer(Result{Err: fault.New(fault.Canceled, "CALLER_LEFT", "the caller gave up before the submission was stored")})
			continue
		default:
		}
		if leader, ok := first[l.key()]; ok {
			leader.repeats = append(leader.repeats, l)
			continue
		}
		first[l.key()] = l
		kept = append(kept, l)
	}
	return kept
}

// write brings a batch to an answer for each.
func (w *worker) write(ctx context.Context, batch []*Lodgement) {
	races, trouble := 0, 0
	for len(batch) > 0 {
		rows, err := w.lodge(ctx, batch)
		switch {
		case err == nil:
			w.deps.Relay.Committed(rows...)
			crashpoint.Here("intake.before-reply")
			for _, l := range batch {
				w.taken(l)
			}
			return
		case store.CommitUnknown(err):
			w.lanes.clear()
			w.lookUp(batch, rows, err)
			return
		case store.Taken(err):
			races++
			w.metrics.races.Inc()
			if batch, err = w.separate(ctx, batch); err == nil && races < laneRaces {
				rest(ctx, races-2)
				continue
			}
			err = lost(err)
		case fault.Retryable(err):
			trouble++
			w.lanes.clear() // it may be another server now, or one put back in time
			if trouble < troubles && ctx.Err() == nil {
				rest(ctx, trouble)
				continue
			}
		case len(batch) > 1:
			// One of them is what the database will not take: the others must not
			// suffer for it.
			w.write(ctx, batch[:len(batch)/2])
			batch = batch[len(batch)/2:]
			continue
		}
		w.refuse(batch, err)
		return
	}
}

// lodge numbers, seals, packs and stores the batch. The rows are inserted in order
// of their CRNs, so that processes meet in the same order and do not deadlock. The
// leaves of the receipts are in order of arrival: their places must not tell about
// the CRNs of others.
func (w *worker) lodge(ctx context.Context, batch []*Lodgement) ([]outbox.Row, error) {
	if err := w.lanes.number(ctx, w.deps.Store, batch); err != nil {
		return nil, err
	}
	w.receipts, w.written = w.receipts[:0], w.written[:0]
	for _, l := range batch {
		w.receipts, w.written = append(w.receipts, &l.Submission.Receipt), append(w.written, l.Submission)
	}
	seals := w.deps.Key.SealEach(w.receipts)
	w.entries = trail.Lodged(w.entries[:0], w.written, seals)
	rows := w.deps.Pack(batch)
	w.order = append(w.order[:0], batch...)
	slices.SortStableFunc(w.order, func(a, b *Lodgement) int { return strings.Compare(a.Submission.CRN, b.Submission.CRN) })
	w.columns.Reset()
	for _, l := range w.order {
		w.columns.Add(l.Submission)
	}
	counts, err := w.deps.Store.Lodge(ctx, store.Lodging{
		Submissions: &w.columns, Seals: seals, Days: w.count(w.written), Outbox: rows, Entries: w.entries,
	})
	if err == nil {
		w.lanes.keep(batch)
		w.deps.Counted(counts)
	}
	return rows, err
}

// count adds up what a batch adds to each authority's day.
func (w *worker) count(taken []*lodging.Submission) []store.Day {
	clear(w.days)
	var days []store.Day
	for _, s := range taken {
		key := store.Day{AuthorityID: s.AuthorityID, Day: s.Day}
		i, ok := w.days[key]
		if !ok {
			i = len(days)
			w.days[key], days = i, append(days, key)
		}
		days[i].Submissions++
		if s.Type == term.FindMutualClient {
			days[i].Searches++
		}
	}
	return days
}

// lost is the trouble of a batch whose races were never won, or could not be
// looked into.
func lost(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "LANES_CONTESTED", "other servers lodge for the same customers faster")
}

// rest pauses a while that grows with n; not at all for n < 1.
func rest(ctx context.Context, n int) {
	if n < 1 {
		return
	}
	mean := pause << min(n-1, 5)
	timer := time.NewTimer(mean/2 + rand.N(mean))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
