package launch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

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
	// Siblings are the ways to the services to which this one passes on people's
	// calls (Program.PassesOn), by name.
	Siblings map[string]grpc.ClientConnInterface

	name         string
	settings     Settings
	certificates certificates
	keep         func(context.Context) error // the courier's work
}

// Secret reads a key of the service's own; in development a missing one is made.
func (p Parts) Secret(path string) ([]byte, error) { return SecretFile(path, p.settings.Development) }

func open(ctx context.Context, of Program, s Settings) (p Parts, closeAll func(), err error) {
	p = Parts{name: of.Name, settings: s, Clock: clock.System()}
	var closers []func()
	undo := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	defer func() {
		if err != nil {
			undo()
		}
	}()
	tel, stop, err := telemetry.Start(ctx, of.Name, s.Telemetry)
	if err != nil {
		return p, nil, err
	}
	p.Telemetry = tel
	// Spans that cannot be sent at the end are not worth an error.
	closers = append(closers, func() { _ = stop(context.WithoutCancel(ctx)) })
	if err := p.things(); err != nil {
		return p, nil, err
	}
	if of.PassesOn != nil {
		if p.Siblings, err = p.siblings(of.PassesOn(s)); err != nil {
			return p, nil, err
		}
	}
	if s.MigrateURL != "" {
		if err := postgres.Migrate(ctx, s.MigrateURL, tel.Log, of.Schema); err != nil {
			return p, nil, fmt.Errorf("migrate: %w", err)
		}
	}
	if p.Pool, err = p.pool(ctx, of.Schema, postgres.Options{MaxConns: s.MaxConns, ApplicationName: of.Name, Scope: postgres.Everything}); err != nil {
		return p, nil, err
	}
	closers = append(closers, p.Pool.Close)
	if err := CheckDatabase(ctx, p.Pool, of.Schema, s.Development); err != nil {
		return p, nil, err
	}
	if p.Door, err = p.pool(ctx, of.Schema, postgres.Options{MaxConns: DoorConns, ApplicationName: of.Name + "-door"}); err != nil {
		return p, nil, err
	}
	closers = append(closers, p.Door.Close)
	var closeBus func()
	if p.Bus, p.keep, closeBus, err = s.Bus.connectBus(ctx, of.Name, s.Development, tel); err != nil {
		return p, nil, err
	}
	closers = append(closers, closeBus)
	return p, undo, nil
}

// things are the parts that nobody else has to answer for.
func (p *Parts) things() (err error) {
	s := p.settings
	if p.certificates, err = s.Door.certificates(p.name, p.Telemetry); err != nil {
		return err
	}
	if s.SandboxClock != "" {
		if p.Clock, err = clock.OpenSandbox(s.SandboxClock); err != nil {
			return err
		}
	}
	if p.Calendar, err = calendar.Load(); err != nil {
		return err
	}
	if p.Zone, err = time.LoadLocation(s.Zone); err != nil {
		return err
	}
	key, err := SecretFile(s.AuditKeyFile, s.Development)
	if err != nil {
		return fmt.Errorf("audit_key_file: %w", err)
	}
	p.Audit, err = audit.NewWriter(p.name, key)
	return err
}

func (p *Parts) pool(ctx context.Context, schema postgres.Schema, o postgres.Options) (*pgxpool.Pool, error) {
	if file := p.settings.DatabasePasswordFile; file != "" {
		o.Password = func() (string, error) { return readSecret(file) }
	}
	pool, err := postgres.Open(ctx, p.settings.DatabaseURL, schema, o)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return pool, nil
}
