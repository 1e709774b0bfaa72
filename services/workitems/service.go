// Package workitems raises follow-up work from changed circumstances, notices
// and dates, and gives it to officers.
//
// Duty: own the catalogue of work items, open and closed items with their
// history, and customers' activity lists.
//
// Guarantees: what is raised depends only on the facts and their order within a
// customer, not on how often or in which order messages come; one item is open
// for each customer, code and cause; no item is ever deleted, and a closed one
// never changes; raising or closing, its audit entry and the event that tells of
// it are one transaction. Not here: the customers' records (the registry keeps them) and
// the notices (automatic processing does); both are followed by their events,
// and lag them by the time those take.
package workitems

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/telemetry"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems/internal/api"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/events"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
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
		return errors.New("workitems: pool, bus, clock, zone, telemetry and audit are all required")
	}
	return nil
}

// Service is the work items' service.
type Service struct {
	config    Config
	deps      Deps
	store     *store.Store
	relay     *outbox.Relay
	generator *events.Generator
	api       *api.Server
}

// Schema is what the service owns in PostgreSQL.
func Schema() postgres.Schema { return store.Schema() }

// New wires the service; it starts nothing. A catalogue that cannot be
// evaluated is an error.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	items, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	if items.Zone().String() != d.Zone.String() {
		return nil, fmt.Errorf("workitems: the catalogue is for zone %s, not %s", items.Zone(), d.Zone)
	}
	s := &Service{config: cfg, deps: d, store: store.New(d.Pool, d.Audit)}
	s.relay = outbox.NewRelay(outbox.Deps{
		Pool: d.Pool, Bus: d.Bus, Streams: packet.Streams(subject.WorkItem), Clock: d.Clock, Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics,
	}, outbox.Options{MaxDepth: cfg.OutboxDepth})
	s.generator = events.NewGenerator(events.Deps{
		Pool: d.Pool, Bus: d.Bus, Relay: s.relay, Clock: d.Clock, Zone: d.Zone, Telemetry: d.Telemetry,
		Store: s.store, Catalogue: items, Audit: d.Audit, MaxEvents: cfg.MaxEvents, SweepWorkers: cfg.SweepWorkers, SweepEvery: cfg.SweepEvery,
	})
	s.api = api.New(api.Deps{Store: s.store, Outbox: s.relay, Clock: d.Clock, Zone: d.Zone, Catalogue: items, Log: d.Telemetry.Log})
	return s, nil
}

// Register adds the service's API.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	workitemv1.RegisterWorkItemServiceServer(r, s.api)
}

// Methods says who may call what.
func (s *Service) Methods() identity.Table { return api.Methods() }

// Ready reports what keeps the service from answering: only the database can.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Run raises and closes items, and reads what officers watch, until ctx ends; it returns after all it started
// has ended.
func (s *Service) Run(ctx context.Context) error {
	parts := []func(context.Context) error{
		func(ctx context.Context) error {
			return s.deps.Bus.Keep(ctx, packet.Streams(subject.Customer, subject.Decided, subject.WorkItem)...)
		},
		s.relay.Run,
		s.generator.Notices().Run,
		s.api.Run,
	}
	for _, loop := range s.generator.Sweeps() {
		parts = append(parts, loop.Run)
	}
	for range s.config.Workers {
		parts = append(parts, s.generator.Circumstances().Run)
	}
	return run.All(ctx, parts...)
}
