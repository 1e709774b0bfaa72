package bus

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	reconnects prometheus.Counter
	repairs    *prometheus.CounterVec // by stream
	dropped    *prometheus.CounterVec // by consumer
	violations prometheus.Counter
	forged     *prometheus.CounterVec // by consumer
}

func newMetrics(r *prometheus.Registry) metrics {
	return metrics{
		reconnects: register(r, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "noticehub_bus_reconnects_total", Help: "Times the connection to the bus came back.",
		})),
		repairs: register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_bus_repairs_total", Help: "Streams and consumers that were missing or changed and were put right.",
		}, []string{"stream"})),
		dropped: register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_bus_unacknowledged_total", Help: "Messages handed back because their connection or consumer had gone.",
		}, []string{"consumer"})),
		violations: register(r, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "noticehub_bus_violations_total", Help: "Things this client tried on the bus that it may not do: an attack or a defect.",
		})),
		forged: register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_bus_forged_total", Help: "Messages thrown away because they were not published to the stream they came from.",
		}, []string{"consumer"})),
	}
}

// newRefusals counts what an embedded server refused its clients.
func newRefusals(r *prometheus.Registry) prometheus.Counter {
	return register(r, prometheus.NewCounter(prometheus.CounterOpts{
		Name: "noticehub_bus_server_refusals_total", Help: "Clients the embedded bus did not let in, and things it did not let them do.",
	}))
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
