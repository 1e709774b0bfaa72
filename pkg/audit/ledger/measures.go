package ledger

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type measures struct {
	entries         prometheus.Counter
	failures        prometheus.Counter
	duration        prometheus.Histogram
	backlog, oldest prometheus.Gauge
	age             prometheus.Gauge
}

func newMeasures(r *prometheus.Registry) measures {
	m := measures{
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "noticehub_audit_entries_total", Help: "Entries given a place in the audit log.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "noticehub_audit_append_failures_total", Help: "Appends to the audit log that failed.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "noticehub_audit_append_seconds", Help: "Time an append to the audit log took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}),
		backlog: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "noticehub_audit_backlog_records", Help: "Records without a place in the audit log, counted up to 100000.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "noticehub_audit_oldest_waiting_seconds", Help: "Age of the oldest record without a place in the audit log.",
		}),
		age: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "noticehub_audit_checkpoint_age_seconds", Help: "Age of the newest signed checkpoint; it grows while nothing happens, too.",
		}),
	}
	if r != nil {
		r.MustRegister(m.entries, m.failures, m.duration, m.backlog, m.oldest, m.age)
	}
	return m
}

func (m measures) appended(entries int, took time.Duration) {
	m.entries.Add(float64(entries))
	m.duration.Observe(took.Seconds())
}
