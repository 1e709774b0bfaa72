package catalogue

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// Due returns what date triggers raise by the facts on a day or before, and the
// next day on which one falls due (nil: none while the facts stay as they are).
//
// Of each code and cause only the latest due day is given: earlier ones that
// were missed are skipped, and so is one whose time has passed. It gives the
// same items again on later days; the occurrence (the due day) tells that they
// were raised. The facts alone decide, so it does not matter on which days, or how
// often, it is asked.
func (e *Evaluator) Due(c *facts.Customer, today calendar.Date) (raise []Raise, next *calendar.Date, err error) {
	shown := false
	defer e.view.forget()
	for _, i := range e.c.dated {
		entry := e.c.entries[i]
		m, ok := entry.trigger.applies(c, c, int64(today))
		if !ok {
			continue
		}
		if !shown {
			e.view.c, shown = shownCustomer(c), true
		}
		v, err := e.ask(entry.trigger.occasions.program, entry.Code)
		if err != nil {
			return nil, nil, err
		}
		from := len(raise)
		err = each(v, func(o occasion) {
			due, has, after := o.around(int64(today), entry.trigger.repeatDays)
			if after != facts.None && (next == nil || after < int64(*next)) {
				d := calendar.Date(after)
				next = &d
			}
			if !has {
				return
			}
			r := Raise{Code: entry.Code, Cause: o.key, Value: o.value, DueOn: calendar.Date(due), Measure: m}
			r.Occurrence = r.DueOn.String()
			at := slices.IndexFunc(raise[from:], func(x Raise) bool { return x.Cause == r.Cause })
			switch {
			case at < 0:
				raise = append(raise, r)
			case raise[from+at].DueOn < r.DueOn:
				raise[from+at] = r
			}
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return raise, next, nil
}

// undated: an occasion that comes once and begins before any day of a record
// has no day.
const undated = facts.None / 2

// around returns the last due day up to today, if there is one, and the first
// after today (None: there is none).
func (o occasion) around(today, repeat int64) (due int64, has bool, after int64) {
	after = facts.None
	if today > o.until || (repeat == 0 && o.from < undated) {
		return 0, false, after
	}
	switch {
	case o.from > today:
		after = o.from
	case repeat == 0:
		due, has = o.from, true
	default:
		due, has = o.from+(today-o.from)/repeat*repeat, true
		after = due + repeat
	}
	if after > o.until {
		after = facts.None
	}
	return due, has, after
}
