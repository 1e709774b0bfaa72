package commit_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// BenchmarkCommit lodges with 512 outstanding for customers of whom most are new,
// as a stream would. The test server does not sync, so this is the cost in CPU.
func BenchmarkCommit(b *testing.B) {
	pool := postgrestest.Pool(b, store.Schema())
	c, _ := start(b, pool, options())
	outstanding := make(chan struct{}, 512)
	var failed atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		outstanding <- struct{}{}
		s := submission(fmt.Sprint("b", i), fmt.Sprintf("%09dA", i%200_000), "a notice to commence of about the usual length, with its customer, dates and no text")
		if err := c.Enqueue(b.Context(), &commit.Lodgement{Submission: s, Answer: func(r commit.Result) {
			if r.Err != nil {
				failed.Add(1)
			}
			<-outstanding
		}}); err != nil {
			b.Fatal(err)
		}
	}
	for range cap(outstanding) {
		outstanding <- struct{}{}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
	if n := failed.Load(); n > 0 {
		b.Errorf("%d failed", n)
	}
}
