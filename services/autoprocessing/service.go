// Package autoprocessing decides submissions where the rules allow it, keeps the
// notice register, and gives the rest to officers.
//
// Duty: own decisions with their traces, the notice register, the unprocessed
// queue with claims, notes and officers' outcomes, what is disclosed, and the way
// to restricted records.
//
// Guarantees: a submission is decided once, those of one customer in the order
// they were lodged; no two notices of a customer overlap (the database says the
// last word); what an outcome says is true on the register when it is told;
// every decision keeps its policy version, facts and verdicts for ever; an
// officer's action takes effect once; nothing of a restricted record is shown or
// disclosed but under a lift that another person granted, and that ends by itself;
// whatever changes is on the audit log or does not happen. Not here: the words of the rules
// (internal/policy), what authorities lodged (intake keeps it), and who the
// customers are (the registry is asked, and waited for).
package autoprocessing

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
	"github.com/noticehub/noticehub/pkg/sweep"
	"github.com/noticehub/noticehub/pkg/telemetry"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/api"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// Deps are what the service works with; all are required.
type Deps struct {
	// Pool is opened for Schema, with scope postgres.Everything.
	Pool *pgxpool.Pool
	// Door is opened for Schema without a scope: what authorities ask shows only
	// rows of the one that asks.
	Door *pgxpool.Pool
	// Audit writes what is done, in the transactions that do it.
	Audit *audit.Writer
	// Bus carries events.
	Bus *bus.Bus
	// Clock is the business clock.
	Clock clock.Clock
	// Zone is the agency's; it must be the policy's.
	Zone *time.Location
	// Telemetry of the service.
	Telemetry *telemetry.Telemetry
	// Registry answers who the customers are.
	Registry registryv1.RegistryServiceClient
}

func (d Deps) validate() error {
	if d.Pool == nil || d.Door == nil || d.Audit == nil || d.Bus == nil || d.Clock == nil || d.Zone == nil || d.Telemetry == nil || d.Registry == nil {
		return errors.New("autoprocessing: pool, door, audit, bus, clock, zone, telemetry and registry are all required")
	}
	return nil
}

// Service is automatic processing.
type Service struct {
	config      Config
	deps        Deps
	relay       *outbox.Relay
	processor   *events.Processor
	queue       *api.Queue
	register    *api.Register
	disclosures *api.Disclosures
	restricted  *api.Restricted
	workload    *api.Workload
}

// Schema is what the service owns in PostgreSQL.
func Schema() postgres.Schema { return store.Schema() }

// New wires the service; nothing runs before Run. A policy that cannot be
// evaluated, or is for another zone, is an error.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	policies, err := policy.Load()
	if err != nil {
		return nil, err
	}
	attempts := cfg.Attempts
	for _, p := range policies.Policies() {
		if p.Zone != d.Zone.String() {
			return nil, fmt.Errorf("autoprocessing: policy %s is for zone %s, not %s", p.Version, p.Zone, d.Zone)
		}
		if cfg.Attempts == 0 {
			attempts = p.Limits.RetryAttempts // the newest one's
		}
	}
	s := &Service{config: cfg, deps: d}
	s.relay = outbox.NewRelay(outbox.Deps{
		Pool: d.Pool, Bus: d.Bus, Streams: packet.Streams(subject.Decided), Clock: d.Clock, Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics,
	}, outbox.Options{MaxDepth: cfg.OutboxDepth})
	s.processor = events.NewProcessor(events.Deps{
		Pool: d.Pool, Bus: d.Bus, Relay: s.relay, Clock: d.Clock, Zone: d.Zone, Telemetry: d.Telemetry, Registry: d.Registry,
		Policies: policies, Audit: d.Audit, MaxEvents: cfg.MaxEvents, Attempts: attempts,
	})
	s.queue = api.NewQueue(s.processor, cfg.Claim)
	s.register, s.disclosures = api.NewRegister(s.processor), api.NewDisclosures(store.NewDoor(d.Door))
	s.restricted, s.workload = api.NewRestricted(s.queue, cfg.RestrictedViews), api.NewWorkload(s.queue)
	return s, nil
}

// Register adds the service's APIs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	processingv1.RegisterQueueServiceServer(r, s.queue)
	processingv1.RegisterRegisterServiceServer(r, s.register)
	processingv1.RegisterDisclosureServiceServer(r, s.disclosures)
	processingv1.RegisterRestrictedAccessServiceServer(r, s.restricted)
	processingv1.RegisterWorkloadServiceServer(r, s.workload)
}

// Methods says who may call what.
func (s *Service) Methods() identity.Table { return api.Methods() }

// Ready reports what keeps the service from acting: only the database can.
func (s *Service) Ready(ctx context.Context) error { return postgres.Classify(s.deps.Pool.Ping(ctx)) }

// Run decides what is lodged and keeps the register in step with the calendar
// until ctx ends; it returns after everything it started has ended.
func (s *Service) Run(ctx context.Context) error {
	parts := []func(context.Context) error{
		func(ctx context.Context) error {
			return s.deps.Bus.Keep(ctx, packet.Streams(subject.Lodged, subject.Decided)...)
		},
		s.relay.Run,
		s.workload.Run,
		s.register.Run,
		s.restricted.Run,
		s.sweep("autoprocessing-day-roll", s.config.DayRollEvery, s.processor.DayRoll),
		s.sweep("autoprocessing-claims", s.config.QueueEvery, s.processor.Claims),
		s.sweep("autoprocessing-relock", s.config.QueueEvery, s.processor.Relock),
		s.sweep("autoprocessing-withdrawals", s.config.QueueEvery, s.processor.Withdrawals),
	}
	for range s.config.Workers {
		parts = append(parts, s.processor.Consumer().Run)
	}
	return run.All(ctx, parts...)
}

func (s *Service) sweep(name string, every time.Duration, do func(context.Context, time.Time) error) func(context.Context) error {
	loop := &sweep.Loop{Name: name, Every: every, Clock: s.deps.Clock, Log: s.deps.Telemetry.Log, Metrics: s.deps.Telemetry.Metrics, Do: do}
	return loop.Run
}
