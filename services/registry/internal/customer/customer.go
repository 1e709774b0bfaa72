// Package customer holds the rules a customer's record must satisfy beyond the
// shape of its fields, which the contract describes. The package is pure.
package customer

import (
	"fmt"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Record is what the rules look at; dates are yyyy-mm-dd, empty when not given.
// Paths are below the path given to Check.
type Record struct {
	// CRN of the customer, of the partner and of the payment nominee.
	CRN, PartnerCRN, NomineeCRN string
	// Born and Died are the dates of birth and death.
	Born, Died string

	keys    []key
	days    []day
	periods []period
	amounts []amount
	moments []instant
	wrongs  []fault.Field
}

type key struct{ path, kind, value string }

type day struct {
	path, value    string
	past, required bool
}

type period struct{ from, to day }

type amount struct {
	path  string
	cents int64
}

type instant struct {
	path string
	at   *time.Time
}

// Key adds a value by which a thing of a kind is found in the record: there may
// be only one with it.
func (r *Record) Key(path, kind, value string) { r.keys = append(r.keys, key{path, kind, value}) }

// Day adds a date that may be missing.
func (r *Record) Day(path, value string) { r.days = append(r.days, day{path: path, value: value}) }

// Past adds a date that may be missing but not lie ahead.
func (r *Record) Past(path, value string) {
	r.days = append(r.days, day{path: path, value: value, past: true})
}

// MustPast adds a date that may neither be missing nor lie ahead.
func (r *Record) MustPast(path, value string) {
	r.days = append(r.days, day{path: path, value: value, past: true, required: true})
}

// Period adds a first day and a last one, which may be missing but not come first.
func (r *Record) Period(fromPath, from, toPath, to string) {
	r.periods = append(r.periods, period{day{path: fromPath, value: from, required: true}, day{path: toPath, value: to}})
}

// Amount adds an amount in cents.
func (r *Record) Amount(path string, cents int64) {
	r.amounts = append(r.amounts, amount{path, cents})
}

// Moment adds a time; nil is none.
func (r *Record) Moment(path string, at *time.Time) {
	r.moments = append(r.moments, instant{path, at})
}

// Wrong adds what was found to be wrong already.
func (r *Record) Wrong(path, description string) {
	r.wrongs = append(r.wrongs, fault.Field{Path: path, Description: description})
}

// MaxCents is the largest amount of money anywhere: beyond it there are only
// slips of the pen, and sums of what is below never overflow.
const MaxCents = 100_000_000_000

// Check reports all that is wrong with a record as one Invalid fault with the
// path of each field, below path. Nobody can be born or die after today.
func Check(path string, r Record, today calendar.Date) error {
	r.MustPast("date_of_birth", r.Born)
	r.Past("date_of_death", r.Died)
	born, err := calendar.ParseDate(r.Born)
	if died, problem := calendar.ParseDate(r.Died); err == nil && problem == nil && died < born {
		r.Wrong("date_of_death", "must not be before the date of birth")
	}
	if r.PartnerCRN != "" && r.PartnerCRN == r.CRN {
		r.Wrong("partner_crn", "must be another customer's CRN")
	}
	if r.NomineeCRN != "" && r.NomineeCRN == r.CRN {
		r.Wrong("nominee.crn", "must be another customer's CRN")
	}
	return CheckParts(path, r, today)
}

// CheckParts is Check without what concerns the record as a whole.
func CheckParts(path string, r Record, today calendar.Date) error {
	c := checker{path: path, today: today}
	for _, w := range r.wrongs {
		c.bad(w.Path, w.Description)
	}
	for _, d := range r.days {
		c.day(d)
	}
	for _, p := range r.periods {
		from, okFrom := c.day(p.from)
		if to, ok := c.day(p.to); ok && okFrom && to < from {
			c.bad(p.to.path, "must not be before "+last(p.from.path))
		}
	}
	seen := make(map[key]bool, len(r.keys))
	for _, k := range r.keys {
		same := key{kind: k.kind, value: k.value}
		if seen[same] {
			c.bad(k.path, fmt.Sprintf("there is another %s with this; at most one is allowed", k.kind))
		}
		seen[same] = true
	}
	for _, a := range r.amounts {
		if a.cents > MaxCents || a.cents < -MaxCents {
			c.bad(a.path, fmt.Sprintf("must not be beyond %d cents", int64(MaxCents)))
		}
	}
	for _, m := range r.moments {
		switch {
		case m.at == nil || m.at.Year() < firstYear:
			c.bad(m.path, "must be a time of the calendar")
		case m.at.After(today.Add(2).Time()): // a day ahead, in whatever zone
			c.bad(m.path, "must not be after today")
		}
	}
	if c.fault != nil {
		return c.fault
	}
	return nil
}

type checker struct {
	path  string
	today calendar.Date
	fault *fault.Error
	told  map[string]bool
}

func (c *checker) bad(path, description string) {
	// Parts of a thing that has no name of its own begin with the dot.
	path = strings.Trim(c.path+"."+strings.TrimPrefix(path, "."), ".")
	if c.told[path] {
		return // one thing a field is enough
	}
	if c.fault == nil {
		c.fault, c.told = fault.InvalidField(path, "%s", description), map[string]bool{path: true}
		return
	}
	c.told[path] = true
	c.fault = c.fault.WithField(path, description)
}

// Years before this are slips of the pen, and beyond what databases store.
const firstYear = 1850

// day checks a date; false when there is none to compare.
func (c *checker) day(d day) (calendar.Date, bool) {
	if d.value == "" && !d.required {
		return 0, false
	}
	date, err := calendar.ParseDate(d.value)
	switch {
	case err != nil:
		c.bad(d.path, "must be a day of the calendar, written yyyy-mm-dd")
		return 0, false
	case date.Year() < firstYear:
		c.bad(d.path, fmt.Sprintf("must not be before the year %d", firstYear))
	case d.past && date > c.today:
		c.bad(d.path, "must not be after today")
	}
	return date, true
}

// last is the last part of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
