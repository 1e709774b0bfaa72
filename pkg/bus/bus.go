// Package bus carries messages between services. It is the only place that
// knows NATS.
//
// Duty: run an embedded NATS server with a JetStream file store (StartEmbedded),
// keep a connection (Connect), keep streams and consumers as declared (Declare,
// Keep), publish (Publish), consume in batches (Consume), and tell below which
// sequence every consumer has acknowledged (Floor).
//
// Guarantees: a message is acknowledged only after the handler returned nil, by
// itself, and only over the connection and to the consumer it came from. Floor
// never speaks of a sequence that was given out before its epoch began, so a
// caller that forgets what it remembered when the epoch changes never mistakes
// one message for another that was given the same number.
//
// Not guaranteed: that a message arrives at all, or only once, or in order. The
// store is disposable: it may be wiped, or put back as it was a while ago.
// pkg/outbox (which keeps rows until they are acknowledged) and pkg/inbox (which
// applies each message once) make the guarantees.
package bus

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// reconnectWait is the pause between tries to reach the server; short, since
	// rows wait meanwhile and a try costs next to nothing.
	reconnectWait = 100 * time.Millisecond
	dialTimeout   = 3 * time.Second
	// pingInterval times two unanswered pings is how long a black hole goes
	// unnoticed.
	pingInterval = 4 * time.Second
	// requestTimeout bounds one question to the server and one publication.
	requestTimeout = 5 * time.Second
	// publishWindow is how many publications may be under way at once.
	publishWindow = 8192
)

// Bus is a connection that comes back by itself. Safe for concurrent use.
type Bus struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	admin    jetstream.JetStream // declares; nil when somebody elsewhere does
	peer     *Peer               // nil on a bus without walls
	log      *slog.Logger
	replicas int
	metrics  metrics

	wake   broadcast     // reconnected, or somebody saw something missing
	epochs atomic.Uint64 // source of Floor.Epoch

	mu       sync.Mutex
	floors   map[string]*floorState
	acked    map[string]uint64 // stream → highest sequence a PubAck told us
	declared map[string]Stream
	settled  map[string]bool // streams that were as declared once
	health   map[string]*health
}

// Connect reaches the server, waiting for it until ctx ends; from then on it
// reconnects for ever. A server that does not know the client's key is not waited
// for (Denied). Close it at the end.
func Connect(ctx context.Context, cfg Config, log *slog.Logger) (*Bus, error) {
	b := &Bus{
		log: log, peer: cfg.Peer, replicas: max(cfg.Replicas, 1), metrics: newMetrics(cfg.Metrics),
		floors: map[string]*floorState{}, acked: map[string]uint64{}, declared: map[string]Stream{}, settled: map[string]bool{}, health: map[string]*health{},
	}
	connected := make(chan struct{}, 1)
	url, options, err := cfg.options()
	if err != nil {
		return nil, fault.New(fault.Invalid, "BUS_CONFIG", "the bus connection cannot be set up").Wrap(err)
	}
	options = append(options,
		nats.ConnectHandler(func(*nats.Conn) { connected <- struct{}{} }),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if !nc.IsClosed() { // Close is no loss
				log.Warn("bus connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			log.Info("bus connection back")
			b.metrics.reconnects.Inc()
			b.wake.tell()
		}),
		nats.ErrorHandler(b.trouble(log)))
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fault.New(fault.Invalid, "BUS_CONFIG", "the bus connection cannot be set up").Wrap(err)
	}
	if err := arrive(ctx, nc, connected); err != nil {
		nc.Close()
		return nil, err
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(publishWindow),
		jetstream.WithPublishAsyncTimeout(requestTimeout), jetstream.WithDefaultTimeout(requestTimeout))
	if err != nil {
		nc.Close()
		return nil, fault.New(fault.Internal, "BUS_CONFIG", "the bus connection cannot be set up").Wrap(err)
	}
	b.nc, b.js = nc, js
	switch {
	case cfg.Courier != nil:
		b.admin = cfg.Courier.js
	case cfg.Peer == nil || len(cfg.Peer.Declares) > 0:
		b.admin = js
	}
	return b, nil
}

// Close ends the connection. What is under way fails.
func (b *Bus) Close() { b.nc.Close() }

// Epoch counts reconnects. What was received or published in another epoch says
// nothing about the store behind the present connection.
func (b *Bus) Epoch() uint64 { return b.nc.Stats().Reconnects }

// Ready reports whether the server can be reached and its store answers.
func (b *Bus) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var err error
	switch p := b.peer; { // who has a peer may ask about what is its own
	case p == nil:
		_, err = b.js.AccountInfo(ctx)
	case len(p.Publishes) > 0:
		_, err = b.js.Stream(ctx, p.Publishes[0].Name)
	case len(p.Consumes) > 0:
		_, err = b.js.Consumer(ctx, p.Consumes[0].Stream, p.Consumes[0].Consumer)
	default:
		err = b.nc.FlushWithContext(ctx)
	}
	if err != nil {
		return unavailable("the bus does not answer", err)
	}
	return nil
}

func unavailable(message string, err error) error {
	return fault.New(fault.Unavailable, "BUS_UNAVAILABLE", "%s", message).WithRetry(time.Second).Wrap(err)
}

// broadcast wakes everybody who waits.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed by the next tell.
func (c *broadcast) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil {
		c.ch = make(chan struct{})
	}
	return c.ch
}

func (c *broadcast) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != nil {
		close(c.ch)
		c.ch = nil
	}
}

// pause waits for d, until ctx ends or until early is closed; it reports whether
// ctx still runs.
func pause(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
