package outbox_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
)

// byHand is the broker's API as a person with a tool would use it.
func (w *world) byHand() jetstream.JetStream {
	nc, err := nats.Connect("", nats.InProcessServer(w.server))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		w.t.Fatal(err)
	}
	return js
}

// Billing acknowledged, the messages are of no more interest to the broker when
// stock is deleted by hand; made anew it would find nothing and be level with
// the stream. The broker also remembers the ids: the rows must be sent as other
// attempts, by this relay and by one that starts later.
func TestConsumerDeletedByHand(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		w := setup(t)
		w.keep()
		r := w.relay(outbox.Options{})
		stop := w.background(r.Run)
		billing, _ := w.consume("billing")
		rows := w.commit(40)
		r.Committed(rows...)
		eventually(t, "billing has all", func() bool { return billing.missing(ids(rows)) == 0 })
		if restart {
			stop()
		}
		if err := w.byHand().DeleteConsumer(t.Context(), "ORDERS", "stock"); err != nil {
			t.Fatal(err)
		}
		if restart {
			w.background(w.relay(outbox.Options{}).Run)
		}
		stock, _ := w.consume("stock")
		eventually(t, "the table is empty", func() bool { return w.left() == 0 })
		if n := stock.missing(ids(rows)); n > 0 {
			t.Fatalf("restart %v: %d rows deleted that stock never saw", restart, n)
		}
	}
}

// A full stream refuses; the rows wait and go on by themselves once there is room.
func TestFullStream(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.stream.MaxBytes = 64 << 10
	w.keep()
	r := w.relay(outbox.Options{})
	w.background(r.Run)
	billing, _ := w.consume("billing")
	var all []clock.ID
	for range 10 {
		rows := w.commit(100)
		r.Committed(rows...)
		all = append(all, ids(rows)...)
	}
	time.Sleep(500 * time.Millisecond)
	if w.left() != 1000 {
		t.Fatalf("%d rows left, want all", w.left())
	}
	stock, _ := w.consume("stock")
	eventually(t, "the table is empty", func() bool { return w.left() == 0 })
	if n := billing.missing(all) + stock.missing(all); n > 0 {
		t.Fatalf("%d missing", n)
	}
}

// Two relays on one table, load all the time, and a store that is wiped, put
// back as it was a while ago (copied while in use, as a lost tail looks) and cut
// off at random: no row goes before both consumers saw it.
func TestBadStoreUnderLoad(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	relays := []*outbox.Relay{w.relay(outbox.Options{}), w.relay(outbox.Options{})}
	for _, r := range relays {
		w.background(r.Run)
	}
	billing, _ := w.consume("billing")
	stock, _ := w.consume("stock")

	var (
		mu      sync.Mutex
		all     []clock.ID
		stopped atomic.Bool
		load    sync.WaitGroup
	)
	for i := range 4 {
		load.Go(func() {
			for !stopped.Load() {
				rows := w.commit(1 + rand.IntN(20))
				if rand.IntN(20) > 0 { // else it died before handing over
					relays[i%2].Committed(rows...)
				}
				mu.Lock()
				all = append(all, ids(rows)...)
				mu.Unlock()
				time.Sleep(time.Duration(20+rand.IntN(40)) * time.Millisecond)
			}
		})
	}
	js := w.byHand()
	for round := range 9 {
		time.Sleep(300 * time.Millisecond)
		var err error
		switch round % 3 {
		case 0:
			err = w.server.Restart(bustest.Wipe)
		case 1:
			copied := bustest.Snapshot(t, w.dir)
			time.Sleep(400 * time.Millisecond)
			err = w.server.Restart(func(dir string) error { return bustest.PutBack(dir, copied) })
		case 2:
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_ = js.DeleteStream(ctx, "ORDERS") // may be cut off just now
			cancel()
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	stopped.Store(true)
	load.Wait()
	eventually(t, "the table is empty", func() bool { return w.left() == 0 })
	if b, s := billing.missing(all), stock.missing(all); b+s > 0 {
		t.Fatalf("of %d rows billing misses %d, stock %d", len(all), b, s)
	}
	t.Logf("%d rows", len(all))
}

// The files go away under the running server, which then neither stores nor
// refuses: the stream is made anew without anybody's help.
func TestFilesGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.keep()
	r := w.relay(outbox.Options{})
	w.background(r.Run)
	billing, _ := w.consume("billing")
	stock, _ := w.consume("stock")
	all := ids(w.commit(10))
	eventually(t, "the table is empty", func() bool { return w.left() == 0 })
	// In one step: emptying the folder file by file would race with the
	// server, which still writes its consumers' state into it.
	if err := os.Rename(filepath.Join(w.dir, "jetstream"), filepath.Join(t.TempDir(), "gone")); err != nil {
		t.Fatal(err)
	}
	for range 10 { // more than the file that is still open takes
		rows := w.commit(12)
		for i := range rows {
			rows[i].Payload = make([]byte, 100<<10)
		}
		if _, err := w.pool.Exec(t.Context(), `UPDATE outbox SET payload = $1, publish_after = now()`, rows[0].Payload); err != nil {
			t.Fatal(err)
		}
		r.Committed(rows...)
		all = append(all, ids(rows)...)
	}
	eventually(t, "the table is empty", func() bool { return w.left() == 0 })
	if n := billing.missing(all) + stock.missing(all); n > 0 {
		t.Fatalf("%d missing", n)
	}
}
