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
	"github.com/prometheus/client_golang/prometheus"

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

// Config says how to reach the server.
type Config struct {
	// URL of the server or servers, comma-separated; not needed with InProcess.
	URL string
	// Name of the client in the server's monitoring.
	Name string
	// InProcess connects to a server in this process without a socket.
	InProcess *Embedded
	// Credentials is the path of a NATS credentials file; may be empty.
	Credentials string
	// RootCA, ClientCert and ClientKey are paths of PEM files for TLS; may be empty.
	RootCA, ClientCert, ClientKey string
	// Replicas of each stream: 1, or 3 in a cluster; 0 means 1.
	Replicas int
	// Metrics takes the counters; may be nil.
	Metrics *prometheus.Registry
}

// Bus is a connection that comes back by itself. Safe for concurrent use.
type Bus struct {
	nc       *nats.Conn
	js       jetstream.JetStream
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
// reconnects for ever. Close it at the end.
func Connect(ctx context.Context, cfg Config, log *slog.Logger) (*Bus, error) {
	b := &Bus{
		log: log, replicas: max(cfg.Replicas, 1), metrics: newMetrics(cfg.Metrics),
		floors: map[string]*floorState{}, acked: map[string]uint64{}, declared: map[string]Stream{}, settled: map[string]bool{}, health: map[string]*health{},
	}
	connected := make(chan struct{}, 1)
	options := []nats.Option{
		nats.Name(cfg.Name), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait, reconnectWait),
		nats.Timeout(dialTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		// Nothing said to a dead connection may reach the next one: it could
		// acknowledge another message.
		nats.ReconnectBufSize(-1),
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
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("bus trouble", "error", err) }),
	}
	if cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(cfg.Credentials))
	}
	if cfg.RootCA != "" {
		options = append(options, nats.RootCAs(cfg.RootCA))
	}
	if cfg.ClientCert != "" {
		options = append(options, nats.ClientCert(cfg.ClientCert, cfg.ClientKey))
	}
	url := cfg.URL
	if cfg.InProcess != nil {
		url = ""
		options = append(options, nats.InProcessServer(cfg.InProcess), nats.Token(cfg.InProcess.options.Token))
	}
	nc, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fault.New(fault.Invalid, "BUS_CONFIG", "the bus connection cannot be set up").Wrap(err)
	}
	select {
	case <-connected:
	case <-ctx.Done():
		nc.Close()
		return nil, fault.New(fault.Unavailable, "BUS_UNAVAILABLE", "the bus cannot be reached").Wrap(ctx.Err())
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(publishWindow),
		jetstream.WithPublishAsyncTimeout(requestTimeout), jetstream.WithDefaultTimeout(requestTimeout))
	if err != nil {
		nc.Close()
		return nil, fault.New(fault.Internal, "BUS_CONFIG", "the bus connection cannot be set up").Wrap(err)
	}
	b.nc, b.js = nc, js
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
	if _, err := b.js.AccountInfo(ctx); err != nil {
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
