package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/fault"
)

var orders = bus.Stream{Name: "ORDERS", Subjects: []string{"orders.>"}, Consumers: []bus.Consumer{{Name: "billing"}, {Name: "stock", HeadersOnly: true}}}

func declare(t *testing.T, b *bus.Bus, streams ...bus.Stream) {
	t.Helper()
	if err := b.Declare(t.Context(), streams...); err != nil {
		t.Fatalf("declare: %v", err)
	}
}

func publish(t *testing.T, b *bus.Bus, attempt string, ids ...string) []bus.Ack {
	t.Helper()
	var msgs []bus.Message
	for _, id := range ids {
		msgs = append(msgs, bus.Message{ID: id, Attempt: attempt, Stream: "ORDERS", Subject: "orders.0", Headers: map[string]string{"Kind": "order"}, Data: []byte("body of " + id)})
	}
	acks, err := b.Publish(t.Context(), msgs)
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return acks
}

func mustStore(t *testing.T, acks []bus.Ack) {
	t.Helper()
	for i, a := range acks {
		if a.Err != nil {
			t.Fatalf("message %d: %v", i, a.Err)
		}
	}
}

// eventually asks until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}

// collector counts what a consumer was given.
type collector struct {
	mu   sync.Mutex
	seen map[string]int
	data map[string]string
}

func (c *collector) take(_ context.Context, batch []bus.Delivery) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen, c.data = map[string]int{}, map[string]string{}
	}
	for _, d := range batch {
		c.seen[d.ID]++
		c.data[d.ID] = string(d.Data) + "/" + d.Headers["Kind"]
	}
	return nil
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// consume runs a consumer until the test ends.
func consume(t *testing.T, b *bus.Bus, consumer string, f func(context.Context, []bus.Delivery) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := b.Consume(ctx, bus.ConsumeOptions{Stream: "ORDERS", Consumer: consumer, MaxMessages: 50}, f); err != nil {
			t.Errorf("consume: %v", err)
		}
	})
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return stop
}

func floor(t *testing.T, b *bus.Bus) bus.Floor {
	t.Helper()
	f, err := b.Floor(t.Context(), "ORDERS", []string{"billing", "stock"})
	if err != nil {
		t.Fatalf("floor: %v", err)
	}
	return f
}

// complete reports whether both consumers are there: what is sent without them
// does not wait for them.
func complete(t *testing.T, b *bus.Bus) bool {
	_, _, billing := b.Lag(t.Context(), "ORDERS", "billing")
	_, _, stock := b.Lag(t.Context(), "ORDERS", "stock")
	return billing == nil && stock == nil
}

func TestFloorFollowsTheSlowestConsumer(t *testing.T) {
	t.Parallel()
	b := bustest.New(t)
	declare(t, b, orders)
	before := floor(t, b)
	ids := make([]string, 120)
	for i := range ids {
		ids[i] = fmt.Sprint("order-", i)
	}
	mustStore(t, publish(t, b, "", ids...))
	var billing, stock collector
	consume(t, b, "billing", billing.take)
	eventually(t, "billing has all", func() bool { return billing.count() == len(ids) })
	if f := floor(t, b); f.Sequence != 0 || f.Epoch != before.Epoch {
		t.Fatalf("floor with a consumer that has done nothing: %+v, before %+v", f, before)
	}
	consume(t, b, "stock", stock.take)
	eventually(t, "the floor has passed all", func() bool { return floor(t, b).Sequence == 120 })
	if billing.data["order-7"] != "body of order-7/order" || stock.data["order-7"] != "/order" {
		t.Fatalf("bodies: billing %q, stock %q", billing.data["order-7"], stock.data["order-7"])
	}
	if waiting, held, err := b.Lag(t.Context(), "ORDERS", "stock"); err != nil || waiting != 0 || held != 0 {
		t.Fatalf("lag: %d %d %v", waiting, held, err)
	}
}

func TestRefusedBatchComesAgain(t *testing.T) {
	t.Parallel()
	b := bustest.New(t)
	declare(t, b, orders)
	var calls atomic.Int32
	var got collector
	consume(t, b, "billing", func(ctx context.Context, batch []bus.Delivery) error {
		if calls.Add(1) == 1 {
			return errors.New("not now")
		}
		return got.take(ctx, batch)
	})
	mustStore(t, publish(t, b, "", "a", "b", "c"))
	eventually(t, "all came", func() bool { return got.count() == 3 })
}

// A message dropped as duplicate would be lost to a consumer made since; another
// attempt is another message to the broker, and the same to consumers.
func TestAttemptIsNotADuplicate(t *testing.T) {
	t.Parallel()
	b := bustest.New(t)
	declare(t, b, orders)
	first := publish(t, b, ".1", "a")
	mustStore(t, first)
	again := publish(t, b, ".1", "a")
	if !again[0].Duplicate || again[0].Sequence != first[0].Sequence {
		t.Fatalf("same attempt: %+v after %+v", again[0], first[0])
	}
	if other := publish(t, b, ".2", "a"); other[0].Duplicate || other[0].Sequence != 2 {
		t.Fatalf("another attempt: %+v", other[0])
	}
}

func TestFullStreamRefuses(t *testing.T) {
	t.Parallel()
	b := bustest.New(t)
	small := orders
	small.MaxBytes = 4096
	declare(t, b, small)
	var full bool
	for i := range 200 {
		a := publish(t, b, "", fmt.Sprint("m", i))
		full = full || fault.Is(a[0].Err, fault.Exhausted)
	}
	if !full {
		t.Fatal("a stream of 4 KiB took 200 messages")
	}
}

// While the server restarts with an empty store, Keep makes everything again,
// the epoch changes and what was received before is not acknowledged.
func TestWipedStore(t *testing.T) {
	t.Parallel()
	server := bustest.Server(t)
	b := bustest.Connect(t, server)
	declare(t, b, orders)
	keep, stop := context.WithCancel(t.Context())
	var kept sync.WaitGroup
	kept.Go(func() { _ = b.Keep(keep, orders) })
	defer kept.Wait()
	defer stop()

	before := floor(t, b)
	entered, release := make(chan struct{}, 1), make(chan struct{})
	var got collector
	consume(t, b, "billing", func(ctx context.Context, batch []bus.Delivery) error {
		select {
		case entered <- struct{}{}:
			<-release
		default:
		}
		return got.take(ctx, batch)
	})
	mustStore(t, publish(t, b, ".1", "old"))
	<-entered
	if err := server.Restart(func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)) }); err != nil {
		t.Fatalf("restart: %v", err)
	}
	var after bus.Floor
	eventually(t, "streams are back", func() bool {
		var err error
		after, err = b.Floor(t.Context(), "ORDERS", []string{"billing", "stock"})
		return err == nil && after.Epoch != before.Epoch && complete(t, b)
	})
	if b.Epoch() == 0 || after.Base != 0 || after.Sequence != 0 {
		t.Fatalf("after the wipe: %+v, reconnects %d", after, b.Epoch())
	}
	// The new message has the old one's number; releasing the handler of the old
	// one must not acknowledge it.
	mustStore(t, publish(t, b, ".2", "new"))
	close(release)
	eventually(t, "the new message came", func() bool { got.mu.Lock(); defer got.mu.Unlock(); return got.seen["new"] == 1 })
}

// background ends soon: for connections that should not come about.
func background(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}
