// Package adviceoutcome keeps the advice outcomes of the authorities and makes
// their daily reports.
//
// Duty: record one outcome for every submission that reached a terminal status
// and one entry for every notification of changed circumstances, give it the date
// of its report, close and seal one report per authority and business day, serve
// reports, note deliveries and acknowledgements, and offer reports again.
//
// Guarantees: an outcome or notification is recorded once and stands in exactly
// one report of its own authority; reports of an authority are numbered without
// gaps, one for each business day of its jurisdiction, nil if need be; a sealed
// report never changes and can be rebuilt from the ledger byte for byte. What is
// recorded, closed, sealed, delivered or acknowledged has its entry in the audit
// log in the same transaction; an authority reaches its own rows only.
//
// Not guaranteed: that a report is sealed at midnight sharp, that the counts of
// pending and unprocessed submissions include events still on their way, or that
// a line can be corrected: no event announces a correction yet. A later layout
// of the report has room for one.
package adviceoutcome

import (
	"context"
	"crypto/x509"
	"encoding/pem"
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
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/api"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/events"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/seal"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// Deps is what the service needs from outside; all of it is required.
type Deps struct {
	// Pool acts in Schema on every row; it needs at least 4 connections.
	Pool *pgxpool.Pool
	// Door is the same for what authorities ask: no row but in an authority's scope.
	Door *pgxpool.Pool
	// Audit writes the entries of what changes.
	Audit *audit.Writer
	Bus   *bus.Bus
	// Clock gives business time.
	Clock clock.Clock
	// Calendar of the jurisdictions' business days.
	Calendar *calendar.Calendar
	// Zone whose midnight ends a day.
	Zone      *time.Location
	Telemetry *telemetry.Telemetry
}

func (d Deps) validate() error {
	missing := func(what string, absent bool) error {
		if absent {
			return fmt.Errorf("adviceoutcome: %s is missing", what)
		}
		return nil
	}
	err := errors.Join(missing("Pool", d.Pool == nil), missing("Door", d.Door == nil), missing("Audit", d.Audit == nil), missing("Bus", d.Bus == nil), missing("Clock", d.Clock == nil),
		missing("Calendar", d.Calendar == nil), missing("Zone", d.Zone == nil), missing("Telemetry", d.Telemetry == nil))
	if err == nil && d.Pool.Config().MaxConns < store.MinConns {
		err = fmt.Errorf("adviceoutcome: the pool has %d connections, needs %d", d.Pool.Config().MaxConns, store.MinConns)
	}
	return err
}

// Schema is the part of the database the service owns.
func Schema() postgres.Schema { return store.Schema() }

// Service records outcomes and makes reports.
type Service struct {
	cfg       Config
	deps      Deps
	store     *store.Store
	signer    report.Signer
	relay     *outbox.Relay
	handlers  *events.Handlers
	consumers []*inbox.Consumer
	sealer    *seal.Sealer
	api       *api.Server
}

// New puts the service together; nothing runs before Run.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	signer, err := openKey(cfg.SigningKeyFile, cfg.CreateKeys)
	if err != nil {
		return nil, err
	}
	log, metrics := d.Telemetry.Log, d.Telemetry.Metrics
	rows := store.New(d.Pool, d.Door, d.Audit)
	relay := outbox.NewRelay(outbox.Deps{
		Pool: d.Pool, Bus: d.Bus, Streams: packet.Streams(subject.Advice), Clock: d.Clock, Log: log, Metrics: metrics,
	}, outbox.Options{MaxDepth: cfg.OutboxDepth})
	handlers := events.New(events.Deps{Store: rows, Calendar: d.Calendar, Zone: d.Zone, Clock: d.Clock, Log: log})
	consumer := func(c inbox.Consumer) *inbox.Consumer {
		c.Pool, c.Bus, c.Relay, c.Clock, c.Telemetry = d.Pool, d.Bus, relay, d.Clock, d.Telemetry
		return &c
	}
	served, err := api.New(api.Deps{
		Store: rows, Calendar: d.Calendar, Zone: d.Zone, Clock: d.Clock,
		Delivered: events.Delivered, Committed: relay.Committed, Log: log, TokenSecret: signer.TokenSecret(),
	})
	if err != nil {
		return nil, err
	}
	return &Service{
		cfg: cfg, deps: d, store: rows, signer: signer, relay: relay, handlers: handlers,
		consumers: []*inbox.Consumer{
			consumer(inbox.Consumer{
				Name: subject.AdviceOutcome, Stream: subject.Decided, MaxEvents: cfg.BatchEvents,
				Decode: handlers.DecodeDecided, DecodeParked: handlers.DecodeParked, Apply: handlers.Decided,
			}),
			consumer(inbox.Consumer{
				Name: subject.AdviceNotified, Stream: subject.Notified, MaxEvents: cfg.BatchEvents,
				Decode: handlers.DecodeNotified, DecodeParked: handlers.DecodeParked, Apply: handlers.Notified,
			}),
			consumer(inbox.Consumer{
				Name: subject.AdviceAuthorities, Stream: subject.Authority,
				Decode: handlers.DecodeAuthorities, DecodeParked: handlers.DecodeParked, Apply: handlers.Authorities,
			}),
			consumer(inbox.Consumer{
				Name: subject.AdviceTally, Stream: subject.Lodged,
				Decode: handlers.DecodeTally, DecodeParked: handlers.DecodeParkedTally, Apply: handlers.Lodged,
			}),
		},
		sealer: seal.New(seal.Deps{
			Store: rows, Calendar: d.Calendar, Zone: d.Zone, Clock: d.Clock, Signer: signer,
			Told: events.Sealed, Committed: relay.Committed, Log: log, Metrics: metrics,
		}),
		api: served,
	}, nil
}

// Register adds the report API to a server.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Methods says who may call what of the API.
func (s *Service) Methods() identity.Table { return api.Methods() }

// Ready reports whether the database answers.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// SigningKey returns the name of the key that signs reports and its public part
// as PEM, for handing to authorities.
func (s *Service) SigningKey() (id string, public []byte) {
	encoded, err := x509.MarshalPKIXPublicKey(s.signer.Public())
	if err != nil {
		panic(err) // an ed25519 key can always be encoded
	}
	return s.signer.KeyID(), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded})
}

// Run works until ctx ends and returns when everything it started has ended.
func (s *Service) Run(ctx context.Context) error {
	loops := []func(context.Context) error{
		func(ctx context.Context) error {
			return s.deps.Bus.Keep(ctx, packet.Streams(subject.Advice, subject.Decided, subject.Notified, subject.Authority, subject.Lodged)...)
		},
		s.relay.Run,
		s.api.Run,
		s.loop("reports", s.cfg.SealEvery, s.sealer.Sweep),
	}
	if s.cfg.CheckEvery > 0 {
		loops = append(loops, s.loop("report-check", s.cfg.CheckEvery, s.sealer.Check))
	}
	for _, c := range s.consumers {
		loops = append(loops, c.Run)
	}
	return run.All(ctx, loops...)
}

func (s *Service) loop(name string, every time.Duration, do func(context.Context, time.Time) error) func(context.Context) error {
	l := &sweep.Loop{Name: name, Every: every, Clock: s.deps.Clock, Log: s.deps.Telemetry.Log, Metrics: s.deps.Telemetry.Metrics, Do: do}
	return l.Run
}
