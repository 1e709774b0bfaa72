package catalogue

import (
	"slices"

	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// current reports whether an expense is coded and has not ceased: on the day it
// ceases it is not current any more. One that begins later is coded already.
func current(e *facts.Expense, today int64) bool {
	return e.ID != "" && (e.CeasedOn == facts.None || e.CeasedOn > today)
}

// peakAllocation is the largest sum of regular expenses on today or any later
// day, so that an expense which replaces another from a day on does not count
// twice. The Rent Deduction Scheme takes from the payment, not from managed funds.
func peakAllocation(expenses []facts.Expense, today int64) int64 {
	on := func(day int64) int64 {
		var sum int64
		for i := range expenses {
			e := &expenses[i]
			if e.Regular && e.Kind != "RENT_DEDUCTION_SCHEME" && e.From <= day && current(e, day) {
				sum += e.AllocationCents
			}
		}
		return sum
	}
	peak := on(today)
	for i := range expenses {
		if from := expenses[i].From; from > today {
			peak = max(peak, on(from))
		}
	}
	return peak
}

// within counts the times at most so many seconds before the newest one.
func within(times []int64, seconds int64) int64 {
	if len(times) == 0 {
		return 0
	}
	newest := slices.Max(times)
	var n int64
	for _, t := range times {
		if newest-t <= seconds {
			n++
		}
	}
	return n
}

// measureSince is the first day of the spell of the measure in force.
func measureSince(c *facts.Customer) int64 {
	since := facts.None
	for _, s := range c.History {
		if s.Measure == c.Measure && s.To == facts.None {
			since = max(since, s.From)
		}
	}
	return since
}

// lastEnded is the spell with which income management ended last, from a day to
// today: no other spell goes on the day after it. Its To is None when there is none.
func lastEnded(c *facts.Customer, notBefore, today int64) facts.Spell {
	last := facts.Spell{From: facts.None, To: facts.None}
	for _, s := range c.History {
		if s.To == facts.None || s.To < notBefore || s.To > today || s.To <= last.To {
			continue
		}
		goesOn := slices.ContainsFunc(c.History, func(o facts.Spell) bool {
			return o.From <= s.To+1 && (o.To == facts.None || o.To > s.To)
		})
		if !goesOn {
			last = s
		}
	}
	return last
}

func homeState(addresses []facts.Address) string {
	for _, kind := range []string{"HOM", "TEM"} {
		for _, a := range addresses {
			if a.Kind == kind {
				return a.State
			}
		}
	}
	return ""
}

// sameChildren goes by the keys: names are not told of restricted records.
func sameChildren(a, b []facts.Child) bool {
	keys := func(list []facts.Child) []string {
		out := make([]string, len(list))
		for i := range list {
			out[i] = list[i].Key
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(keys(a), keys(b))
}

// altered lists the expenses that are not as they were before; all of them when
// no measure was in force before, because then nobody looked at them.
func altered(now, before *facts.Customer) []*facts.Expense {
	var out []*facts.Expense
	for i := range now.Expenses {
		e := &now.Expenses[i]
		same := i < len(before.Expenses) && before.Expenses[i] == *e || slices.Contains(before.Expenses, *e)
		if !same || before.Measure == "" {
			out = append(out, e)
		}
	}
	return out
}
