package outbox

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
)

const (
	// floorEvery is how often floors are read while rows wait for them.
	floorEvery = 100 * time.Millisecond
	// idleRounds times floorEvery is how often they are read otherwise, to notice
	// a new epoch.
	idleRounds = 10
	// deleteRows bounds one DELETE.
	deleteRows = 2000
)

// watchFloors compares what is remembered with the floors and deletes the rows
// that every consumer has acknowledged.
func (r *Relay) watchFloors(ctx context.Context) {
	quiet := map[*lane]bool{} // lanes whose trouble was logged
	for round := 0; ctx.Err() == nil; round++ {
		for _, l := range r.lanes {
			marked, busy := l.mark()
			if !busy && round%idleRounds != 0 {
				continue
			}
			err := r.watchFloor(ctx, l, marked)
			if err != nil && ctx.Err() == nil {
				r.metrics.failures.WithLabelValues("floor").Inc()
				if !quiet[l] {
					r.log.Warn("floors cannot be used; rows stay until they can", "stream", l.stream.Name, "error", err)
				}
			}
			quiet[l] = err != nil
		}
		wait(ctx, floorEvery, nil)
	}
}

func (r *Relay) watchFloor(ctx context.Context, l *lane, marked int) error {
	floor, err := r.bus.Floor(ctx, l.stream.Name, l.consumers)
	if err != nil {
		return err
	}
	consumed, forgotten := l.compare(floor, marked)
	if forgotten {
		r.log.Info("a new epoch of the bus: everything left is published again", "stream", l.stream.Name, "epoch", floor.Epoch)
		return nil
	}
	return r.remove(ctx, l, consumed)
}

func (r *Relay) remove(ctx context.Context, l *lane, ids []clock.ID) error {
	for len(ids) > 0 {
		part := ids[:min(len(ids), deleteRows)]
		ids = ids[len(part):]
		crashpoint.Here("outbox.before-delete")
		n, err := r.store.remove(ctx, part)
		if err != nil {
			return err // they are still remembered and deleted next time
		}
		l.forget(part)
		r.addDepth(-n)
		r.metrics.deleted.Add(float64(n))
		signal(r.room)
	}
	return nil
}
