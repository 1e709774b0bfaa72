package autoprocessing_test

import (
	"testing"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// BenchmarkApply decides batches of 500: decode, registry answer, rules, read
// and write, commit. One operation is one batch; submissions/s is what counts.
func BenchmarkApply(b *testing.B) {
	for _, mix := range []struct {
		name string
		make func(i int, p person) *intakev1.Submission
	}{
		{"disclosures", func(_ int, p person) *intakev1.Submission { return disclose(p) }},
		{"commencements", func(_ int, p person) *intakev1.Submission { return commence(p, "2026-03-05", 3) }},
		{"mixed", func(i int, p person) *intakev1.Submission {
			switch i % 10 {
			case 0, 1, 2:
				return find(p)
			case 3, 4, 5:
				return disclose(p)
			case 6, 7, 8:
				return commence(p, "2026-03-05", 3)
			default:
				return revoke(p)
			}
		}},
	} {
		b.Run(mix.name, func(b *testing.B) {
			w := newWorld(b)
			const size = 500
			made, n := make([][]*eventv1.Event, b.N), 0
			for i := range made {
				made[i] = make([]*eventv1.Event, size)
				for j := range made[i] {
					p := w.registry.knows(someone(n))
					n++
					made[i][j] = w.lodgings.lodge(qldCP, mix.make(j, p))
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, batch := range made {
				w.decide(batch...)
				w.told = nil
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "submissions/s")
		})
	}
}
