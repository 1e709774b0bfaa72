package outbox

import (
	"context"
	"strconv"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// failurePause grows up to failurePauseMax while publications fail.
	failurePause    = 100 * time.Millisecond
	failurePauseMax = 2 * time.Second
)

// publishLoop publishes what is handed over, all of it that came meanwhile at
// once. A row that fails stays in the table, where the sweep finds it.
func (r *Relay) publishLoop(ctx context.Context) {
	pause := failurePause
	for ctx.Err() == nil {
		rows := r.next()
		if len(rows) == 0 {
			wait(ctx, time.Second, r.wake)
			continue
		}
		if r.publish(ctx, rows) {
			pause = failurePause
			continue
		}
		wait(ctx, pause, nil)
		pause = min(2*pause, failurePauseMax)
	}
}

// next takes a batch of what was handed over.
func (r *Relay) next() []Row {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, size := 0, 0
	for n < len(r.handed) && n < batchRows && (n == 0 || size+len(r.handed[n].Payload) <= batchBytes) {
		size += len(r.handed[n].Payload)
		n++
	}
	rows := r.handed[:n:n]
	r.handed = r.handed[n:]
	if len(r.handed) == 0 {
		r.handed = nil // let the bodies go
	}
	r.bytes -= size
	return rows
}

// publish sends rows of any streams, skipping those that are known already, and
// remembers their sequences. It reports whether all got through.
func (r *Relay) publish(ctx context.Context, rows []Row) bool {
	byStream := make(map[string][]Row, 1)
	for _, row := range rows {
		byStream[row.Stream] = append(byStream[row.Stream], row)
	}
	good := true
	for stream, rows := range byStream {
		l := r.lanes[stream]
		if l == nil {
			// Nobody said who consumes it, so it could never be deleted.
			r.log.Error("outbox rows of a stream this relay does not serve", "stream", stream, "rows", len(rows))
			r.metrics.failures.WithLabelValues("stream unknown").Add(float64(len(rows)))
			continue
		}
		good = r.publishTo(ctx, l, rows) && good
	}
	return good
}

func (r *Relay) publishTo(ctx context.Context, l *lane, rows []Row) bool {
	rows, epoch := l.begin(rows)
	if len(rows) == 0 {
		return true
	}
	// Another epoch or process is another attempt: the broker must store the
	// message again even if it remembers its id.
	attempt := "." + r.nonce + "." + strconv.FormatUint(epoch, 10)
	msgs := make([]bus.Message, len(rows))
	for i, row := range rows {
		msgs[i] = bus.Message{ID: row.ID.String(), Attempt: attempt, Stream: row.Stream, Subject: row.Subject, Headers: headers(row), Data: row.Payload}
	}
	crashpoint.Here("outbox.before-publish")
	acks, _ := r.bus.Publish(ctx, msgs) // each message tells its own trouble
	crashpoint.Here("outbox.after-puback")
	failed, cause := l.end(rows, acks, epoch)
	r.metrics.published.WithLabelValues(l.stream.Name).Add(float64(len(rows) - failed))
	if failed > 0 && ctx.Err() == nil {
		r.metrics.failures.WithLabelValues(fault.KindOf(cause).String()).Add(float64(failed))
		r.log.Warn("outbox rows were not taken by the bus; they stay and are sent again", "stream", l.stream.Name, "rows", failed, "error", cause)
	}
	return failed == 0
}

func headers(row Row) map[string]string {
	if row.Traceparent == "" {
		return row.Headers
	}
	h := make(map[string]string, len(row.Headers)+1)
	for k, v := range row.Headers {
		h[k] = v
	}
	h["traceparent"] = row.Traceparent
	return h
}

// publishStored loads and publishes rows that are known by id only, a bounded
// amount at once. It reports whether all got through.
func (r *Relay) publishStored(ctx context.Context, briefs []brief) (bool, error) {
	for len(briefs) > 0 {
		var ids []clock.ID
		for size := int64(0); len(briefs) > 0 && (len(ids) == 0 || size+briefs[0].Size <= batchBytes); briefs = briefs[1:] {
			size += briefs[0].Size
			ids = append(ids, briefs[0].ID)
		}
		rows, err := r.store.load(ctx, ids)
		if err != nil {
			return false, err
		}
		if !r.publish(ctx, rows) {
			return false, nil
		}
	}
	return true, nil
}
