package commit

import "github.com/prometheus/client_golang/prometheus"

// figures are what operators see of the committer.
type figures struct {
	taken, repeated, reused, failed, shed, races, unknown prometheus.Counter
	batches                                               prometheus.Histogram
}

func newFigures(r *prometheus.Registry, waiting func() float64) *figures {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "noticehub_intake_" + name + "_total", Help: help})
		_ = r.Register(c) // a second service in one process counts for itself
		return c
	}
	f := &figures{
		taken:    counter("submissions_taken", "Submissions stored."),
		repeated: counter("submissions_repeated", "Submissions that had been stored before and were answered with the same receipt."),
		reused:   counter("references_reused", "Submissions refused because their reference named other content."),
		failed:   counter("submissions_failed", "Submissions answered with an error because they could not be stored."),
		shed:     counter("submissions_shed", "Submissions refused because too many were waiting."),
		races:    counter("lane_races", "Batches written again because another process took a lane or a reference first."),
		unknown:  counter("commits_unknown", "Batches whose commit was cut off and had to be looked up."),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "noticehub_intake_batch_size", Help: "Submissions per transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
	}
	_ = r.Register(f.batches)
	_ = r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "noticehub_intake_queue", Help: "Submissions waiting for the next transaction.",
	}, waiting))
	return f
}
