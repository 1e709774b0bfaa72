// Package launch starts one service as a program of its own: settings, database,
// bus, telemetry, server. What the service does is the service's; a main only
// names it.
package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// DoorConns is the most connections of a pool that serves what authorities ask.
const DoorConns = 8

// Settings are those every service has.
type Settings struct {
	// DatabaseURL is the truth.
	DatabaseURL string `config:"database_url" doc:"PostgreSQL URL with the login of the service's own role; on another machine with sslmode=verify-full and channel_binding=require"`
	// MigrateURL may create roles and schemas; empty means somebody else migrates.
	MigrateURL string `config:"migrate_url" doc:"PostgreSQL URL of a role that may create schemas and roles; empty skips migration"`
	// Bus is who the service is on the bus.
	Bus BusSettings `config:",inline"`
	// GRPCListen is the native gRPC listener.
	GRPCListen string `config:"grpc_listen" default:"127.0.0.1:0" doc:"address of the gRPC listener"`
	// HTTPListen serves REST, Connect, gRPC-Web, health and metrics.
	HTTPListen string `config:"http_listen" default:"127.0.0.1:0" doc:"address of the HTTP listener: REST, Connect, gRPC-Web, health, metrics"`
	// Zone is the agency's time zone; local dates are dates there.
	Zone string `config:"zone" default:"Australia/Sydney" doc:"time zone of the agency"`
	// MaxConns bounds the pool.
	MaxConns int32 `config:"max_conns" default:"12" doc:"most connections to PostgreSQL"`
	// RegistryAddress is where services that ask the registry find it.
	RegistryAddress string `config:"registry_address" doc:"gRPC address of the registry, for the services that ask it"`
	// AuditKeyFile is the key by which the audit log names customers.
	AuditKeyFile string `config:"audit_key_file" default:"keys/audit.key" doc:"file with the key, 64 hexadecimal digits, by which the audit log names customers; one for all services"`
	// SandboxClock moves business time; for sandboxes and fault tests.
	SandboxClock string `config:"sandbox_clock" doc:"file with the offset of a sandbox's business clock; empty means real time"`
	// Development accepts development tokens, works without TLS and serves reflection.
	Development bool `config:"development" default:"false" doc:"accept development tokens, work without TLS, make missing keys, serve reflection; never on a machine others can reach"`
	// Door says who is let in.
	Door DoorSettings `config:",inline"`
	// Telemetry settings.
	Telemetry telemetry.Config `config:",inline"`
}

// Validate reports missing or malformed settings.
func (s Settings) Validate() error {
	var problems []error
	if s.DatabaseURL == "" {
		problems = append(problems, errors.New("database_url is missing: set NOTICEHUB_DATABASE_URL"))
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" {
		problems = append(problems, fmt.Errorf("zone %q is not a time zone", s.Zone))
	}
	if s.MaxConns < 2 {
		problems = append(problems, errors.New("max_conns must be at least 2"))
	}
	if !s.Development {
		problems = append(problems, s.protected(), s.Door.secure())
	}
	return errors.Join(problems...)
}

// Parts are what a service is made of.
type Parts struct {
	// Pool is the service's database as its own role, for its own work: all rows.
	Pool *pgxpool.Pool
	// Door is the same for what authorities ask: no rows, until a transaction names
	// the authority (postgres.InScope).
	Door *pgxpool.Pool
	// Audit writes the service's audit entries.
	Audit *audit.Writer
	// Bus is the connection to NATS; nil for a service that uses no stream.
	Bus *bus.Bus
	// Clock is the business clock.
	Clock clock.Clock
	// Calendar knows business days.
	Calendar *calendar.Calendar
	// Zone is the agency's.
	Zone *time.Location
	// Telemetry of the service.
	Telemetry *telemetry.Telemetry

	registryAddress string
	certificates    *tlsfiles.Store             // nil without TLS
	keep            func(context.Context) error // the courier's work
}

// Registry is a client of the registry, for calls by the named service.
func (p Parts) Registry(service string) (registryv1.RegistryServiceClient, error) {
	if p.registryAddress == "" {
		return nil, errors.New("registry_address is missing: set NOTICEHUB_REGISTRY_ADDRESS")
	}
	o := rpc.DialOptions{Telemetry: p.Telemetry}
	if p.certificates != nil {
		o.TLS = p.certificates.Client
	} else {
		token := identity.DevelopmentToken(identity.Caller{Kind: identity.Service, ID: service})
		o.Token = func() string { return token }
	}
	conn, err := rpc.DialWith(p.registryAddress, o)
	return registryv1.NewRegistryServiceClient(conn), err
}

// Service is what every service gives.
type Service interface {
	// Register adds its gRPC services.
	Register(grpc.ServiceRegistrar)
	// Methods says who may call what.
	Methods() identity.Table
	// Ready reports what keeps it from serving.
	Ready(context.Context) error
	// Run does its work until ctx ends.
	Run(context.Context) error
}

