package events

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// change is a changed record with all that follows from it alone. It is worked
// out when the event is decoded, before any transaction: triggers look only at
// the record before and after, and at the day.
type change struct {
	// problem: it cannot be acted on. The inbox sets the event aside.
	problem error
	// ignored: the event is none of a record.
	ignored bool

	id         clock.ID
	trace      string
	crn        string
	version    int64
	day        calendar.Date
	office     string
	restricted bool
	facts      []byte

	raises []catalogue.Raise
	closes []catalogue.Close
	// due is what date triggers raise on the day, next when to look again.
	due  []catalogue.Raise
	next *calendar.Date
}

func (g *Generator) decodeChanges(d bus.Delivery) ([]inbox.Event, error) {
	events, err := g.packets(d)
	if err != nil {
		return nil, err
	}
	for i := range events {
		g.read(&events[i])
	}
	return events, nil
}

func (g *Generator) decodeChange(data []byte) (inbox.Event, error) {
	in, err := g.parked(data)
	if err == nil {
		g.read(&in)
	}
	return in, err
}

// read works out what follows from an event. What goes wrong, even a panic, is
// the problem of this event alone.
func (g *Generator) read(in *inbox.Event) {
	if in.Refused != nil {
		return
	}
	e, ok := in.Value.(*eventv1.Event)
	c := &change{id: in.ID, trace: in.Traceparent}
	in.Value = c
	body := e.GetCircumstanceChanged()
	if !ok || body == nil {
		c.ignored = true
		return
	}
	defer func() {
		if p := recover(); p != nil {
			// What the panic says may quote the record.
			c.problem = fault.New(fault.Internal, "TRIGGER_PANIC", "a trigger panicked with a %T", p)
		}
	}()
	c.problem = g.withEvaluator(func(ev *catalogue.Evaluator) error { return g.evaluate(ev, c, e, body) })
}

func (g *Generator) evaluate(ev *catalogue.Evaluator, c *change, e *eventv1.Event, body *eventv1.CircumstanceChanged) error {
	c.crn, c.version, c.day = body.GetCrn(), body.GetRecordVersion(), g.localDay(e.GetOccurredAt().AsTime())
	if c.crn == "" || c.version < 1 || e.GetOccurredAt() == nil {
		return fault.New(fault.Invalid, "EVENT_INVALID", "a change without CRN, version or time")
	}
	var before *facts.Customer
	if len(body.GetBefore()) > 0 {
		_, f, err := g.recordOf(body.GetBefore(), c.crn)
		if err != nil {
			return fmt.Errorf("the record before: %w", err)
		}
		before = f
	}
	record, after, err := g.recordOf(body.GetAfter(), c.crn)
	if err != nil {
		return fmt.Errorf("the record after: %w", err)
	}
	c.office, c.restricted, c.facts = record.GetOffice(), record.GetRestrictedAccess(), facts.Encode(after)
	if c.raises, c.closes, err = ev.Changed(before, after, body.GetChanged(), c.version, c.day); err != nil {
		return err
	}
	c.due, c.next, err = ev.Due(after, c.day)
	return err
}

// recordOf decodes a record and the facts in it.
func (g *Generator) recordOf(data []byte, crn string) (*registryv1.Customer, *facts.Customer, error) {
	record := new(registryv1.Customer)
	if proto.Unmarshal(data, record) != nil {
		// What protobuf says may quote it.
		return nil, nil, fault.New(fault.Invalid, "EVENT_INVALID", "it cannot be decoded")
	}
	if record.GetCrn() != crn {
		return nil, nil, fault.New(fault.Invalid, "EVENT_INVALID", "it is another customer's")
	}
	f, err := FromProto(record, g.Audit)
	if err != nil {
		return nil, nil, err
	}
	return record, &f, nil
}
