package rpc

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/clock"
)

// metrics of the calls served, by full method name; unknown methods are not
// counted, so that callers cannot make up label values.
type metrics struct {
	handling *prometheus.HistogramVec
	ended    *prometheus.CounterVec
	open     *prometheus.GaugeVec
	panics   *prometheus.CounterVec
	// refusals that go on record, and those and reads that could not.
	refusals   *prometheus.CounterVec
	unrecorded prometheus.Counter
	handshakes *prometheus.CounterVec
	turnedAway *prometheus.CounterVec
}

func newMetrics(r *prometheus.Registry) *metrics {
	return &metrics{
		handling: registered(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "noticehub_rpc_handling_seconds", Help: "Time from the start of a unary call to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "code"})),
		ended: registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_rpc_streams_ended_total", Help: "Streaming calls that ended.",
		}, []string{"method", "code"})),
		open: registered(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "noticehub_rpc_open", Help: "Calls being served now.",
		}, []string{"method"})),
		panics: registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_rpc_panics_total", Help: "Handlers that panicked; each is a defect.",
		}, []string{"method"})),
		refusals: registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_rpc_refusals_total", Help: "Calls refused for who made them or what they tried.",
		}, []string{"method", "reason"})),
		unrecorded: registered(r, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "noticehub_rpc_unrecorded_total", Help: "Audit entries of reads and refusals that could not be written.",
		})),
		handshakes: registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_rpc_handshakes_refused_total", Help: "Connections refused in their TLS handshake.",
		}, []string{"listener", "reason"})),
		turnedAway: registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_rpc_connections_turned_away_total", Help: "Connections closed because the listener had too many.",
		}, []string{"listener"})),
	}
}

// registered registers c, or gives the collector of another server on the same registry.
func registered[C prometheus.Collector](r *prometheus.Registry, c C) C {
	var twice prometheus.AlreadyRegisteredError
	if err := r.Register(c); errors.As(err, &twice) {
		if other, ok := twice.ExistingCollector.(C); ok {
			return other
		}
	}
	return c
}

func (m *metrics) unary(full string) func(codes.Code) {
	start, open := clock.System().Now(), m.open.WithLabelValues(full)
	open.Inc()
	return func(c codes.Code) {
		open.Dec()
		m.handling.WithLabelValues(full, c.String()).Observe(time.Since(start).Seconds())
	}
}

func (m *metrics) stream(full string) func(codes.Code) {
	open := m.open.WithLabelValues(full)
	open.Inc()
	return func(c codes.Code) {
		open.Dec()
		m.ended.WithLabelValues(full, c.String()).Inc()
	}
}
