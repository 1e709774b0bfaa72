// Package console lets people in: they sign in with an OpenID provider, and the
// console keeps their sessions.
//
// Duty: sign-in by code flow with PKCE, sessions in PostgreSQL behind a cookie,
// their end by time, by the person, by an administrator and by the provider, and
// the word to the rest of the hub who a cookie belongs to.
//
// It serves the console's page too, which works with the hub's services by
// Connect on the same origin, and keeps what people give a name in it: the filters
// of its screens, which hold no customers. Where the services run in processes of
// their own, it passes the page's calls on to them, in the name of the person
// whose session it is: for browsers there is one origin.
//
// Guarantees: the cookie's secret is kept nowhere but in the browser; a session
// ends after 15 minutes without use, which an open stream is not, and after 8 hours
// in any case; a removed role or a closed account is without effect after 60
// seconds, also when the provider cannot be reached; each sign-in, refusal, change
// and end is an audit entry in the same transaction. Not here: which
// authentication the provider demands of people, and the people's accounts and
// roles: they are the provider's.
package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/sweep"
	"github.com/noticehub/noticehub/pkg/telemetry"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/services/console/internal/api"
	"github.com/noticehub/noticehub/services/console/internal/api/siblings"
	"github.com/noticehub/noticehub/services/console/internal/app"
	"github.com/noticehub/noticehub/services/console/internal/guard"
	"github.com/noticehub/noticehub/services/console/internal/provider"
	"github.com/noticehub/noticehub/services/console/internal/session"
	"github.com/noticehub/noticehub/services/console/internal/store"
	"github.com/noticehub/noticehub/services/console/internal/web"
)

// CallbackPath is where the provider sends browsers back to, below the origin.
const CallbackPath = "/signin/callback"

// Deps are what the service runs on; all but Siblings are required.
type Deps struct {
	// Pool is opened for Schema.
	Pool *pgxpool.Pool
	// Audit writes the service's entries.
	Audit *audit.Writer
	// Clock of sessions: the machine's (clock.System), not the business clock,
	// which a sandbox moves.
	Clock clock.Clock
	// Business is the business clock: pages tell ages by it, and when a view changed.
	Business clock.Clock
	// Zone is the agency's: pages show times in it.
	Zone *time.Location
	// SessionKey is the content of Config.SessionKeyFile: 32 bytes.
	SessionKey []byte
	// Telemetry of the service.
	Telemetry *telemetry.Telemetry
	// Siblings are the ways to the services in other processes, by name, of which
	// calls say for whom they are (rpc.DialOptions.ForPersons). Empty where one
	// process serves all.
	Siblings map[string]grpc.ClientConnInterface
}

func (d Deps) validate() error {
	if d.Pool == nil || d.Audit == nil || d.Clock == nil || d.Business == nil || d.Zone == nil || d.SessionKey == nil || d.Telemetry == nil {
		return errors.New("console: pool, audit, clocks, zone, session key and telemetry are all required")
	}
	return nil
}

// Service is the console's service.
type Service struct {
	config Config
	deps   Deps
	store  *store.Store
	// refusals of the pages go on record here.
	refusals *audit.GroupRecorder
	guard    *guard.Guard
	pages    *web.Pages
	app      *app.App
	api      *api.Server
	siblings *siblings.Siblings
}

// Schema is what the service owns in PostgreSQL.
func Schema() postgres.Schema { return store.Schema() }

// New wires the service; it starts nothing and asks the provider nothing yet.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Provider.Validate(), cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	origin, err := guard.ParseOrigin(cfg.Origin)
	if err != nil {
		return nil, err
	}
	sealer, err := session.NewSealer(d.SessionKey)
	if err != nil {
		return nil, err
	}
	client, err := provider.New(cfg.Provider, cfg.Origin+CallbackPath, d.Clock)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	s := &Service{config: cfg, deps: d, store: store.New(d.Pool, d.Audit), refusals: audit.NewRecorder(d.Pool, d.Audit, d.Telemetry.Log)}
	s.guard = guard.New(guard.Deps{
		Store: s.store, Provider: client, Sealer: sealer, Clock: d.Clock, Origin: origin, Lifetimes: cfg.lifetimes(), Log: d.Telemetry.Log,
	})
	s.pages = web.New(web.Deps{
		Store: s.store, Provider: client, Audit: s.refusals, Guard: s.guard, Sealer: sealer, Clock: d.Clock, Origin: origin, Lifetimes: cfg.lifetimes(),
		MaxSessions: cfg.MaxSessions, Business: d.Business, Zone: d.Zone, Log: d.Telemetry.Log,
	})
	if s.app, err = app.New(origin); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	if s.siblings, err = siblings.New(d.Siblings, d.Telemetry.Log); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	s.api = api.New(api.Deps{Store: s.store, Guard: s.guard, Lifetimes: cfg.lifetimes(), Clock: d.Clock, Business: d.Business})
	return s, nil
}

// Register adds the service's API, and those of siblings, which it passes on.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	consolev1.RegisterSessionServiceServer(r, s.api)
	consolev1.RegisterViewServiceServer(r, s.api)
	s.siblings.Register(r)
}

// Operations answers for all processes, of which own is this one's.
func (s *Service) Operations(own operationsv1.OperationsServiceServer) operationsv1.OperationsServiceServer {
	return s.siblings.Operations(own)
}

// Mount adds the pages of signing in and out, and the console's own, to an HTTP
// server.
func (s *Service) Mount(handle func(pattern string, h http.Handler)) {
	s.pages.Mount(handle)
	s.app.Mount(handle)
}

// Methods says who may call what.
func (s *Service) Methods() identity.Table {
	table := s.siblings.Methods() // of other services than the console's own
	maps.Copy(table, api.Methods())
	return table
}

// Authenticator names people by their session's cookie.
func (s *Service) Authenticator() identity.Authenticator { return s.guard }

// Ready reports what keeps the service from answering: only the database can. A
// provider that is away keeps people out, not the hub down.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Run ends sessions that are over, and writes the record of refusals, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	loop := sweep.Loop{
		Name: "sessions", Every: s.config.SweepEvery, Clock: s.deps.Clock, Log: s.deps.Telemetry.Log, Metrics: s.deps.Telemetry.Metrics,
		Do: func(ctx context.Context, now time.Time) error {
			for {
				n, err := s.store.Sweep(ctx, s.config.lifetimes(), now)
				if err != nil || n == 0 {
					return err
				}
			}
		},
	}
	return run.All(ctx, loop.Run, s.refusals.Run)
}
