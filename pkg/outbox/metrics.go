package outbox

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	depth, oldest           prometheus.Gauge
	deleted, overflow, held prometheus.Counter
	published, republished  *prometheus.CounterVec // by stream
	failures                *prometheus.CounterVec // by kind
}

func newMetrics(registry *prometheus.Registry, relay string) metrics {
	labels := prometheus.Labels{"relay": relay}
	counter := func(name, help string) prometheus.Counter {
		return register(registry, prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}))
	}
	counters := func(name, help, by string) *prometheus.CounterVec {
		return register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, []string{by}))
	}
	gauge := func(name, help string) prometheus.Gauge {
		return register(registry, prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}))
	}
	return metrics{
		depth:       gauge("noticehub_outbox_depth", "Rows in the outbox."),
		oldest:      gauge("noticehub_outbox_oldest_seconds", "Age of the oldest row in the outbox."),
		deleted:     counter("noticehub_outbox_deleted_total", "Rows that every consumer has acknowledged."),
		overflow:    counter("noticehub_outbox_overflow_total", "Rows left to the sweep because too many waited in memory."),
		held:        counter("noticehub_outbox_held_back_total", "Waits for room in the outbox."),
		published:   counters("noticehub_outbox_published_total", "Rows taken by the bus, repetitions included.", "stream"),
		republished: counters("noticehub_outbox_republished_total", "Rows published again after a change of epoch.", "stream"),
		failures:    counters("noticehub_outbox_failures_total", "Failed publications and other trouble of the relay.", "kind"),
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
