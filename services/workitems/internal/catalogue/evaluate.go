package catalogue

import (
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// Evaluator evaluates the triggers for one worker. It is not safe for
// concurrent use: it shows one customer at a time to the expressions, so that
// nothing is allocated for that.
type Evaluator struct {
	c      *Catalogue
	view   view
	blank  facts.Customer
	nobody ref.Val
	// seen holds for each entry the last call that came past it, so that an
	// entry with several changed parts is evaluated once.
	seen []uint64
	call uint64
}

// Evaluator returns an evaluator for one worker.
func (c *Catalogue) Evaluator() *Evaluator {
	e := &Evaluator{c: c, blank: facts.Blank(), seen: make([]uint64, len(c.entries))}
	e.nobody = shownCustomer(&e.blank)
	return e
}

// first reports whether an entry is met for the first time in this call.
func (e *Evaluator) first(i int) bool {
	if e.seen[i] == e.call {
		return false
	}
	e.seen[i] = e.call
	return true
}

// Changed returns what a change of a record raises and closes. Before is nil for
// a new record; changed are the names of the parts that differ, version is that
// of the record after the change, and today the local day of the change. Items of
// date triggers are not among them: ask Due for those after every change. An
// error (kind Internal) means an expression failed at run time, which a loaded
// catalogue does not bring about.
func (e *Evaluator) Changed(before, after *facts.Customer, changed []string, version int64, today calendar.Date) (raise []Raise, closes []Close, err error) {
	shown := false
	defer e.view.forget()
	show := func() {
		if shown {
			return
		}
		shown = true
		e.view.before, e.view.after = e.nobody, shownCustomer(after)
		if before != &e.blank {
			e.view.before = shownCustomer(before)
		}
		e.view.today = types.Int(today)
		e.view.changed = types.NewStringList(types.DefaultTypeAdapter, changed)
	}
	if before == nil {
		before = &e.blank
	}
	e.call++
	for _, part := range changed {
		for _, i := range e.c.raising[part] {
			entry := e.c.entries[i]
			m, ok := entry.trigger.applies(before, after, int64(today))
			if !ok || !e.first(i) {
				continue
			}
			show()
			if raise, err = e.raised(raise, entry, before, m, version, today); err != nil {
				return nil, nil, err
			}
		}
	}
	e.call++
	for _, part := range changed {
		for _, i := range e.c.closing[part] {
			if !e.first(i) {
				continue
			}
			show()
			if closes, err = e.closed(closes, e.c.entries[i]); err != nil {
				return nil, nil, err
			}
		}
	}
	return raise, closes, nil
}

// applies reports whether a trigger counts for a customer at all, and under
// which measure. It asks no expression, so that most entries cost nothing.
func (t *trigger) applies(before, after *facts.Customer, today int64) (term.Measure, bool) {
	if after.DateOfDeath != facts.None && !t.whenDeceased {
		return 0, false
	}
	name := after.Measure
	switch t.measureOf {
	case ofBefore:
		name = before.Measure
	case ofEnded:
		if name == "" {
			name = lastEnded(after, today-t.endedDays, today).Measure
		}
	}
	m := measure(name)
	return m, t.measures == 0 || t.measures&(1<<m) != 0
}

func measure(name string) term.Measure {
	if name == "" {
		return 0
	}
	m, err := term.ParseMeasure(name)
	if err != nil {
		return 0
	}
	return m
}

// raised adds what one entry raises by an event.
func (e *Evaluator) raised(out []Raise, entry *Entry, before *facts.Customer, m term.Measure, version int64, today calendar.Date) ([]Raise, error) {
	t := &entry.trigger
	found := Raise{Code: entry.Code, Cause: t.cause, DueOn: today, Measure: m}
	if t.becomes.program != nil {
		yes, err := e.became(entry, before)
		if yes {
			found.Occurrence = versionText(version)
			out = append(out, found)
		}
		return out, err
	}
	v, err := e.ask(t.raise.program, entry.Code)
	if err != nil {
		return out, err
	}
	if !t.raise.listed {
		if v == types.True {
			found.Occurrence = versionText(version)
			out = append(out, found)
		}
		return out, nil
	}
	return out, each(v, func(k cause) {
		r := found
		r.Cause, r.Value, r.Occurrence = k.key, k.value, versionText(version)
		if k.daily {
			r.Occurrence = today.String()
		}
		out = append(out, r)
	})
}

// became reports whether an entry's state holds now and did not count before.
func (e *Evaluator) became(entry *Entry, before *facts.Customer) (bool, error) {
	t := &entry.trigger
	e.view.c = e.view.after
	now, err := e.ask(t.becomes.program, entry.Code)
	if err != nil || now != types.True {
		return false, err
	}
	if !before.Known || (t.measures != 0 && t.measures&(1<<measure(before.Measure)) == 0) {
		return true, nil
	}
	e.view.c = e.view.before
	then, err := e.ask(t.becomes.program, entry.Code)
	return err == nil && then != types.True, err
}

func (e *Evaluator) closed(out []Close, entry *Entry) ([]Close, error) {
	v, err := e.ask(entry.trigger.closes.program, entry.Code)
	if err != nil {
		return out, err
	}
	if !entry.trigger.closes.listed {
		if v == types.True {
			out = append(out, Close{Code: entry.Code})
		}
		return out, nil
	}
	l := v.(traits.Lister)
	for i := range number(l.Size()) {
		out = append(out, Close{Code: entry.Code, Cause: text(l.Get(types.Int(i)))})
	}
	return out, nil
}

// Revoked returns what a notice to revoke raises.
func (e *Evaluator) Revoked(r *facts.Revocation) ([]Raise, error) {
	defer e.view.forget()
	e.view.revocation = shownRevocation(r)
	m := measure(r.Measure)
	var out []Raise
	for _, i := range e.c.revoked {
		entry := e.c.entries[i]
		if entry.trigger.measures != 0 && entry.trigger.measures&(1<<m) == 0 {
			continue
		}
		v, err := e.ask(entry.trigger.revocation.program, entry.Code)
		if err != nil {
			return nil, err
		}
		if v == types.True {
			out = append(out, Raise{
				Code: entry.Code, Cause: "notice/" + r.NoticeID, Occurrence: r.NoticeID + "/" + r.SubmissionID,
				DueOn: calendar.Date(r.LodgedOn), Measure: m,
			})
		}
	}
	return out, nil
}

// Ending is the item that warns of a notice's end. Another end of the same
// notice is another occurrence. Which notices it is raised for, its entry's
// measures and EndingDays say.
func (e *Evaluator) Ending(n *facts.Ending) Raise {
	return Raise{
		Code: e.c.entries[e.c.ending].Code, Cause: "notice/" + n.NoticeID, Occurrence: n.NoticeID + "/" + facts.Written(n.EndOn),
		DueOn: calendar.Date(n.EndOn).Add(-e.c.EndingDays()), Measure: measure(n.Measure),
	}
}

func (e *Evaluator) ask(program cel.Program, code string) (ref.Val, error) {
	v, _, err := program.Eval(&e.view)
	if err != nil {
		return nil, fault.New(fault.Internal, "CATALOGUE_TRIGGER_FAILED", "a trigger of work item %s cannot be evaluated", code).Wrap(err)
	}
	return v, nil
}

// each goes through a list of values made by expressions.
func each[T any](v ref.Val, f func(T)) error {
	l, ok := v.(traits.Lister)
	if !ok {
		return fault.New(fault.Internal, "CATALOGUE_TRIGGER_FAILED", "a trigger gave no list")
	}
	for i := range number(l.Size()) {
		k, ok := l.Get(types.Int(i)).Value().(T)
		if !ok {
			return fault.New(fault.Internal, "CATALOGUE_TRIGGER_FAILED", "a trigger's list holds something else")
		}
		f(k)
	}
	return nil
}

func versionText(version int64) string { return "v" + strconv.FormatInt(version, 10) }
