// Package intake takes submissions from referring authorities, gives receipts
// for them, and shows where they stand.
//
// Duty: own every submission exactly as lodged, the receipts, the references that
// make lodging idempotent, and the statuses authorities see.
//
// Guarantees: what was receipted is durable, under one receipt per authority and
// reference; the event that announces it and its entry in the audit log are in the
// same transaction; an authority reaches its own rows only; statuses are applied once however often they arrive. Not here: what is decided about a
// submission, and why.
package intake

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/sweep"
	"github.com/noticehub/noticehub/pkg/telemetry"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/api"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/directory"
	"github.com/noticehub/noticehub/services/intake/internal/events"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/quota"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/reconcile"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/intake/internal/wake"
	"github.com/noticehub/noticehub/services/internal/access"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// Deps are what the service works with; all are needed.
type Deps struct {
	// Pool is the database as the service's role, for its own work: every row.
	Pool *pgxpool.Pool
	// Door is the same for what authorities ask: no row but in an authority's scope.
	Door *pgxpool.Pool
	// Audit writes the entries of what changes.
	Audit *audit.Writer
	// Bus carries events.
	Bus *bus.Bus
	// Clock is the business clock.
	Clock clock.Clock
	// Calendar knows the business days.
	Calendar *calendar.Calendar
	// Zone is the agency's time zone.
	Zone *time.Location
	// Telemetry of the service.
	Telemetry *telemetry.Telemetry
}

func (d Deps) validate() error {
	if d.Pool == nil || d.Door == nil || d.Audit == nil || d.Bus == nil || d.Clock == nil || d.Calendar == nil || d.Zone == nil || d.Telemetry == nil {
		return errors.New("intake: a dependency is missing")
	}
	return nil
}

// requireYears reports years without a business calendar that receipts issued
// now or within two weeks may need: no holidays fill more than that.
func (d Deps) requireYears() error {
	now := d.Clock.Now().In(d.Zone)
	years := []int{now.Year()}
	if soon := now.AddDate(0, 0, 14).Year(); soon != now.Year() {
		years = append(years, soon)
	}
	var problems []error
	for j := term.ACT; j <= term.WA; j++ {
		problems = append(problems, d.Calendar.Require(j.String(), years...))
	}
	return errors.Join(problems...)
}

// Service is intake.
type Service struct {
	deps      Deps
	config    Config
	store     *store.Store
	relay     *outbox.Relay
	directory *directory.Directory
	board     *wake.Board
	issuer    *receipt.Issuer
	quotas    *quota.Quotas
	refusals  *audit.GroupRecorder
	committer *commit.Committer
	api       *api.Server
}

// Schema is what intake owns in the database.
func Schema() postgres.Schema { return store.Schema() }

// New wires the service; nothing runs before Run.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	if err := d.requireYears(); err != nil {
		return nil, err
	}
	policy, err := lodging.LoadPolicy()
	if err != nil {
		return nil, err
	}
	key, err := receipt.LoadKey(cfg.ReceiptKeyFile, cfg.CreateKeys)
	if err != nil {
		return nil, err
	}
	d.Telemetry.Log.Info("intake", "policy", policy.Version(), "receipt_key", key.ID())
	s := &Service{
		deps: d, config: cfg, store: store.New(d.Pool, d.Door, d.Audit), board: new(wake.Board),
		issuer:   &receipt.Issuer{Key: key, Calendar: d.Calendar, Zone: d.Zone},
		quotas:   quota.New(cfg.limits(), d.Telemetry.Log, d.Telemetry.Metrics),
		refusals: audit.NewRecorder(d.Pool, d.Audit, d.Telemetry.Log),
		relay: outbox.NewRelay(outbox.Deps{
			Pool: d.Pool, Bus: d.Bus, Streams: packet.Streams(subject.Lodged), Clock: d.Clock,
			Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics,
		}, outbox.Options{MaxDepth: cfg.OutboxDepth}),
	}
	s.directory = directory.New(s.store)
	s.committer = commit.New(commit.Deps{
		Store: s.store, Relay: s.relay, Key: key, Pack: events.Pack, Counted: s.quotas.Counted, Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics,
	}, commit.Options{
		Committers: cfg.Committers, BatchMax: cfg.BatchMax, QueueSize: cfg.QueueSize, LaneCache: cfg.LaneCache, Timeout: cfg.CommitTimeout,
	})
	s.api, err = api.New(api.Deps{
		Store: s.store, Committer: s.committer, Relay: s.relay, Directory: s.directory, Policy: policy,
		Issuer: s.issuer, Clock: d.Clock, Board: s.board, Quotas: s.quotas, Refusals: s.refusals, TokenSecret: key.TokenSecret(),
	}, api.Options{StreamInFlight: cfg.StreamInFlight, Poll: cfg.Poll, MaxWatches: cfg.MaxWatches, RequireCaseWorker: cfg.RequireCaseWorker})
	return s, err
}

