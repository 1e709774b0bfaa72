package inbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/sweep"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

const (
	// parkedEvery is how often due parked events are looked for.
	parkedEvery = time.Second
	// gaugesEvery and pruneEvery are counted in real time too.
	gaugesEvery = 5 * time.Second
	pruneEvery  = time.Hour
	// rememberFor is how long messages are remembered: far longer than a row stays
	// in an outbox or an old copy of a store may be put back.
	rememberFor = 30 * 24 * time.Hour
	// troublePause grows up to troublePauseMax while the infrastructure fails.
	troublePause    = 50 * time.Millisecond
	troublePauseMax = 5 * time.Second
)

// runner is a Consumer at work.
type runner struct {
	Consumer
	store   store
	log     *slog.Logger
	metrics metrics
	parked  sweep.Loop
	wakes   wakes
	all     atomic.Pointer[replicas] // nil unless it runs
}

func (c *Consumer) check() error {
	if c.Name == "" || c.Stream == "" || c.Pool == nil || c.Bus == nil || c.Decode == nil || c.DecodeParked == nil || c.Apply == nil {
		return fault.New(fault.Invalid, "CONSUMER_INCOMPLETE", "consumer %q needs a name, stream, pool, bus, decoders and Apply", c.Name)
	}
	return nil
}

// Run consumes until ctx ends, and returns when all it started has ended.
func (c *Consumer) Run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	r := newRunner(*c)
	defer r.enter()()
	if err := r.requeueRefused(ctx); err != nil {
		return ctx.Err() // ended while waiting for the database
	}
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = r.parked.Run(ctx) })
	for _, side := range []*sweep.Loop{
		{Name: c.Name + " gauges", Every: gaugesEvery, Do: r.gauge},
		{Name: c.Name + " prune", Every: pruneEvery, Do: r.prune},
	} {
		side.Clock, side.Log, side.Metrics = clock.System(), r.log, r.Telemetry.Metrics
		tasks.Go(func() { _ = side.Run(ctx) })
	}
	options := bus.ConsumeOptions{Stream: c.Stream, Consumer: c.Name, Acked: func(int) { crashpoint.Here("inbox.after-ack") }}
	err := c.Bus.Consume(ctx, options, r.handle)
	tasks.Wait()
	return errors.Join(err, ctx.Err())
}

func newRunner(c Consumer) *runner {
	if c.Telemetry == nil {
		c.Telemetry = telemetry.Discard()
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.MaxEvents <= 0 {
		c.MaxEvents = defaultMaxEvents
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = defaultMaxAttempts
	}
	if c.RetryBase <= 0 {
		c.RetryBase = defaultRetryBase
	}
	r := &runner{Consumer: c, store: store{consumer: c.Name, base: c.RetryBase}, log: c.Telemetry.Log.With("consumer", c.Name)}
	r.metrics = newMetrics(c.Telemetry.Metrics, c.Name)
	r.parked = sweep.Loop{Name: c.Name + " parked", Every: parkedEvery, Clock: c.Clock, Log: r.log, Metrics: c.Telemetry.Metrics, Do: r.sweepParked}
	return r
}

// requeueRefused gives events that an earlier version of the program refused to
// this one.
func (r *runner) requeueRefused(ctx context.Context) error {
	return r.patiently(ctx, "requeue", func() error {
		return postgres.InTx(ctx, r.Pool, func(tx pgx.Tx) error {
			_, err := Requeue(ctx, tx, r.Name, causeRefused)
			return err
		})
	})
}

// patiently does something until it works or ctx ends. What fails here is the
// infrastructure, so nothing is counted against anybody.
func (r *runner) patiently(ctx context.Context, what string, do func() error) error {
	for pause := troublePause; ; pause = min(2*pause, troublePauseMax) {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		r.trouble(what, err, pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (r *runner) trouble(what string, err error, pause time.Duration) {
	r.metrics.errors.WithLabelValues(fault.KindOf(err).String()).Inc()
	r.log.Warn("consumption waits for the infrastructure", "step", what, "again_in", pause, "error", describe(err))
}

func (r *runner) gauge(ctx context.Context, _ time.Time) error {
	counts, err := r.store.counts(ctx, r.Pool)
	if err != nil {
		return err
	}
	for _, state := range []string{stateRetry, stateWaiting, stateQuarantined} {
		r.metrics.parked.WithLabelValues(state).Set(float64(counts[state]))
	}
	waiting, held, err := r.Bus.Lag(ctx, r.Stream, r.Name)
	if err != nil {
		return err
	}
	r.metrics.lag.Set(float64(waiting + held))
	return nil
}

func (r *runner) prune(ctx context.Context, _ time.Time) error {
	return r.store.prune(ctx, r.Pool, rememberFor)
}
