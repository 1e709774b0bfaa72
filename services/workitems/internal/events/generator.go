// Package events is how work items are raised: changed records, notices and
// revocations come in from the bus, days pass, and what was raised or closed is
// told.
//
// It guarantees that the changes of one customer are applied in the order of
// their versions, none left out and none twice, however they arrive; that an
// occurrence raises at most one item for ever; and that everything a batch
// raises, closes and covers is one transaction with the events that tell of it.
// It asks no other service anything.
package events

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/sweep"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// Deps are what a Generator needs; all are required.
type Deps struct {
	Pool      *pgxpool.Pool
	Bus       *bus.Bus
	Relay     *outbox.Relay
	Clock     clock.Clock
	Zone      *time.Location
	Telemetry *telemetry.Telemetry
	Store     *store.Store
	Catalogue *catalogue.Catalogue
	// Audit makes the keys of children.
	Audit *audit.Writer
	// MaxEvents of a batch; SweepWorkers share the chunks of a sweep.
	MaxEvents, SweepWorkers int
	// SweepEvery is the pause between sweeps.
	SweepEvery time.Duration
}

// Generator raises and closes work items.
type Generator struct {
	Deps
	evaluators sync.Pool // each for one goroutine at a time
	packets    func(bus.Delivery) ([]inbox.Event, error)
	parked     func([]byte) (inbox.Event, error)
	due        *sweep.Loop
	ending     *sweep.Loop
	counts     *sweep.Loop
}

// countsEvery is how often the many rows that keep the counts are made few.
const countsEvery = 10 * time.Second

// NewGenerator wires one.
func NewGenerator(d Deps) *Generator {
	g := &Generator{Deps: d}
	g.evaluators.New = func() any { return d.Catalogue.Evaluator() }
	g.packets, g.parked = packet.Decode(keyOf), packet.DecodeParked(keyOf)
	g.due = g.loop("workitems-due-customers", d.SweepEvery, g.DueCustomers)
	g.ending = g.loop("workitems-ending-notices", d.SweepEvery, g.EndingNotices)
	g.counts = g.loop("workitems-counts", countsEvery, g.Store.SumCounts)
	return g
}

func (g *Generator) loop(name string, every time.Duration, do func(context.Context, time.Time) error) *sweep.Loop {
	return &sweep.Loop{Name: name, Every: every, Clock: g.Clock, Log: g.Telemetry.Log, Metrics: g.Telemetry.Metrics, Do: do}
}

// Sweeps are the loops over what is due by date, and the one that keeps counts
// quick to read. They also run at once when an event brings something due.
func (g *Generator) Sweeps() []*sweep.Loop { return []*sweep.Loop{g.due, g.ending, g.counts} }

// keyOf orders the events of one customer; notice events need no order.
func keyOf(e *eventv1.Event) string { return e.GetCircumstanceChanged().GetCrn() }

// Circumstances consumes changed records.
func (g *Generator) Circumstances() *inbox.Consumer {
	return &inbox.Consumer{
		Name: subject.WorkItemCircumstances, Stream: subject.Customer, Pool: g.Pool, Bus: g.Bus, Relay: g.Relay, Clock: g.Clock, Telemetry: g.Telemetry,
		MaxEvents: g.MaxEvents, Decode: g.decodeChanges, DecodeParked: g.decodeChange, Apply: g.applyChanges,
	}
}

// Notices consumes notice events, revocations and conflicts of interest.
func (g *Generator) Notices() *inbox.Consumer {
	return &inbox.Consumer{
		Name: subject.WorkItemNotices, Stream: subject.Decided, Pool: g.Pool, Bus: g.Bus, Relay: g.Relay, Clock: g.Clock, Telemetry: g.Telemetry,
		MaxEvents: g.MaxEvents, Decode: packet.Only(keyOf, append(slices.Clone(noticeKinds), conflictKind)...), DecodeParked: g.parked, Apply: g.applyNotices,
	}
}

// now is the business time as PostgreSQL keeps it: what is told must equal what
// is kept.
func (g *Generator) now() time.Time { return g.Clock.Now().UTC().Truncate(time.Microsecond) }

// withEvaluator lends an evaluator.
func (g *Generator) withEvaluator(f func(*catalogue.Evaluator) error) error {
	e := g.evaluators.Get().(*catalogue.Evaluator)
	// One that panicked is not put back.
	err := f(e)
	g.evaluators.Put(e)
	return err
}

// localDay is the agency's day of a time.
func (g *Generator) localDay(at time.Time) calendar.Date { return calendar.FromTime(at, g.Zone) }
