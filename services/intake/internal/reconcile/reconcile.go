// Package reconcile notices submissions of which nothing was heard and announces
// them again. It is the second net: the outbox keeps every announcement until it
// was consumed, so there should be nothing to find but what waits in a backlog.
//
// Guarantees: every submission is looked at once, when it is older than Age in
// real time; those without any status then are announced again every Pause until
// they have one, with the event id of the first time and marked as such, so that
// whoever knows them answers with their state. No sweep scans history, and none
// adds to an outbox that is behind anyway.
package reconcile

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

const (
	// look is how many submissions one transaction looks at.
	look = 5000
	// looks bounds a sweep, so that a first one over a long history is spread.
	looks = 100
	// known is how many stragglers are followed at a time: with more than that
	// the pipeline is down, and finding all of them helps nobody.
	known = 1000
)

// Relay is what reconciliation needs of the outbox relay.
type Relay interface {
	Committed(rows ...outbox.Row)
	Depth() int64
}

// Reconciler announces stragglers.
type Reconciler struct {
	// Store finds them.
	Store *store.Store
	// Relay sends the announcements.
	Relay Relay
	// Announce makes the outbox rows.
	Announce func([]lodging.Submission) []outbox.Row
	// Age after which a submission without status is a straggler; real time.
	Age time.Duration
	// Pause before the same one is announced again; real time.
	Pause time.Duration
	// MaxDepth of the outbox up to which anything is announced, in rows.
	MaxDepth int64
	// Log tells of stragglers.
	Log *slog.Logger

	announced prometheus.Counter
}

// Measure registers the figures.
func (r *Reconciler) Measure(registry *prometheus.Registry) {
	r.announced = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "noticehub_intake_stragglers_announced_total", Help: "Submissions announced again because nothing was heard of them.",
	})
	_ = registry.Register(r.announced) // a second service in one process counts for itself
}

// Sweep is one round.
func (r *Reconciler) Sweep(ctx context.Context, _ time.Time) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	if r.Relay.Depth() > r.MaxDepth {
		return nil
	}
	rows, n, err := r.Store.AnnounceStragglers(ctx, r.Pause, known, r.Announce)
	if err != nil || n == 0 {
		return err
	}
	r.Relay.Committed(rows...)
	r.announced.Add(float64(n))
	r.Log.Warn("submissions without progress announced again", "count", n)
	return nil
}

func (r *Reconciler) find(ctx context.Context) error {
	for range looks {
		more, err := r.Store.FindStragglers(ctx, r.Age, look, known)
		if err != nil || !more {
			return err
		}
	}
	return nil
}
