package events

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// packed is the most events of one outbox row.
const packed = 500

// subjectOf is what at most one item is open for.
type subjectOf struct{ code, cause string }

// openItem is an item open in the ledger: one the store knows, or the n-th new one.
type openItem struct {
	id     clock.ID
	new    int    // -1 when the store knows it
	office string // as the store knows it
}

// told is an item whose raising or closing is told of after it is stored.
type told struct {
	id        clock.ID
	crn, code string
}

// ledger carries the items of locked customers through a batch, in memory: what
// is open, what was seen to, and what the batch leaves.
type ledger struct {
	work   store.Work
	open   map[string]map[subjectOf]openItem
	seen   map[store.Key]bool
	closed map[clock.ID]told // by a Closing of work
	events []*eventv1.Event  // that tell of new items, in order
	traces map[clock.ID]string
}

func newLedger(at time.Time, a *store.Answer) *ledger {
	l := &ledger{work: store.Work{At: at}, open: make(map[string]map[subjectOf]openItem), seen: a.Seen, traces: make(map[clock.ID]string)}
	for _, o := range a.Open {
		l.put(o.CRN, subjectOf{o.Code, o.Cause}, openItem{o.ID, -1, o.Office})
	}
	return l
}

func (l *ledger) put(crn string, s subjectOf, o openItem) {
	if l.open[crn] == nil {
		l.open[crn] = make(map[subjectOf]openItem)
	}
	l.open[crn][s] = o
}

func keyOfRaise(crn string, r *catalogue.Raise) store.Key {
	return store.Key{CRN: crn, Code: r.Code, Cause: r.Cause, Occurrence: r.Occurrence}
}

// cause is what makes items be raised or closed.
type cause struct {
	crn, office string
	// event is zero for date triggers.
	event clock.ID
	trace string
}

// raise raises an item unless its occurrence was seen to; while an item of the
// same cause is open, that one covers it.
func (l *ledger) raise(by cause, r *catalogue.Raise) {
	key := keyOfRaise(by.crn, r)
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	about := subjectOf{r.Code, r.Cause}
	if _, is := l.open[by.crn][about]; is {
		l.work.Covered = append(l.work.Covered, key)
		return
	}
	item := newItem(key, r, by.office, l.work.At)
	item.EventID = by.event
	l.put(by.crn, about, openItem{id: item.ID, new: len(l.work.Items)})
	l.work.Items = append(l.work.Items, item)
	l.events = append(l.events, raisedEvent(&item, by.trace))
}

func newItem(key store.Key, r *catalogue.Raise, office string, at time.Time) store.NewItem {
	return store.NewItem{Key: key, ID: clock.NewID(at), Value: r.Value, Measure: r.Measure, Office: office, RaisedAt: at, DueOn: r.DueOn}
}

// close closes the open items of a code, of one cause or of every one.
func (l *ledger) close(by cause, c catalogue.Close) {
	if c.Cause != "" {
		about := subjectOf{c.Code, c.Cause}
		if o, is := l.open[by.crn][about]; is {
			l.closeOne(by, about, o)
		}
		return
	}
	for about, o := range l.open[by.crn] {
		if about.code == c.Code {
			l.closeOne(by, about, o)
		}
	}
}

func (l *ledger) closeOne(by cause, about subjectOf, o openItem) {
	delete(l.open[by.crn], about)
	if o.new >= 0 {
		item := &l.work.Items[o.new]
		item.Closed, item.ClosedBy = true, by.event
		l.events = append(l.events, closedEvent(told{o.id, by.crn, about.code}, by.event, l.work.At, by.trace))
		return
	}
	if l.closed == nil {
		l.closed = make(map[clock.ID]told)
	}
	l.closed[o.id] = told{o.id, by.crn, about.code}
	l.work.Closings = append(l.work.Closings, store.Closing{ID: o.id, EventID: by.event})
	l.traces[o.id] = by.trace
}

// follows takes the open items of a customer to the office the record ends up at
// in the batch: new ones, from the n-th on, are raised there; older ones go along
// from the record's old office. Those a supervisor gave elsewhere stay.
func (l *ledger) follows(by cause, old string, n int) {
	for i := range l.work.Items[n:] {
		l.work.Items[n+i].Office = by.office
	}
	if old == by.office {
		return
	}
	for _, o := range l.open[by.crn] {
		if o.new < 0 && o.office == old {
			l.work.Moves = append(l.work.Moves, store.Move{ID: o.id, From: old, To: by.office, EventID: by.event})
		}
	}
}

// rows tell of what was stored; done are the closings that took effect.
func (l *ledger) rows(done map[clock.ID]bool) []outbox.Row {
	events := l.events
	for _, c := range l.work.Closings {
		if done[c.ID] {
			events = append(events, closedEvent(l.closed[c.ID], c.EventID, l.work.At, l.traces[c.ID]))
		}
	}
	if len(events) == 0 {
		return nil
	}
	return packet.Rows(subject.WorkItem, events, packed)
}

// The ids of the events are derived from the item's: it is raised once and
// closed once.
func raisedEvent(item *store.NewItem, trace string) *eventv1.Event {
	e := event(clock.DerivedID(item.ID, "raised"), item.RaisedAt, trace)
	e.Body = &eventv1.Event_WorkItemRaised{WorkItemRaised: &eventv1.WorkItemRaised{
		WorkItemId: item.ID[:], Crn: item.CRN, Code: item.Code, DueOn: item.DueOn.String(),
	}}
	return e
}

func closedEvent(item told, by clock.ID, at time.Time, trace string) *eventv1.Event {
	e := event(clock.DerivedID(item.id, "closed"), at, trace)
	e.Body = &eventv1.Event_WorkItemClosed{WorkItemClosed: &eventv1.WorkItemClosed{
		WorkItemId: item.id[:], Crn: item.crn, Code: item.code, ClosingEventId: by[:],
	}}
	return e
}

func event(id clock.ID, at time.Time, trace string) *eventv1.Event {
	return &eventv1.Event{Id: id[:], SchemaVersion: packet.SchemaVersion, OccurredAt: timestamppb.New(at), Traceparent: trace}
}
