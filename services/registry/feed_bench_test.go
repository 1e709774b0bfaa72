package registry_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// BenchmarkFeedChanges is one feed about 20,000 customers through the server:
// payments, addresses and rent types in turn. The target is 5,000 records a
// second on two cores, client included.
func BenchmarkFeedChanges(b *testing.B) {
	w := setup(b)
	const population, size = 20_000, 5000
	w.put(b, people(population)...)
	if _, err := w.pool.Exec(b.Context(), `DELETE FROM outbox`); err != nil {
		b.Fatal(err)
	}
	client := w.feeder(b, feedService)
	n := 0
	for b.Loop() {
		stream, err := client.FeedChanges(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for range size {
			n++
			r := told(n*37%population, n, []*registryv1.Change{
				pays("YOUTH_ALLOWANCE", int64(n)), moves(fmt.Sprint(n, " Side Street")), rent(fmt.Sprintf("RENT_%d", n)),
			}[n%3])
			r.OccurredAt = timestamppb.New(morning.Add(-1000*time.Hour + time.Duration(n)*time.Millisecond))
			if err := stream.Send(&registryv1.FeedChangesRequest{Record: r}); err != nil {
				b.Fatal(err)
			}
		}
		got, err := stream.CloseAndRecv()
		if err != nil || got.GetApplied() != size {
			b.Fatal(got, err)
		}
		b.StopTimer()
		// Nothing publishes here; what waits would keep later feeds waiting.
		if _, err := w.pool.Exec(b.Context(), `DELETE FROM outbox`); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
