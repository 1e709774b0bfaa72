// Package events is how automatic processing hears and tells: what authorities
// lodge or take back comes in, is decided in batches, and what was decided goes
// out.
//
// It guarantees that a submission is decided once however often and in whatever
// order its event arrives, that the submissions of one customer are decided in
// the order of their lanes, that everything a batch decides is stored in one
// transaction with the events that tell of it, and that a submission which
// cannot be decided for technical reasons ends in the queue. It asks nobody but
// the registry, outside the transaction.
package events

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/telemetry"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// packed is the most events of one outbox row (performance.md lesson 1).
const packed = 500

// Deps are what a Processor needs; all are required.
type Deps struct {
	Pool      *pgxpool.Pool
	Bus       *bus.Bus
	Relay     *outbox.Relay
	Clock     clock.Clock
	Zone      *time.Location
	Telemetry *telemetry.Telemetry
	Registry  registryv1.RegistryServiceClient
	Policies  *policy.Set
	// Audit writes what is done, in the transactions that do it.
	Audit *audit.Writer
	// MaxEvents of a batch; Attempts before a submission is left to an officer.
	MaxEvents, Attempts int
}

// Processor decides what is lodged.
type Processor struct {
	Deps
	zone *time.Location
	// evaluators are for one worker each: the stream, parked events, officers.
	evaluators sync.Pool
}

// NewProcessor wires one.
func NewProcessor(d Deps) *Processor {
	p := &Processor{Deps: d, zone: d.Zone}
	p.evaluators.New = func() any { return d.Policies.Evaluators() }
	return p
}

// Consumer takes what intake tells.
func (p *Processor) Consumer() *inbox.Consumer {
	return &inbox.Consumer{
		Name: subject.AutoProcessing, Stream: subject.Lodged, Pool: p.Pool, Bus: p.Bus, Relay: p.Relay, Clock: p.Clock, Telemetry: p.Telemetry,
		MaxEvents: p.MaxEvents, MaxAttempts: p.Attempts,
		Decode: p.decode, DecodeParked: p.decodeParked, Prepare: p.Prepare, Apply: p.Apply, Exhausted: p.Exhausted,
	}
}

// Moment is now, with its local date.
func (p *Processor) Moment() decision.Moment {
	// PostgreSQL keeps microseconds; what is told must equal what is kept.
	now := p.Clock.Now().UTC().Truncate(time.Microsecond)
	return decision.Moment{At: now, Today: calendar.FromTime(now, p.zone)}
}

// WithEvaluator lends the evaluator of the day's policy.
func (p *Processor) WithEvaluator(today calendar.Date, f func(*policy.Evaluator) error) error {
	own := p.evaluators.Get().(*policy.Evaluators)
	defer p.evaluators.Put(own)
	ev, err := own.On(today)
	if err != nil {
		return err
	}
	return f(ev)
}

// Prepare asks the registry about a batch, in one call.
func (p *Processor) Prepare(ctx context.Context, events []inbox.Event) error {
	lodged := make([]*Lodged, 0, len(events))
	for i := range events {
		if in := events[i].Value.(*incoming); in.lodged != nil && in.problem == nil {
			lodged = append(lodged, in.lodged)
		}
	}
	if len(lodged) == 0 {
		return nil
	}
	crashpoint.Here("auto.before-resolve")
	return Resolve(ctx, p.Registry, lodged...)
}

// Apply decides a batch inside the caller's transaction.
func (p *Processor) Apply(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	own := p.evaluators.Get().(*policy.Evaluators)
	defer p.evaluators.Put(own)
	b := &batch{p: p, policies: own, events: events}
	if err := b.read(); err != nil {
		return inbox.Effects{}, err
	}
	return b.run(ctx, tx)
}

// Rows packs events for the outbox.
func Rows(a *Assembly) []outbox.Row { return packet.Rows(subject.Decided, a.Events, packed) }