// Main runs the named service as a program; settings come from the environment
// and from the file named by NOTICEHUB_CONFIG. specific points to the service's
// own settings, next to the common ones.
func Main(name string, schema postgres.Schema, specific any, build func(Parts) (Service, error)) {
	TuneMemory()
	run.Main(name, func(ctx context.Context) error {
		var s Settings
		if err := config.Load(config.Options{File: os.Getenv("NOTICEHUB_CONFIG")}, &s, specific); err != nil {
			return err
		}
		parts, closeAll, err := open(ctx, name, schema, s)
		if err != nil {
			return err
		}
		defer closeAll()
		service, err := build(parts)
		if err != nil {
			return err
		}
		return Serve(ctx, name, s, parts, service)
	})
}

func open(ctx context.Context, name string, schema postgres.Schema, s Settings) (Parts, func(), error) {
	var p Parts
	tel, stop, err := telemetry.Start(ctx, name, s.Telemetry)
	if err != nil {
		return p, nil, err
	}
	p.Telemetry, p.Clock, p.registryAddress = tel, clock.System(), s.RegistryAddress
	if p.certificates, err = s.Door.certificates(name, tel); err != nil {
		return p, nil, err
	}
	if s.SandboxClock != "" {
		if p.Clock, err = clock.OpenSandbox(s.SandboxClock); err != nil {
			return p, nil, err
		}
	}
	if p.Calendar, err = calendar.Load(); err != nil {
		return p, nil, err
	}
	if p.Zone, err = time.LoadLocation(s.Zone); err != nil {
		return p, nil, err
	}
	key, err := SecretFile(s.AuditKeyFile, s.Development)
	if err != nil {
		return p, nil, fmt.Errorf("audit_key_file: %w", err)
	}
	if p.Audit, err = audit.NewWriter(name, key); err != nil {
		return p, nil, err
	}
	if s.MigrateURL != "" {
		if err := postgres.Migrate(ctx, s.MigrateURL, tel.Log, schema); err != nil {
			return p, nil, fmt.Errorf("migrate: %w", err)
		}
	}
	if p.Pool, err = postgres.Open(ctx, s.DatabaseURL, schema, postgres.Options{MaxConns: s.MaxConns, ApplicationName: name, Scope: postgres.Everything}); err != nil {
		return p, nil, fmt.Errorf("open the database: %w", err)
	}
	if err := CheckDatabase(ctx, p.Pool, schema, s.Development); err != nil {
		p.Pool.Close()
		return p, nil, err
	}
	if p.Door, err = postgres.Open(ctx, s.DatabaseURL, schema, postgres.Options{MaxConns: DoorConns, ApplicationName: name + "-door"}); err != nil {
		p.Pool.Close()
		return p, nil, fmt.Errorf("open the database: %w", err)
	}
	var closeBus func()
	if p.Bus, p.keep, closeBus, err = s.Bus.connectBus(ctx, name, s.Development, tel); err != nil {
		p.Door.Close()
		p.Pool.Close()
		return p, nil, err
	}
	return p, func() {
		closeBus()
		p.Door.Close()
		p.Pool.Close()
		_ = stop(context.WithoutCancel(ctx)) // spans that cannot be sent at the end are not worth an error
	}, nil
}

// Serve runs a service behind its listeners until ctx ends.
func Serve(ctx context.Context, name string, s Settings, p Parts, service Service) error {
	door, err := openDoor(name, s, p, service)
	if err != nil {
		return err
	}
	server := door.Server
	service.Register(server)
	server.Ready("database", p.Pool.Ping)
	server.Ready(name, service.Ready)
	if pages, ok := service.(interface {
		Mount(handle func(pattern string, h http.Handler))
	}); ok {
		pages.Mount(server.Handle)
	}
	listeners, err := Listen(ctx, s.GRPCListen, s.HTTPListen, s.Door.OpsListen)
	if err != nil {
		return err
	}
	p.Telemetry.Log.Info("serving", "grpc", listeners.GRPC.Addr().String(), "http", listeners.HTTP.Addr().String())
	work := append(door.keep, p.keep, service.Run, func(ctx context.Context) error { return server.Serve(ctx, listeners) })
	return run.All(ctx, work...)
}

// Listen opens the listeners; a port that is taken is named in the error. An
// empty address for operations opens none.
func Listen(ctx context.Context, grpcAddress, httpAddress, opsAddress string) (l rpc.Listeners, err error) {
	var config net.ListenConfig
	open := func(into *net.Listener, address, what, setting string) {
		if err != nil || address == "" {
			return
		}
		if *into, err = config.Listen(ctx, "tcp", address); err != nil {
			err = fmt.Errorf("cannot listen for %s on %s: %w; choose another address with %s", what, address, err, setting)
		}
	}
	open(&l.GRPC, grpcAddress, "gRPC", "NOTICEHUB_GRPC_LISTEN or --grpc")
	open(&l.HTTP, httpAddress, "HTTP", "NOTICEHUB_HTTP_LISTEN or --http")
	open(&l.Ops, opsAddress, "operations", "NOTICEHUB_OPS_LISTEN")
	if err != nil {
		for _, listener := range []net.Listener{l.GRPC, l.HTTP, l.Ops} {
			if listener != nil {
				_ = listener.Close() // nothing was accepted
			}
		}
	}
	return l, err
}
