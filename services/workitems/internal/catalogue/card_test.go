package catalogue_test

import (
	"iter"
	"strings"

	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

func splitted(s string) iter.Seq[string] { return strings.FieldsSeq(s) }

// at is a time of day in Sydney's summer, in seconds since 1970.
func at(date string, hour int64) int64 { return day(date)*86400 + (hour-11)*3600 }

func partial(c *facts.Customer) {
	c.Card = facts.Card{Has: true, Method: "PARTIAL", PreviousMethod: "RESIDUAL", MethodSince: day("2026-09-07")}
}

func cardExpense(from, ceased string) facts.Expense {
	return facts.Expense{ID: "card-1", Kind: "CARD", AllocationCents: 5000, Regular: true, From: day(from), CeasedOn: day(ceased), ProviderEndsOn: facts.None}
}

func expense(id, kind string, cents int64) facts.Expense {
	return facts.Expense{ID: id, Kind: kind, AllocationCents: cents, Regular: true, From: day("2026-06-01"), CeasedOn: facts.None, ProviderEndsOn: facts.None}
}

func declined(times ...int64) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Card.Has, c.Card.Declined = true, times }
}

var fourDeclines = []int64{at("2027-03-03", 9), at("2027-03-05", 9), at("2027-03-06", 9), at("2027-03-09", 9)}

func card(balance, limit int64) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Card.Has, c.Card.BalanceCents, c.Card.LimitCents = true, balance, limit }
}

func pin(c *facts.Customer) { c.Card.PinBlocked = true }
func rejected(c *facts.Customer) {
	c.Card.VaryRejected = append(c.Card.VaryRejected, at("2027-03-10", 9))
}

