// Package hub puts the whole hub together in one process: an embedded NATS
// server, a local PostgreSQL server, every service and one pair of listeners.
// Databases and brokers elsewhere are used instead when their URLs are given.
// The services are the same as in their own programs; only the wiring is here.
package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/telemetry"
	auditservice "github.com/noticehub/noticehub/services/audit"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/internal/devprovider"
	"github.com/noticehub/noticehub/services/internal/launch"
	"github.com/noticehub/noticehub/services/internal/operations"
)

// AddressFile in the hub's directory tells clients on the machine where it listens.
const AddressFile = "address.json"

// Addresses is the content of the address file.
type Addresses struct {
	// GRPC is host:port of the gRPC listener.
	GRPC string `json:"grpc"`
	// HTTP is host:port of the HTTP listener.
	HTTP string `json:"http"`
	// PID is the process that serves them.
	PID int `json:"pid"`
	// Insecure says that gRPC is not encrypted.
	Insecure bool `json:"insecure,omitempty"`
}

// Options say where the hub lives and what it uses.
type Options struct {
	// Dir holds everything the hub keeps on disk.
	Dir string
	// DatabaseURL replaces the local PostgreSQL server; its role must be able to
	// create schemas and roles.
	DatabaseURL string
	// NATSURL replaces the embedded NATS server.
	NATSURL string
	// GRPCListen and HTTPListen are the listeners' addresses, on this machine only;
	// port 0 takes a free one.
	GRPCListen, HTTPListen string
	// Zone is the agency's time zone.
	Zone string
	// Clock is the business clock; nil opens the directory's sandbox clock.
	Clock clock.Clock
	// FastDisk gives up PostgreSQL's durability; for tests only.
	FastDisk bool
	// Telemetry settings.
	Telemetry telemetry.Config
	// Insecure serves gRPC without TLS, to whoever brings a development token: for
	// tests, and to measure what security costs.
	Insecure bool
	// Unlimited lets everybody call as often as they like: for tests and benchmarks.
	Unlimited bool
	// Authorities get tokens from the development sign-in.
	Authorities []string
	// Conns is the most connections to PostgreSQL of each service; 0 means 12.
	Conns int32
}

// Hub is a hub that is ready to run.
type Hub struct {
	options   Options
	clock     clock.Clock
	zone      *time.Location
	telemetry *telemetry.Telemetry
	adminURL  string
	logins    map[string]string // URL of a service's own login, by schema
	natsURL   string
	server    *rpc.Server
	recorder  audit.Recorder
	listeners rpc.Listeners
	provider  *devprovider.Provider
	services  []launch.Service
	parts     []operations.Part // of the services, as operations sees them

	people       *console.Service
	auditService *auditservice.Service
	keep         []func(context.Context) error // work of the infrastructure
	closers      []func()                      // in the order of opening
}

// Open starts the infrastructure, migrates the database, wires the services and
// takes the listeners. Nothing is served before Run. Whatever was opened is
// closed again on an error.
func Open(ctx context.Context, o Options) (h *Hub, err error) {
	launch.TuneMemory()
	h = &Hub{options: o, clock: o.Clock}
	defer func() {
		if err != nil {
			h.close()
			h = nil
		}
	}()
	if err := os.MkdirAll(o.Dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return h, fmt.Errorf("the hub's directory: %w", err)
	}
	if h.listeners, err = launch.Listen(ctx, o.GRPCListen, o.HTTPListen, ""); err != nil {
		return h, err
	}
	h.onClose(func() { h.listeners.GRPC.Close(); h.listeners.HTTP.Close() })
	if err := errors.Join(here(h.GRPC()), here(h.HTTP())); err != nil {
		return h, err
	}
	if h.clock == nil {
		if h.clock, err = clock.OpenSandbox(filepath.Join(o.Dir, "clock.json")); err != nil {
			return h, err
		}
	}
	if h.zone, err = time.LoadLocation(o.Zone); err != nil {
		return h, fmt.Errorf("zone: %w", err)
	}
	tel, stop, err := telemetry.Start(ctx, "noticehub", o.Telemetry)
	if err != nil {
		return h, err
	}
	h.telemetry = tel
	h.onClose(func() { _ = stop(context.WithoutCancel(ctx)) })
	if err := h.startPostgres(ctx); err != nil {
		return h, err
	}
	connect, err := h.startBus(ctx)
	if err != nil {
		return h, err
	}
	return h, h.wire(ctx, connect)
}

// here refuses to listen for other machines: the hub takes development tokens,
// its sign-in has no passwords, and HTTP is not encrypted.
func here(address string) error {
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().Unmap().IsLoopback() {
		return nil
	}
	return fmt.Errorf("the hub lets anybody be anybody, so it listens on this machine only, not on %s", address)
}

func (h *Hub) onClose(f func()) { h.closers = append(h.closers, f) }

func (h *Hub) close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
}

func (h *Hub) startPostgres(ctx context.Context) error {
	h.adminURL = h.options.DatabaseURL
	if h.adminURL == "" {
		local, err := postgres.StartLocal(ctx, postgres.LocalOptions{Dir: filepath.Join(h.options.Dir, "postgres"), Log: h.telemetry.Log, NoSync: h.options.FastDisk})
		if err != nil {
			return err
		}
		h.adminURL = local.URL()
		h.keep = append(h.keep, local.Keep)
		h.onClose(func() {
			if err := local.Stop(context.WithoutCancel(ctx)); err != nil {
				h.telemetry.Log.Warn("PostgreSQL did not stop cleanly; it recovers at the next start", "error", err.Error())
			}
		})
	}
	if err := postgres.Migrate(ctx, h.adminURL, h.telemetry.Log, Schemas()...); err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	return h.logIn(ctx)
}

// Run serves until ctx ends, then closes everything in the reverse order.
func (h *Hub) Run(ctx context.Context) error {
	defer h.close()
	if err := h.publishAddress(); err != nil {
		return err
	}
	defer os.Remove(filepath.Join(h.options.Dir, AddressFile))
	work := []func(context.Context) error{func(ctx context.Context) error { return h.server.Serve(ctx, h.listeners) }}
	work = append(work, h.keep...)
	for _, s := range h.services {
		work = append(work, s.Run)
	}
	return run.All(ctx, work...)
}

func (h *Hub) publishAddress() error {
	data, err := json.Marshal(Addresses{GRPC: h.GRPC(), HTTP: h.HTTP(), PID: os.Getpid(), Insecure: h.options.Insecure})
	path := filepath.Join(h.options.Dir, AddressFile)
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o644)
	}
	return errors.Join(err, os.Rename(path+".new", path))
}

// GRPC is the address of the gRPC listener.
func (h *Hub) GRPC() string { return h.listeners.GRPC.Addr().String() }

// HTTP is the address of the HTTP listener.
func (h *Hub) HTTP() string { return h.listeners.HTTP.Addr().String() }

// DatabaseURL is the administrator's URL of the database in use.
func (h *Hub) DatabaseURL() string { return h.adminURL }

// NATSURL is the bus in use, or "in process".
func (h *Hub) NATSURL() string { return h.natsURL }

// Conn is a connection inside the process whose calls are the given caller's.
func (h *Hub) Conn(as identity.Caller) (*grpc.ClientConn, error) {
	return h.server.Dial(identity.With(context.Background(), as))
}
