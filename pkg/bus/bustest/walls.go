package bustest

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
)

// Walls is a server that knows its clients by their keys.
type Walls struct {
	Server *bus.Embedded
	// Refusals has the server's count of what it refused.
	Refusals *prometheus.Registry

	said  *telemetrytest.Log
	peers map[string]bus.Peer
	seeds map[string]string
}

// Walled starts a server for the peers, which get fresh keys; it ends with the test.
func Walled(t testing.TB, peers ...bus.Peer) *Walls {
	t.Helper()
	w := &Walls{Refusals: prometheus.NewRegistry(), said: &telemetrytest.Log{}, peers: map[string]bus.Peer{}, seeds: map[string]string{}}
	peers = append([]bus.Peer{}, peers...)
	for i := range peers {
		seed, key, err := bus.NewSeed()
		if err != nil {
			t.Fatal(err)
		}
		peers[i].Key = key
		w.peers[peers[i].Name], w.seeds[peers[i].Name] = peers[i], seed
	}
	server, err := bus.StartEmbedded(bus.EmbeddedOptions{
		Dir: t.TempDir(), Key: Key, Listen: "127.0.0.1:0", Peers: peers, Log: slog.New(slog.NewTextHandler(w.said, nil)), Metrics: w.Refusals,
	})
	if err != nil {
		t.Fatalf("start embedded bus: %v", err)
	}
	t.Cleanup(server.Shutdown)
	w.Server = server
	return w
}

// Config is how a peer connects, over a socket.
func (w *Walls) Config(name string) bus.Config {
	peer := w.peers[name]
	return bus.Config{URL: w.Server.URL(), Name: name, Peer: &peer, Seed: w.seeds[name]}
}

// Connect connects a peer, with a courier or without.
func (w *Walls) Connect(t testing.TB, name string, courier *bus.Bus) *bus.Bus {
	t.Helper()
	c := w.Config(name)
	c.Courier = courier
	b, err := bus.Connect(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("connect %s to embedded bus: %v", name, err)
	}
	t.Cleanup(b.Close)
	return b
}

// Said is what the server has logged.
func (w *Walls) Said() string { return w.said.String() }