// Register adds the service's API.
func (s *Service) Register(r grpc.ServiceRegistrar) { intakev1.RegisterIntakeServiceServer(r, s.api) }

// Methods says who may call what: authorities, and nobody else.
func (s *Service) Methods() identity.Table {
	return access.Table(intakev1.IntakeService_ServiceDesc.ServiceName)
}

// Ready reports what keeps the service from taking submissions.
func (s *Service) Ready(ctx context.Context) error {
	if err := s.directory.Ready(); err != nil {
		return err
	}
	return s.store.Ping(ctx)
}

// ReceiptKey is the key that verifies receipts made from now on, and its name.
func (s *Service) ReceiptKey() (id string, public ed25519.PublicKey) {
	return s.issuer.Key.ID(), s.issuer.Key.Public()
}

// Run takes submissions and follows their fate until ctx ends; it returns after
// everything it started has ended.
func (s *Service) Run(ctx context.Context) error {
	return run.All(ctx,
		s.keepStreams, s.relay.Run, s.committer.Run, s.refusals.Run, s.statuses().Run, s.authorities().Run, s.refresh().Run, s.reconciler().Run)
}

func (s *Service) keepStreams(ctx context.Context) error {
	if err := s.deps.Bus.Keep(ctx, packet.Streams(subject.Lodged, subject.Decided, subject.Authority)...); err != nil {
		return fmt.Errorf("intake: streams: %w", err)
	}
	return nil
}

func (s *Service) statuses() *inbox.Consumer {
	projection := &events.Projection{
		Store: s.store, Issuer: s.issuer,
		Committed: func(changed []store.Status) {
			rung := make([]wake.Changed, len(changed))
			for i := range changed {
				rung[i] = wake.Changed{Submission: changed[i].SubmissionID, Authority: changed[i].AuthorityID}
			}
			s.board.Ring(rung)
		},
	}
	return &inbox.Consumer{
		Name: subject.IntakeStatus, Stream: subject.Decided,
		Pool: s.deps.Pool, Bus: s.deps.Bus, Relay: s.relay, Clock: s.deps.Clock, Telemetry: s.deps.Telemetry,
		Decode: packet.Decode(events.SubmissionKey), DecodeParked: packet.DecodeParked(events.SubmissionKey),
		Apply: projection.Apply,
	}
}

func (s *Service) authorities() *inbox.Consumer {
	// The news is in memory at once here, and within seconds in other processes.
	kept := &events.Authorities{Store: s.store, Committed: func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.config.AuthoritiesEvery)
		defer cancel()
		if err := s.directory.Refresh(ctx); err != nil {
			s.deps.Telemetry.Log.Warn("authorities not refreshed, will be tried again", "error", err.Error())
		}
	}}
	return &inbox.Consumer{
		Name: subject.IntakeAuthorities, Stream: subject.Authority,
		Pool: s.deps.Pool, Bus: s.deps.Bus, Relay: s.relay, Clock: s.deps.Clock, Telemetry: s.deps.Telemetry,
		Decode: packet.Decode(events.AuthorityKey), DecodeParked: packet.DecodeParked(events.AuthorityKey),
		Apply: kept.Apply,
	}
}

func (s *Service) refresh() *sweep.Loop {
	return &sweep.Loop{
		Name: "intake-authorities", Every: s.config.AuthoritiesEvery, Clock: s.deps.Clock,
		Log: s.deps.Telemetry.Log, Metrics: s.deps.Telemetry.Metrics,
		Do: func(ctx context.Context, now time.Time) error {
			counts, err := s.store.Days(ctx, s.issuer.Today(now))
			if err != nil {
				return err
			}
			s.quotas.Load(counts)
			return s.directory.Refresh(ctx)
		},
	}
}

func (s *Service) reconciler() *sweep.Loop {
	r := &reconcile.Reconciler{
		Store: s.store, Relay: s.relay, Announce: events.Reannounce, Age: s.config.ReconcileAfter,
		// A little less than the pause between sweeps, so that every sweep counts.
		Pause: s.config.ReconcileEvery * 9 / 10, MaxDepth: int64(s.config.OutboxDepth / 2), Log: s.deps.Telemetry.Log,
	}
	r.Measure(s.deps.Telemetry.Metrics)
	return &sweep.Loop{
		Name: "intake-reconciler", Every: s.config.ReconcileEvery, Clock: s.deps.Clock,
		Log: s.deps.Telemetry.Log, Metrics: s.deps.Telemetry.Metrics, Do: r.Sweep,
	}
}
