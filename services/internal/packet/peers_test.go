package packet_test

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
)

var update = flag.Bool("update", false, "write deploy/nats-server.conf")

const sample = "../../../deploy/nats-server.conf"

// The sample for a server of its own says what the declarations say.
func TestServerSample(t *testing.T) {
	t.Parallel()
	want := bus.ServerFile(packet.Peers())
	if *update {
		if err := os.WriteFile(sample, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(sample)
	if err != nil || string(have) != want {
		t.Errorf("deploy/nats-server.conf is not as declared (go test ./internal/packet -run Sample -update writes it): %v", err)
	}
}

// Each stream has one publisher, each consumer one service that is declared.
func TestEverybodyIsDeclared(t *testing.T) {
	t.Parallel()
	for _, s := range subject.Streams() {
		if !slices.Contains(subject.Services(), s.Publisher) {
			t.Errorf("stream %s is published by %q", s.Name, s.Publisher)
		}
		for _, c := range s.Consumers {
			if !slices.Contains(subject.Services(), c.Service) || c.Service == s.Publisher {
				t.Errorf("consumer %s of %s is of %q", c.Name, s.Name, c.Service)
			}
		}
	}
	if !packet.Peer("console").Idle() {
		t.Error("a service that is not declared may do something")
	}
}

// Every client of the hub tries to publish to every stream and to take from every
// consumer: it can do its own, and nothing else.
func TestEveryClientOnEveryStream(t *testing.T) {
	t.Parallel()
	w := bustest.Walled(t, packet.Peers()...)
	courier := w.Connect(t, subject.Courier, nil)
	if err := courier.Declare(t.Context(), packet.All()...); err != nil {
		t.Fatal(err)
	}
	// All publish before anybody takes: the clients wait for answers side by side.
	for _, stage := range []func(*testing.T, *bustest.Walls, bus.Peer){publishEverywhere, takeEverywhere} {
		var all sync.WaitGroup
		for _, peer := range packet.Peers() {
			all.Go(func() { stage(t, w, peer) })
		}
		all.Wait()
	}
}

func connect(t *testing.T, w *bustest.Walls, name string) *bus.Bus {
	b, err := bus.Connect(t.Context(), w.Config(name), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(b.Close)
	return b
}

func publishEverywhere(t *testing.T, w *bustest.Walls, peer bus.Peer) {
	b := connect(t, w, peer.Name)
	if b == nil {
		return
	}
	for _, own := range []bool{true, false} {
		var msgs []bus.Message
		for _, s := range subject.Streams() {
			if own == (s.Publisher == peer.Name) {
				msgs = append(msgs, bus.Message{ID: peer.Name, Stream: s.Name, Subject: subject.Of(s.Name, 0), Data: []byte(peer.Name)})
			}
		}
		acks, err := b.Publish(t.Context(), msgs)
		if err != nil {
			t.Errorf("%s publishes: %v", peer.Name, err)
		}
		for i, a := range acks {
			if own != (a.Err == nil) {
				t.Errorf("%s publishes to %s: %v", peer.Name, msgs[i].Stream, a.Err)
			}
		}
	}
}

func takeEverywhere(t *testing.T, w *bustest.Walls, peer bus.Peer) {
	b := connect(t, w, peer.Name)
	if b == nil {
		return
	}
	for _, s := range subject.Streams() {
		for _, consumer := range s.Consumers {
			own := consumer.Service == peer.Name
			limit := 100 * time.Millisecond
			if own {
				limit = time.Minute
			}
			short, cancel := context.WithTimeout(t.Context(), limit)
			var got []bus.Delivery
			_ = b.Consume(short, bus.ConsumeOptions{Stream: s.Name, Consumer: consumer.Name}, func(_ context.Context, d []bus.Delivery) error {
				got = append(got, d...)
				cancel()
				return nil
			})
			cancel()
			if own != (len(got) == 1) || own && (got[0].ID != s.Publisher || consumer.HeadersOnly != (len(got[0].Data) == 0)) {
				t.Errorf("%s takes from %s of %s: %d messages", peer.Name, consumer.Name, s.Name, len(got))
			}
		}
	}
}
