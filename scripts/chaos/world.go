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
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

// world is one PostgreSQL server, one NATS server and the services, each a
// process of its own; all but the registry run twice.
type world struct {
	settings
	dir      string
	lock     *os.File
	puzzling bool // somebody will want to read the logs
	postgres *postgres.Local
	pool     *pgxpool.Pool
	nats     *process
	services map[string]*process
	address  map[string]string // gRPC address by process
	natsURL  string
	zone     *time.Location
	offset   atomic.Int64 // of the business clock, in seconds
}

// replica is a process and the program it runs.
type replica struct{ name, program string }

var replicas = []replica{
	{"registry", "registry"}, {"intake-1", "intake"}, {"intake-2", "intake"},
	{"autoprocessing-1", "autoprocessing"}, {"autoprocessing-2", "autoprocessing"},
	{"adviceoutcome-1", "adviceoutcome"}, {"adviceoutcome-2", "adviceoutcome"},
	{"workitems-1", "workitems"}, {"workitems-2", "workitems"},
}

// agencyZone is where the business days of the services begin.
const agencyZone = "Australia/Sydney"

func newWorld(ctx context.Context, s settings) (*world, error) {
	dir, lock, err := makeDir()
	if err != nil {
		return nil, err
	}
	w := &world{settings: s, dir: dir, lock: lock, services: map[string]*process{}, address: map[string]string{}}
	if s.verbose {
		narrative = os.Stderr
	} else if narrative, err = os.Create(w.file("chaos.log")); err != nil {
		return w, err
	}
	if w.zone, err = time.LoadLocation(agencyZone); err != nil {
		return w, err
	}
	if s.planted == "" {
		tell("seed %d, %.1f minutes of faults, in %s", s.seed, s.minutes, dir)
	} else {
		tell("seed %d, with %s planted, in %s", s.seed, s.planted, dir)
	}
	if err := w.startPostgres(ctx); err != nil {
		return w, err
	}
	w.pool, err = pgxpool.New(ctx, w.postgres.URL())
	return w, err
}

func (w *world) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

func (w *world) startPostgres(ctx context.Context) (err error) {
	w.postgres, err = postgres.StartLocal(ctx, postgres.LocalOptions{
		Dir: w.file("postgres"), Log: slog.New(slog.DiscardHandler),
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
	w.nats = &process{name: "nats", log: w.file("nats.log"), command: []string{self, "nats", w.store(), listen}}
	if err := w.startBroker(ctx); err != nil {
		return err
	}
	for _, r := range replicas {
		if w.address[r.name], err = freeAddress(); err != nil {
			return err
		}
	}
	for _, r := range replicas {
		w.services[r.name] = &process{name: r.name, log: w.file(r.name + ".log"), command: []string{filepath.Join(w.bin, r.program)}, env: w.environment(r.name)}
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
		"NOTICEHUB_RECEIPT_KEY_FILE=" + w.file("receipt.pem"), "NOTICEHUB_SIGNING_KEY_FILE=" + w.file("report.pem"),
		"NOTICEHUB_AUDIT_KEY_FILE=" + w.file("audit.key"),
		// Limits are for strangers; here they would hide what comes behind them.
		"NOTICEHUB_CALLS_PER_SECOND=0", "NOTICEHUB_MESSAGES_PER_SECOND=0", "NOTICEHUB_CUSTOMER_RATE=0", "NOTICEHUB_SEARCH_QUOTA=0",
		"NOTICEHUB_CREATE_KEYS=true", "NOTICEHUB_LOG_LEVEL=warn", "NOTICEHUB_SABOTAGE=" + w.planted, "NOTICEHUB_ZONE=" + agencyZone,
		// What falls due by date has to show while somebody waits for it.
		"NOTICEHUB_SWEEP_EVERY=5s",
	}
}

func (w *world) clockFile() string { return w.file("clock.json") }

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
	_ = w.lock.Close()
	switch {
	case w.keep:
		_ = os.Remove(w.lock.Name())
		tell("kept: %s", w.dir)
	case w.puzzling:
		_ = os.Remove(w.lock.Name())
		for _, large := range []string{"postgres", "nats", "nats.older"} {
			_ = os.RemoveAll(w.file(large))
		}
		tell("logs are kept in %s; -keep -seed %d keeps the database of a run like this", w.dir, w.seed)
	default:
		_ = os.RemoveAll(w.dir)
	}
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

// makeDir makes the directory of a run and removes those of runs that were killed.
func makeDir() (string, *os.File, error) {
	locks, _ := filepath.Glob(filepath.Join(os.TempDir(), "noticehub-chaos-*", "running")) // the pattern is well formed
	for _, name := range locks {
		if lock, err := os.Open(name); err == nil {
			if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
				_ = os.RemoveAll(filepath.Dir(name))
			}
			_ = lock.Close()
		}
	}
	dir, err := os.MkdirTemp("", "noticehub-chaos-")
	if err != nil {
		return "", nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return "", nil, err
	}
	lock, err := os.Create(filepath.Join(dir, "running"))
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	return dir, lock, err
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
