// Package sweep runs work that depends on dates: again and again over facts,
// never from a schedule in memory. The work must be idempotent; a sweep that was
// missed, repeated or run by several replicas at once changes nothing more.
package sweep

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Loop is one sweep.
type Loop struct {
	// Name in logs and metrics.
	Name string
	// Every is the pause between runs, in real time.
	Every time.Duration
	// Clock gives the business time a run is for; a jump starts a run at once.
	Clock clock.Clock
	// Log takes failures.
	Log *slog.Logger
	// Metrics takes the counters; may be nil.
	Metrics *prometheus.Registry
	// Do is one run; now is the business time.
	Do func(ctx context.Context, now time.Time) error

	once sync.Once
	kick chan struct{}
}

const maxBackoff = time.Minute

func (l *Loop) kicks() chan struct{} {
	l.once.Do(func() { l.kick = make(chan struct{}, 1) })
	return l.kick
}

// Kick starts a run soon; kicks while one is waiting are one.
func (l *Loop) Kick() {
	select {
	case l.kicks() <- struct{}{}:
	default:
	}
}

// Run sweeps at once and then every l.Every, after every jump of the clock and
// after every Kick, until ctx ends. A failed run is logged, counted and tried
// again with growing pauses; it never ends the loop.
func (l *Loop) Run(ctx context.Context) error {
	runs, failures := l.counters()
	pause, kicks := l.Every, l.kicks()
	for ctx.Err() == nil {
		jumped := l.Clock.Changed()
		err := l.Do(ctx, l.Clock.Now())
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failures.Inc()
			l.Log.Warn("sweep failed", "sweep", l.Name, "error", err.Error())
			pause = min(max(pause*2, 100*time.Millisecond), max(maxBackoff, l.Every))
		default:
			runs.Inc()
			pause = l.Every
		}
		// A little jitter keeps replicas from sweeping in step.
		timer := time.NewTimer(pause + time.Duration(rand.Int64N(int64(pause)/10+1)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-jumped:
		case <-kicks:
		}
		timer.Stop()
	}
	return ctx.Err()
}

func (l *Loop) counters() (runs, failures prometheus.Counter) {
	labels := prometheus.Labels{"sweep": l.Name}
	runs = prometheus.NewCounter(prometheus.CounterOpts{Name: "noticehub_sweep_runs_total", Help: "Sweeps that ended well.", ConstLabels: labels})
	failures = prometheus.NewCounter(prometheus.CounterOpts{Name: "noticehub_sweep_failures_total", Help: "Sweeps that failed and will be tried again.", ConstLabels: labels})
	if l.Metrics != nil {
		// A second loop of the same name (a test, a replica in one process) counts for itself.
		_ = l.Metrics.Register(runs)
		_ = l.Metrics.Register(failures)
	}
	return runs, failures
}
