package inbox

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Results of events, in metrics.
const (
	resultApplied     = "applied"
	resultDeferred    = "deferred"
	resultFailed      = "failed"
	resultBehind      = "behind"
	resultExhausted   = "exhausted"
	resultQuarantined = "quarantined"
)

type metrics struct {
	events  *prometheus.CounterVec // by result
	errors  *prometheus.CounterVec // by kind
	known   prometheus.Counter
	parked  *prometheus.GaugeVec // by state
	lag     prometheus.Gauge
	batch   prometheus.Histogram
	seconds prometheus.Histogram
}

func newMetrics(registry *prometheus.Registry, consumer string) metrics {
	labels := prometheus.Labels{"consumer": consumer}
	return metrics{
		events: register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_inbox_events_total", Help: "Events by what became of them.", ConstLabels: labels,
		}, []string{"result"})),
		errors: register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_inbox_errors_total", Help: "Errors that made work be done again, by kind.", ConstLabels: labels,
		}, []string{"kind"})),
		known: register(registry, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "noticehub_inbox_known_messages_total", Help: "Messages that came again and were passed over.", ConstLabels: labels,
		})),
		parked: register(registry, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "noticehub_inbox_parked", Help: "Parked events by state.", ConstLabels: labels,
		}, []string{"state"})),
		lag: register(registry, prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "noticehub_inbox_lag_messages", Help: "Messages not yet acknowledged.", ConstLabels: labels,
		})),
		batch: register(registry, prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "noticehub_inbox_batch_events", Help: "Events in a transaction.", ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		})),
		seconds: register(registry, prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "noticehub_inbox_batch_seconds", Help: "Time from a batch's arrival to its commit.", ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		})),
	}
}

// register adds c, or returns the one that another user of the registry added.
func register[C prometheus.Collector](r *prometheus.Registry, c C) C {
	if r == nil {
		return c
	}
	var already prometheus.AlreadyRegisteredError
	if err := r.Register(c); errors.As(err, &already) {
		if same, ok := already.ExistingCollector.(C); ok {
			return same
		}
	}
	return c
}
