package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

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
	zone     *time.Location
	offset   atomic.Int64 // of the business clock, in seconds
}

// replicas are the processes and the programs they run.
var replicas = []struct{ name, program string }{
	{"registry", "registry"}, {"intake-1", "intake"}, {"intake-2", "intake"},
	{"autoprocessing-1", "autoprocessing"}, {"autoprocessing-2", "autoprocessing"}, {"adviceoutcome", "adviceoutcome"},
}

// agencyZone is where the business days of the services begin.
const agencyZone = "Australia/Sydney"

func newWorld(ctx context.Context, s settings) (*world, error) {
	dir, err := os.MkdirTemp("", "noticehub-chaos-")
	if err != nil {
		return nil, err
	}
	w := &world{settings: s, dir: dir, services: map[string]*process{}, address: map[string]string{}}
	if w.zone, err = time.LoadLocation(agencyZone); err != nil {
		return w, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return w, err
	}
	say("seed %d, directory %s, planted %q", s.seed, dir, s.planted)
	if err := w.startPostgres(ctx); err != nil {
		return w, err
	}
	w.pool, err = pgxpool.New(ctx, w.postgres.URL())
	return w, err
}

func (w *world) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

func (w *world) startPostgres(ctx context.Context) (err error) {
	w.postgres, err = postgres.StartLocal(ctx, postgres.LocalOptions{
		Dir: filepath.Join(w.dir, "postgres"), Log: slog.New(slog.DiscardHandler),
		// When a transaction committed is what the order of decisions is checked by.
		Settings: map[string]string{"track_commit_timestamp": "on", "log_lock_waits": "on", "log_min_messages": "error", "log_min_error_statement": "error"},
	})
	return err
}

// freeAddress is a loopback address nobody listens on, below the ports the
// kernel gives to outgoing connections: it is still free after a kill.
func freeAddress() (string, error) {
	for range 200 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", errors.New("no free port on 127.0.0.1")
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
	w.nats = &process{name: "nats", log: filepath.Join(w.dir, "nats.log"), command: []string{self, "nats", w.store(), listen}}
	if err := w.startBroker(ctx); err != nil {
		return err
	}
	for _, r := range replicas {
		if w.address[r.name], err = freeAddress(); err != nil {
			return err
		}
	}
	for _, r := range replicas {
		w.services[r.name] = &process{name: r.name, log: filepath.Join(w.dir, r.name+".log"), command: []string{filepath.Join(w.bin, r.program)}, env: w.environment(r.name)}
		if err := w.services[r.name].start(); err != nil {
			return err
		}
	}
	return w.seedRegistry(ctx)
}

func (w *world) environment(name string) []string {
	return []string{
		"NOTICEHUB_DATABASE_URL=" + w.postgres.URL(), "NOTICEHUB_MIGRATE_URL=" + w.postgres.URL(), "NOTICEHUB_NATS_URL=" + w.natsURL,
		"NOTICEHUB_GRPC_LISTEN=" + w.address[name], "NOTICEHUB_HTTP_LISTEN=127.0.0.1:0", "NOTICEHUB_DEVELOPMENT=true",
		"NOTICEHUB_SANDBOX_CLOCK=" + w.clockFile(), "NOTICEHUB_REGISTRY_ADDRESS=" + w.address["registry"],
		"NOTICEHUB_RECEIPT_KEY_FILE=" + filepath.Join(w.dir, "receipt.pem"), "NOTICEHUB_SIGNING_KEY_FILE=" + filepath.Join(w.dir, "report.pem"),
		"NOTICEHUB_CREATE_KEYS=true", "NOTICEHUB_LOG_LEVEL=warn", "NOTICEHUB_SABOTAGE=" + w.planted, "NOTICEHUB_ZONE=" + agencyZone,
	}
}

func (w *world) clockFile() string { return filepath.Join(w.dir, "clock.json") }

// now is the business time in the agency's zone.
func (w *world) now() time.Time {
	return time.Now().Add(time.Duration(w.offset.Load()) * time.Second).In(w.zone)
}

// setClock moves the business clock; services see it when they start.
func (w *world) setClock(offset time.Duration) error {
	w.offset.Store(int64(offset.Seconds()))
	return os.WriteFile(w.clockFile(), fmt.Appendf(nil, `{"offset_seconds":%d}`, w.offset.Load()), 0o644)
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
	if w.pool != nil {
		w.pool.Close()
	}
	if w.postgres != nil {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = w.postgres.Stop(over) // without a checkpoint; nothing of it is kept
	}
	if w.keep {
		say("kept: %s", w.dir)
		return
	}
	_ = os.RemoveAll(w.dir)
}

// eventually asks until it is so, or the time is over.
func eventually(ctx context.Context, limit time.Duration, so func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := so()
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		sleep(ctx, 250*time.Millisecond)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (w *world) count(ctx context.Context, query string, args ...any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var n int
	err := w.pool.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}
