package events

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// model is the simplest thing that raises items: one customer, one event after
// the other, a list to search. What the triggers say is the catalogue's; that has
// tests of its own.
type model struct {
	t         testing.TB
	evaluator *catalogue.Evaluator
	crn       string
	items     []row
	covered   []row
}

func (m *model) change(e *eventv1.Event) {
	body := e.GetCircumstanceChanged()
	day := newDay(e)
	before, after := m.facts(body.GetBefore()), m.facts(body.GetAfter())
	raises, closes, err := m.evaluator.Changed(before, after, body.GetChanged(), body.GetRecordVersion(), day)
	if err != nil {
		m.t.Fatal(err)
	}
	due, _, err := m.evaluator.Due(after, day)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, c := range closes {
		m.end(4, func(r row) bool { return r.Code == c.Code && (c.Cause == "" || r.Cause == c.Cause) })
	}
	m.raise(append(raises, due...)...)
}

func (m *model) facts(record []byte) *facts.Customer {
	if len(record) == 0 {
		return nil
	}
	c := new(registryv1.Customer)
	if err := proto.Unmarshal(record, c); err != nil {
		m.t.Fatal(err)
	}
	f, err := FromProto(c, auditor(m.t))
	if err != nil {
		m.t.Fatal(err)
	}
	return &f
}

func (m *model) raise(raises ...catalogue.Raise) {
	for _, r := range raises {
		item := row{m.crn, r.Code, r.Cause, r.Occurrence, 1}
		same := func(x row) bool {
			return x.Code == item.Code && x.Cause == item.Cause && x.Occurrence == item.Occurrence
		}
		if slices.ContainsFunc(m.items, same) || slices.ContainsFunc(m.covered, same) {
			continue
		}
		if slices.ContainsFunc(m.items, func(x row) bool { return x.Code == item.Code && x.Cause == item.Cause && x.Status <= 2 }) {
			m.covered = append(m.covered, item)
			continue
		}
		m.items = append(m.items, item)
	}
}

// end ends open items, completed by an officer (3) or closed (4).
func (m *model) end(status int16, which func(row) bool) {
	for i := range m.items {
		if m.items[i].Status <= 2 && which(m.items[i]) {
			m.items[i].Status = status
		}
	}
}

func (m *model) rows() []row {
	out := slices.Clone(m.items)
	slices.SortFunc(out, compareRows)
	return out
}