var cardScenarios = []scenario{
	{code: "I092PI", name: "rejected", measure: "DEY", changed: "card", change: rejected, want: []string{"vary-balance"}},
	{code: "I092PI", name: "another one", measure: "DEY", changed: "card", before: rejected, change: rejected, want: []string{"vary-balance"}},
	{code: "I092PI", name: "only the balance changed", measure: "DEY", changed: "card", before: rejected, change: card(1, 0)},
	{code: "I092PI", name: "not known before", measure: "DEY", unknown: true, changed: "card", change: rejected},

	{code: "I094PI", name: "fifth", measure: "VEIM", changed: "card", before: declined(fourDeclines...), change: declined(append(fourDeclines[:4:4], at("2027-03-10", 8))...), want: []string{"declined"}},
	{code: "I094PI", name: "only the balance changed", measure: "VEIM", changed: "card", before: declined(append(fourDeclines[:4:4], at("2027-03-10", 8))...), change: card(1, 0)},
	{code: "I094PI", name: "fourth", limit: "declines", measure: "VEIM", changed: "card", before: declined(fourDeclines[:3]...), change: declined(fourDeclines...)},
	{code: "I094PI", name: "fifth of five", limit: "declines", measure: "VEIM", changed: "card", before: declined(fourDeclines...), change: declined(append(fourDeclines[:4:4], at("2027-03-09", 10))...), want: []string{"declined"}},
	{code: "I094PI", name: "168 hours", limit: "decline_hours", measure: "VEIM", changed: "card", before: declined(fourDeclines...), change: declined(append(fourDeclines[:4:4], at("2027-03-10", 9))...), want: []string{"declined"}},
	{code: "I094PI", name: "168 hours and a second", limit: "decline_hours", measure: "VEIM", changed: "card", before: declined(fourDeclines...), change: declined(append(fourDeclines[:4:4], at("2027-03-10", 9)+1)...)},
	{code: "I094PI", name: "told out of order", measure: "VEIM", changed: "card", before: declined(fourDeclines...), change: declined(append(fourDeclines[:4:4], at("2027-03-04", 9))...), want: []string{"declined"}},

	{code: "I114PI", name: "blocked", measure: "CPEIM", changed: "card", change: pin, want: []string{"pin"}},
	{code: "I114PI", name: "blocked already", measure: "CPEIM", changed: "card", before: pin, change: card(1, 0)},
	{code: "I114PI", name: "reset", measure: "CPEIM", changed: "card", before: pin, change: func(c *facts.Customer) { c.Card.PinBlocked = false }},
	{code: "I114PI", name: "new record", measure: "CPEIM", unknown: true, changed: "card", change: pin, want: []string{"pin"}},

	{code: "I001BC", name: "over the limit", measure: "LTWPR", changed: "card", before: card(0, 150000), change: card(150001, 150000), want: []string{"card-balance"}},
	{code: "I001BC", name: "at the limit", measure: "LTWPR", changed: "card", before: card(0, 150000), change: card(150000, 150000)},
	{code: "I001BC", name: "the limit was lowered", measure: "LTWPR", changed: "card", before: card(150000, 150000), change: card(150000, 100000), want: []string{"card-balance"}},
	{code: "I001BC", name: "no limit", measure: "LTWPR", changed: "card", change: card(9900000, 0)},
	{code: "I001BC", name: "over it before", measure: "LTWPR", changed: "card", before: card(150001, 150000), change: card(150002, 150000)},

	{code: "I009BC", name: "an expense is coded", measure: "DEY", changed: "expenses", before: partial, change: func(c *facts.Customer) { c.Expenses = []facts.Expense{expense("e1", "RENT", 100)} }, want: []string{"residual"}},
	{code: "I009BC", name: "an expense is changed", measure: "DEY", changed: "expenses", before: func(c *facts.Customer) { partial(c); c.Expenses = []facts.Expense{expense("e1", "RENT", 100)} }, change: func(c *facts.Customer) { c.Expenses[0].AllocationCents = 200 }},
	{code: "I009BC", name: "always on Partial", measure: "DEY", changed: "expenses", before: func(c *facts.Customer) { partial(c); c.Card.PreviousMethod = "" }, change: func(c *facts.Customer) { c.Expenses = []facts.Expense{expense("e1", "RENT", 100)} }},
	{code: "I009BC", name: "back on Residual", dated: true, measure: "DEY", before: func(c *facts.Customer) { partial(c); c.Card.Method, c.Card.PreviousMethod = "RESIDUAL", "PARTIAL" }},
	{code: "I009BC", name: "26 weeks less a day", limit: "card_weeks", dated: true, on: "2027-03-07", measure: "DEY", before: partial},
	{code: "I009BC", name: "26 weeks", limit: "card_weeks", dated: true, on: "2027-03-08", measure: "DEY", before: partial, want: []string{"residual"}, due: "2027-03-08"},
	{code: "I009BC", name: "52 weeks less a day", dated: true, on: "2027-09-05", measure: "DEY", before: partial, want: []string{"residual"}, due: "2027-03-08"},
	{code: "I009BC", name: "52 weeks", dated: true, on: "2027-09-06", measure: "DEY", before: partial, want: []string{"residual"}, due: "2027-09-06"},
	{code: "I009BC", name: "26 weeks after a coding", dated: true, on: "2027-04-05", measure: "DEY", before: func(c *facts.Customer) { partial(c); c.Expenses = []facts.Expense{cardExpense("2026-10-05", "")} }, want: []string{"residual"}, due: "2027-04-05"},
	{code: "I009BC", name: "a coding before the move does not count", dated: true, on: "2027-02-01", measure: "DEY", before: func(c *facts.Customer) { partial(c); c.Expenses = []facts.Expense{cardExpense("2026-06-01", "")} }},

	{code: "I010BC", name: "at once", dated: true, on: "2026-09-07", measure: "VWPR", before: partial, want: []string{"card-expense"}, due: "2026-09-07"},
	{code: "I010BC", name: "since the expense ceased", dated: true, on: today, measure: "VWPR", before: func(c *facts.Customer) {
		partial(c)
		c.Expenses = []facts.Expense{cardExpense("2026-10-05", "2027-03-10")}
	}, want: []string{"card-expense"}, due: "2027-03-10"},
	{code: "I010BC", name: "will cease tomorrow", dated: true, on: today, measure: "VWPR", before: func(c *facts.Customer) {
		partial(c)
		c.Expenses = []facts.Expense{cardExpense("2026-10-05", "2027-03-11")}
	}},
	{code: "I010BC", name: "an expense is coded", dated: true, measure: "VWPR", before: func(c *facts.Customer) { partial(c); c.Expenses = []facts.Expense{cardExpense("2026-10-05", "")} }},
	{code: "I010BC", name: "only a one-off expense", dated: true, on: "2026-09-08", measure: "VWPR", before: func(c *facts.Customer) {
		partial(c)
		c.Expenses = []facts.Expense{cardExpense("2026-10-05", "")}
		c.Expenses[0].Regular = false
	}, want: []string{"card-expense"}, due: "2026-09-07"},
	{code: "I010BC", name: "since the measure began", dated: true, on: "2026-02-01", measure: "VWPR", before: func(c *facts.Customer) { partial(c); c.Card.MethodSince = day("2025-11-03") }, want: []string{"card-expense"}, due: "2026-01-05"},
	{code: "I010BC", name: "on Residual", dated: true, measure: "VWPR", before: func(c *facts.Customer) { partial(c); c.Card.Method = "RESIDUAL" }},
	{code: "I010BC", name: "26 weeks less a day", limit: "card_weeks", dated: true, on: "2027-03-07", measure: "VWPR", before: partial, want: []string{"card-expense"}, due: "2026-09-07"},
	{code: "I010BC", name: "26 weeks", limit: "card_weeks", dated: true, on: "2027-03-08", measure: "VWPR", before: partial, want: []string{"card-expense"}, due: "2027-03-08"},
}
