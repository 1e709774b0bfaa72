package tlsfiles

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// alarmBefore is how long before a certificate's end the alarm begins.
	alarmBefore = 14 * 24 * time.Hour
	// watchEvery is how often Watch looks, so that files are noticed on a quiet
	// server too, and alarmEvery how often an alarm is repeated.
	watchEvery = time.Minute
	alarmEvery = 24 * time.Hour
	day        = 24 * time.Hour
)

// Watch looks for changed files and warns, once a day, of a certificate that
// ends within 14 days, until ctx ends.
func (s *Store) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	warned := s.o.Clock.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.now()
			if now := s.o.Clock.Now(); now.Sub(warned) >= alarmEvery {
				warned = now
				s.warn()
			}
		}
	}
}

func (s *Store) warn() {
	leaf := s.current.Load().certificate.Leaf
	left := leaf.NotAfter.Sub(s.o.Clock.Now())
	if left < alarmBefore {
		s.o.Log.Warn("a certificate ends soon: renew it", "certificate", s.o.Name, "days_left", int(left/day), "expires", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
}

func (s *Store) measure() {
	if s.o.Metrics == nil {
		return
	}
	// A second store of the name, as tests have, is not worth an error.
	_ = s.o.Metrics.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "noticehub_certificate_days_left", Help: "Days until the certificate ends.",
		ConstLabels: prometheus.Labels{"certificate": s.o.Name},
	}, func() float64 { return s.Left().Hours() / 24 }))
}
