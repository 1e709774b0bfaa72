package bus_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
)

// BenchmarkWalls has rounds of publishing and consuming 500 messages of 4 KiB on
// an open bus and on one with walls, in turns, so that what else the machine does
// hits both alike: walled/open is what permissions cost.
func BenchmarkWalls(b *testing.B) {
	open := bustest.New(b)
	w := bustest.Walled(b,
		bus.Peer{Name: "shop", Publishes: []bus.Stream{orders}}, bus.Peer{Name: "courier", Declares: []bus.Stream{orders}},
		bus.Peer{Name: "billing", Consumes: []bus.Task{{Stream: "ORDERS", Consumer: "billing"}, {Stream: "ORDERS", Consumer: "stock"}}})
	config := func(name string) *bus.Bus { // in process as the open one
		c := w.Config(name)
		c.URL, c.InProcess = "", w.Server
		x, err := bus.Connect(b.Context(), c, quiet)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(x.Close)
		return x
	}
	courier := config("courier")
	run := []*round{newRound(b, open, open, open), newRound(b, courier, config("shop"), config("billing"))}
	for b.Loop() {
		for _, r := range run {
			r.play(b)
		}
	}
	b.ReportMetric(run[1].took.Seconds()/run[0].took.Seconds(), "walled/open")
	b.ReportMetric(float64(run[0].messages)/run[0].took.Seconds(), "open_msg/s")
	b.ReportMetric(float64(run[1].messages)/run[1].took.Seconds(), "walled_msg/s")
}

type round struct {
	publisher *bus.Bus
	consumed  atomic.Int64
	messages  int64
	took      time.Duration
}

func newRound(b *testing.B, courier, publisher, consumer *bus.Bus) *round {
	r := &round{publisher: publisher}
	if err := courier.Declare(b.Context(), orders); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"billing", "stock"} {
		go func() {
			_ = consumer.Consume(b.Context(), bus.ConsumeOptions{Stream: "ORDERS", Consumer: name}, func(_ context.Context, d []bus.Delivery) error {
				r.consumed.Add(int64(len(d)))
				return nil
			})
		}()
	}
	return r
}

func (r *round) play(b *testing.B) {
	msgs := make([]bus.Message, 500)
	for i := range msgs {
		r.messages++
		msgs[i] = bus.Message{ID: fmt.Sprint(r.messages), Stream: "ORDERS", Subject: "orders.0", Data: make([]byte, 4096)}
	}
	from := time.Now()
	acks, err := r.publisher.Publish(b.Context(), msgs)
	if err != nil || acks[0].Err != nil {
		b.Fatal(err, acks[0].Err)
	}
	for r.consumed.Load() < 2*r.messages {
		time.Sleep(50 * time.Microsecond)
	}
	r.took += time.Since(from)
}
