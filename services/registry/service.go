// Package registry keeps the hub's own record of customers and of the
// authorities that may refer them, and is the port to an agency's record system.
//
// It takes officers' and feeders' calls, the decided events (documents, measures
// in force) and those about work items (documents, held card allocations), and
// gives CircumstanceChanged, CircumstancesNotified and AuthorityChanged.
// Guarantees: every change of a record is a version of it, without gaps, kept
// with its event and its audit entry in one transaction; repeating a call or an
// event changes nothing; the answer about a customer reflects every change
// committed before the question. What a record repeats of others (a partner's
// allowance, a provider's fee) follows shortly after them. A measure in force
// follows the notice events, so it may lag the register by the time those take.
package registry

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/sweep"
	"github.com/noticehub/noticehub/pkg/telemetry"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry/internal/api"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// Deps are what the service runs on; all are required.
type Deps struct {
	// Pool is opened for Schema.
	Pool *pgxpool.Pool
	// Bus is the connection to NATS.
	Bus *bus.Bus
	// Clock is the business clock.
	Clock clock.Clock
	// Zone is the agency's: local dates are dates there.
	Zone *time.Location
	// Telemetry of the service.
	Telemetry *telemetry.Telemetry
	// Audit writes the service's audit entries.
	Audit *audit.Writer
}

func (d Deps) validate() error {
	if d.Pool == nil || d.Bus == nil || d.Clock == nil || d.Zone == nil || d.Telemetry == nil || d.Audit == nil {
		return errors.New("registry: pool, bus, clock, zone, telemetry and audit are all required")
	}
	return nil
}

// Service is the registry.
type Service struct {
	deps     Deps
	store    *store.Store
	relay    *outbox.Relay
	outcomes *inbox.Consumer
	items    *inbox.Consumer
	follow   *sweep.Loop
	api      *api.Server
}

// Schema is the registry's schema in PostgreSQL.
func Schema() postgres.Schema { return store.Schema() }

// New wires the registry; it starts nothing.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	s := &Service{deps: d, store: store.New(d.Pool, d.Audit)}
	s.relay = outbox.NewRelay(outbox.Deps{
		Pool: d.Pool, Bus: d.Bus, Streams: packet.Streams(subject.Authority, subject.Customer, subject.Notified),
		Clock: d.Clock, Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics,
	}, outbox.Options{MaxDepth: cfg.OutboxDepth})
	s.outcomes = &inbox.Consumer{
		Name: subject.RegistryOutcomes, Stream: subject.Decided, Pool: d.Pool, Bus: d.Bus, Relay: s.relay, Clock: d.Clock, Telemetry: d.Telemetry,
		MaxEvents: cfg.MaxEvents, Decode: events.Decode, DecodeParked: events.DecodeOne, Apply: events.Apply(s.store, d.Clock, d.Zone),
	}
	s.items = &inbox.Consumer{
		Name: subject.RegistryWorkItems, Stream: subject.WorkItem, Pool: d.Pool, Bus: d.Bus, Clock: d.Clock, Telemetry: d.Telemetry,
		MaxEvents: cfg.MaxEvents, Decode: events.DecodeWorkItems, DecodeParked: events.DecodeWorkItem, Apply: events.ApplyWorkItems(s.store),
	}
	s.follow = &sweep.Loop{
		Name: "registry-follow-ons", Every: cfg.FollowOns, Clock: d.Clock, Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics,
		Do: func(ctx context.Context, now time.Time) error {
			return events.Follow(ctx, s.store, now, d.Zone, s.relay.Room, s.relay.Committed)
		},
	}
	s.api = api.New(api.Deps{
		Store: s.store, Outbox: s.relay, Clock: d.Clock, Zone: d.Zone, FollowOn: s.follow.Kick, ImportBatch: cfg.ImportBatch,
		Log: d.Telemetry.Log,
	})
	return s, nil
}

// Register adds the registry's gRPC services.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	registryv1.RegisterCircumstanceServiceServer(r, s.api)
	registryv1.RegisterRegistryServiceServer(r, s.api)
}

// Methods says who may call what.
func (s *Service) Methods() identity.Table { return api.Methods() }

// Ready reports what keeps the registry from answering: only the database can.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Run publishes events, applies those of others and works off follow-ons until ctx ends; it returns
// after all it started has ended.
func (s *Service) Run(ctx context.Context) error {
	return run.All(ctx,
		func(ctx context.Context) error {
			return s.deps.Bus.Keep(ctx, packet.Streams(subject.Authority, subject.Customer, subject.Notified, subject.Decided, subject.WorkItem)...)
		},
		s.relay.Run,
		s.api.Run,
		s.outcomes.Run,
		s.items.Run,
		s.follow.Run,
	)
}
