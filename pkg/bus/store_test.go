package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/fault"
)

// byHand is the API as a person with a tool would use it.
func byHand(t *testing.T, server *bus.Embedded) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func keep(t *testing.T, b *bus.Bus, streams ...bus.Stream) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = b.Keep(ctx, streams...) })
	t.Cleanup(func() { stop(); done.Wait() })
}

func TestDeletedAndChangedByHand(t *testing.T) {
	t.Parallel()
	server := bustest.Server(t)
	b, js := bustest.Connect(t, server), byHand(t, server)
	declare(t, b, orders)
	keep(t, b, orders)
	mustStore(t, publish(t, b, ".1", "a"))
	var billing, stock collector
	consume(t, b, "billing", billing.take)
	consume(t, b, "stock", stock.take)
	eventually(t, "all was consumed", func() bool { return floor(t, b).Sequence == 1 })
	before := floor(t, b)

	if err := js.DeleteConsumer(t.Context(), "ORDERS", "stock"); err != nil {
		t.Fatal(err)
	}
	if f := floor(t, b); f.Sequence != 0 {
		t.Fatalf("floor without a consumer: %+v", f)
	}
	eventually(t, "the consumer is back", func() bool {
		f := floor(t, b)
		_, err := js.Consumer(t.Context(), "ORDERS", "stock")
		return err == nil && f.Epoch > before.Epoch
	})
	mustStore(t, publish(t, b, ".2", "b"))
	eventually(t, "consumption goes on", func() bool { return billing.count() == 2 && stock.count() == 2 })

	if s, err := js.Stream(t.Context(), "ORDERS"); err != nil {
		t.Fatal(err)
	} else if err := s.Purge(t.Context()); err == nil {
		t.Fatal("a purge was allowed")
	}
	// A change that cannot be changed back: the stream is made anew.
	if err := js.DeleteStream(t.Context(), "ORDERS"); err != nil {
		t.Fatal(err)
	}
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "ORDERS", Subjects: []string{"orders.>"}, Storage: jetstream.MemoryStorage, Retention: jetstream.WorkQueuePolicy})
	if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		t.Fatal(err)
	}
	eventually(t, "the stream is as declared", func() bool {
		s, err := js.Stream(t.Context(), "ORDERS")
		return err == nil && s.CachedInfo().Config.Storage == jetstream.FileStorage && s.CachedInfo().State.Consumers == 2
	})
	attempt := 3
	eventually(t, "consumption goes on", func() bool {
		// One sent just while the stream is made anew is lost; the outbox tries again.
		publish(t, b, fmt.Sprint(".", attempt), "c")
		attempt++
		return billing.count() == 3 && stock.count() == 3
	})
}

// The stream lost its tail, the consumer's state did not: without repair, the
// numbers given out again would never be delivered and still count as consumed.
func TestConsumerAheadOfStream(t *testing.T) {
	t.Parallel()
	server := bustest.Server(t)
	b := bustest.Connect(t, server)
	declare(t, b, orders)
	keep(t, b, orders)
	copied := filepath.Join(t.TempDir(), "copy")
	var billing, stock collector
	stops := []func(){consume(t, b, "billing", billing.take), consume(t, b, "stock", stock.take)}
	var ids []string
	for i := range 20 {
		ids = append(ids, fmt.Sprint("early-", i))
	}
	mustStore(t, publish(t, b, "", ids[:5]...))
	eventually(t, "five consumed", func() bool { return floor(t, b).Sequence == 5 })
	if err := server.Restart(func(dir string) error { return os.CopyFS(copied, os.DirFS(dir)) }); err != nil {
		t.Fatal(err)
	}
	eventually(t, "twenty stored", func() bool {
		acks, err := b.Publish(t.Context(), messages(ids[5:]))
		return err == nil && acks[0].Err == nil && acks[len(acks)-1].Err == nil
	})
	eventually(t, "twenty consumed", func() bool { return billing.count() == 20 && stock.count() == 20 })
	for _, stop := range stops {
		stop()
	}
	before := floor(t, b)
	// Messages from the copy, consumers' state from now.
	err := server.Restart(func(dir string) error {
		return filepath.WalkDir(copied, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			relative, _ := filepath.Rel(copied, path)
			if filepath.Base(filepath.Dir(path)) != "msgs" {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			matches, _ := filepath.Glob(filepath.Join(dir, filepath.Dir(relative), "*"))
			for _, m := range matches {
				_ = os.Remove(m)
			}
			return os.WriteFile(filepath.Join(dir, relative), data, 0o600)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var after bus.Floor
	eventually(t, "floors can be read again", func() bool {
		var err error
		after, err = b.Floor(t.Context(), "ORDERS", []string{"billing", "stock"})
		if err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		return err == nil
	})
	t.Logf("before %+v after %+v", before, after)
	if after.Epoch == before.Epoch || after.Base >= before.Sequence {
		t.Fatalf("before %+v after %+v", before, after)
	}
	consume(t, b, "billing", billing.take)
	consume(t, b, "stock", stock.take)
	mustStore(t, publish(t, b, ".2", "late-0", "late-1"))
	eventually(t, "what was sent after is delivered", func() bool { return billing.count() == 22 && stock.count() == 22 })
}

func messages(ids []string) []bus.Message {
	var msgs []bus.Message
	for _, id := range ids {
		msgs = append(msgs, bus.Message{ID: id, Stream: "ORDERS", Subject: "orders.0", Data: []byte(id)})
	}
	return msgs
}
