package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

// world is one PostgreSQL server, one NATS server and the services, each a
// process of its own; intake and autoprocessing run twice.
type world struct {
	settings
	dir      string
	postgres *postgres.Local
	pool     *pgxpool.Pool
	nats     *process
	services map[string]*process
	address  map[string]string // gRPC address by process
	natsURL  string
}

// replicas are the processes and the programs they run.
var replicas = []struct{ name, program string }{
	{"registry", "registry"}, {"intake-1", "intake"}, {"intake-2", "intake"},
	{"autoprocessing-1", "autoprocessing"}, {"autoprocessing-2", "autoprocessing"}, {"adviceoutcome", "adviceoutcome"},
}

func newWorld(ctx context.Context, s settings) (*world, error) {
	dir, err := os.MkdirTemp("", "noticehub-chaos-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return nil, err
	}
	w := &world{settings: s, dir: dir, services: map[string]*process{}, address: map[string]string{}}
	say("seed %d, directory %s, planted %q", s.seed, dir, s.planted)
	if w.postgres, err = w.startPostgres(ctx); err != nil {
		return nil, err
	}
	w.pool, err = pgxpool.New(ctx, w.postgres.URL())
	return w, err
}

func (w *world) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

func (w *world) startPostgres(ctx context.Context) (*postgres.Local, error) {
	return postgres.StartLocal(ctx, postgres.LocalOptions{Dir: filepath.Join(w.dir, "postgres"), Log: slog.New(slog.DiscardHandler)})
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (w *world) start(ctx context.Context) error {
	listen, err := freeAddress()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	w.natsURL = "nats://" + listen
	w.nats = &process{name: "nats", log: filepath.Join(w.dir, "nats.log"), command: []string{self, "nats", filepath.Join(w.dir, "nats"), listen}}
	if err := w.nats.start(); err != nil {
		return err
	}
	for _, r := range replicas {
		if w.address[r.name], err = freeAddress(); err != nil {
			return err
		}
	}
	for _, r := range replicas {
		p := &process{name: r.name, log: filepath.Join(w.dir, r.name+".log"), command: []string{filepath.Join(w.bin, r.program)}, env: w.environment(r.name)}
		if err := p.start(); err != nil {
			return err
		}
		w.services[r.name] = p
		if r.name == "registry" {
			if err := w.seedRegistry(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) environment(name string) []string {
	return []string{
		"NOTICEHUB_DATABASE_URL=" + w.postgres.URL(), "NOTICEHUB_MIGRATE_URL=" + w.postgres.URL(), "NOTICEHUB_NATS_URL=" + w.natsURL,
		"NOTICEHUB_GRPC_LISTEN=" + w.address[name], "NOTICEHUB_HTTP_LISTEN=127.0.0.1:0", "NOTICEHUB_DEVELOPMENT=true",
		"NOTICEHUB_SANDBOX_CLOCK=" + filepath.Join(w.dir, "clock.json"), "NOTICEHUB_REGISTRY_ADDRESS=" + w.address["registry"],
		"NOTICEHUB_RECEIPT_KEY_FILE=" + filepath.Join(w.dir, "receipt.pem"), "NOTICEHUB_SIGNING_KEY_FILE=" + filepath.Join(w.dir, "report.pem"),
		"NOTICEHUB_CREATE_KEYS=true", "NOTICEHUB_LOG_LEVEL=warn", "NOTICEHUB_SABOTAGE=" + w.planted,
	}
}

func (w *world) dial(name string, c identity.Caller) (*grpc.ClientConn, error) {
	token := identity.DevelopmentToken(c)
	return rpc.Dial(w.address[name], func() string { return token }, telemetry.Discard())
}

func (w *world) close() {
	for _, p := range w.services {
		p.kill()
	}
	if w.nats != nil {
		w.nats.kill()
	}
	w.pool.Close()
	w.postgres.Kill()
	if !w.keep {
		_ = os.RemoveAll(w.dir)
	}
}

// serveNATS is the broker's process.
func serveNATS(ctx context.Context, dir, listen string) error {
	server, err := bus.StartEmbedded(bus.EmbeddedOptions{Dir: dir, Key: "chaos", Listen: listen, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

// eventually asks until it is so, or the time is over.
func eventually(ctx context.Context, limit time.Duration, so func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := so()
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		time.Sleep(250 * time.Millisecond)
	}
}

func (w *world) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := w.pool.QueryRow(ctx, query, args...).Scan(&n)
	if err != nil {
		err = fmt.Errorf("%.80s: %w", query, err)
	}
	return n, err
}
