package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

const sweepEvery = time.Second

// sweepLoop finds due rows: those whose process died before publishing them,
// those that did not fit in memory, and those that were published long ago and
// are still not consumed, perhaps by a relay that is no more.
func (r *Relay) sweepLoop(ctx context.Context) {
	for wait(ctx, sweepEvery, nil) {
		for r.sweep(ctx) && ctx.Err() == nil {
		}
	}
}

// sweep claims and publishes one page of due rows. It reports whether there may
// be more and going on makes sense.
func (r *Relay) sweep(ctx context.Context) bool {
	if !r.settled() {
		return false // leases would grow for nothing
	}
	due, err := r.store.claim(ctx)
	if err == nil {
		var good bool
		if good, err = r.publishStored(ctx, r.unknown(due)); good {
			return len(due) == pageRows
		}
	}
	if err != nil && ctx.Err() == nil {
		r.metrics.failures.WithLabelValues("sweep").Inc()
		r.log.Warn("the sweep for due outbox rows failed; it goes on", "error", err)
	}
	return false
}

// settled reports whether any lane can publish.
func (r *Relay) settled() bool {
	for _, l := range r.lanes {
		l.mu.Lock()
		settled := l.epoch != 0
		l.mu.Unlock()
		if settled {
			return true
		}
	}
	return false
}

// unknown leaves out rows published in the present epoch: they are with the
// broker, and claiming them was enough to keep other relays off them.
func (r *Relay) unknown(rows []brief) []brief {
	byStream := map[string][]brief{}
	for _, row := range rows {
		byStream[row.Stream] = append(byStream[row.Stream], row)
	}
	var fresh []brief
	for stream, rows := range byStream {
		if l := r.lanes[stream]; l != nil {
			fresh = append(fresh, l.unknown(rows)...)
		} else {
			r.log.Error("outbox rows of a stream this relay does not serve", "stream", stream, "rows", len(rows))
		}
	}
	return fresh
}

// republishLoop publishes everything a stream has left whenever its lane asks.
func (r *Relay) republishLoop(ctx context.Context) {
	var lanes sync.WaitGroup
	defer lanes.Wait()
	for _, l := range r.lanes {
		lanes.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case <-l.republish:
				}
				for pause := failurePause; !r.republish(ctx, l) && wait(ctx, pause, l.republish); {
					pause = min(2*pause, failurePauseMax)
				}
			}
		})
	}
}

// republish goes once through a stream's rows up to the highest id there is at
// its start, so that it ends however much is added meanwhile: what is committed
// later is handed over in memory, or is found by the sweep. It reports whether
// all rows are published in the present epoch.
func (r *Relay) republish(ctx context.Context, l *lane) bool {
	l.mu.Lock()
	epoch := l.epoch
	l.mu.Unlock()
	last, found, err := r.store.last(ctx, l.stream.Name)
	var after clock.ID
	for found && err == nil {
		var page []brief
		if page, err = r.store.page(ctx, l.stream.Name, after, last); err != nil || len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		fresh := l.unknown(page)
		var good bool
		if good, err = r.publishStored(ctx, fresh); err == nil && !good {
			return false
		}
		r.metrics.republished.WithLabelValues(l.stream.Name).Add(float64(len(fresh)))
		l.mu.Lock()
		over := l.epoch != epoch
		l.mu.Unlock()
		if over {
			return true // the new epoch has asked by itself
		}
	}
	if err != nil && ctx.Err() == nil {
		r.metrics.failures.WithLabelValues("republish").Inc()
		r.log.Warn("publishing again failed; it starts over", "stream", l.stream.Name, "error", err)
	}
	return err == nil
}

// countLoop keeps the depth right.
func (r *Relay) countLoop(ctx context.Context) {
	for ctx.Err() == nil {
		before := r.depth.Load()
		if rows, oldest, err := r.store.depth(ctx, 2*r.maxDepth); err == nil {
			// What came or went while it was counted stays on top; the next count knows it.
			r.depth.Add(rows - before)
			r.addDepth(0)
			r.metrics.oldest.Set(oldest.Seconds())
			signal(r.room)
		}
		wait(ctx, sweepEvery, nil)
	}
}
