package canary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// stage is a hub with everything it says listened to.
type stage struct {
	ctx   context.Context
	dir   string
	set   *Set
	log   telemetrytest.Log
	spans *tracetest.InMemoryExporter
	bus   *bus.Embedded
	tap   *nats.Conn
	hub   *hub.Hub
	admin *pgxpool.Pool
	stop  context.CancelFunc
	ended chan error
	conns []*grpc.ClientConn

	mu     sync.Mutex
	heard  []*nats.Msg
	called map[string]bool
	owned  int // canaries that came back to their authority
	// Events of restricted records, and names of children in those of others.
	restricted, children int
	hits                 map[string]int
	problems             []string
	action               func(string)
}

// open starts a bus that can be listened to, and the hub on it.
func (s *stage) open() (err error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return err
	}
	s.called, s.spans = map[string]bool{}, tracetest.NewInMemoryExporter()
	config := telemetry.Config{LogFormat: "json", LogLevel: "debug", SampleRatio: 1, Output: &s.log, Spans: s.spans}
	tel, _, err := telemetry.Start(s.ctx, "canary", config)
	if err != nil {
		return err
	}
	if s.bus, err = bus.StartEmbedded(bus.EmbeddedOptions{Dir: filepath.Join(s.dir, "bus"), Key: "canary", Listen: "127.0.0.1:0", Log: tel.Log}); err != nil {
		return err
	}
	if s.tap, err = nats.Connect(s.bus.URL()); err != nil {
		return fmt.Errorf("listen to the bus: %w", err)
	}
	if _, err = s.tap.Subscribe(">", func(m *nats.Msg) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.heard = append(s.heard, m)
	}); err != nil {
		return err
	}
	if s.hub, err = hub.Open(s.ctx, hub.Options{
		Insecure: true, Unlimited: true,
		Dir: filepath.Join(s.dir, "hub"), NATSURL: s.bus.URL(), GRPCListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0",
		Zone: "Australia/Sydney", FastDisk: true, Telemetry: config,
	}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	s.stop, s.ended = cancel, make(chan error, 1)
	go func() { s.ended <- s.hub.Run(ctx) }()
	s.admin, err = pgxpool.New(s.ctx, s.hub.DatabaseURL())
	return err
}

func (s *stage) close() (err error) {
	for _, c := range s.conns {
		_ = c.Close()
	}
	if s.admin != nil {
		s.admin.Close()
	}
	if s.stop != nil {
		s.stop()
		err = <-s.ended
	}
	if s.tap != nil {
		s.tap.Close()
	}
	if s.bus != nil {
		s.bus.Shutdown()
	}
	return err
}

// as is a connection whose calls are the caller's; what it is answered is looked at.
func (s *stage) as(c identity.Caller) grpc.ClientConnInterface {
	conn, err := s.hub.Conn(c)
	if err != nil {
		s.problem("connect %s: %v", c.Actor(), err)
		return nil
	}
	s.conns = append(s.conns, conn)
	return &watched{conn, s, c}
}

// until waits until it is so.
func (s *stage) until(what string, so func() bool) error {
	for deadline := time.Now().Add(settle); !so(); {
		if time.Now().After(deadline) {
			return errors.New("waited in vain until " + what)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}
