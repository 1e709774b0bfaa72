package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/fault"
)

// What waits, is held and was given again is told apart.
func TestProgress(t *testing.T) {
	t.Parallel()
	server := bustest.Server(t)
	b := bustest.Connect(t, server)
	declare(t, b, orders)
	want := func(what string, so func(bus.Progress) bool) {
		t.Helper()
		var last bus.Progress
		eventually(t, what, func() bool {
			p, err := b.Progress(t.Context(), "ORDERS", "billing")
			if err != nil {
				t.Fatal(err)
			}
			last = p
			return so(p)
		})
		t.Logf("%s: %+v", what, last)
	}
	mustStore(t, publish(t, b, "1", "a", "b", "c"))
	want("all wait", func(p bus.Progress) bool { return p == bus.Progress{Waiting: 3} })
	ctx, cancel := context.WithCancel(t.Context())
	release, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- b.Consume(ctx, bus.ConsumeOptions{Stream: "ORDERS", Consumer: "billing"}, func(ctx context.Context, d []bus.Delivery) error {
			if d[0].Delivered < 2 {
				return fault.New(fault.Unavailable, "LATER", "later") // given back, and given again
			}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	want("some are held, again", func(p bus.Progress) bool { return p.Held > 0 && p.Again > 0 && p.Waiting+p.Held == 3 })
	close(release)
	want("none is left", func(p bus.Progress) bool { return p == bus.Progress{} })
	cancel()
	<-done

	if _, err := b.Progress(t.Context(), "ORDERS", "nobody"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a consumer that is not there: %v", err)
	}
	server.Shutdown()
	eventually(t, "the connection is seen to be down", func() bool {
		began := time.Now()
		_, err := b.Progress(t.Context(), "ORDERS", "billing")
		return fault.Is(err, fault.Unavailable) && time.Since(began) < 100*time.Millisecond
	})
}
