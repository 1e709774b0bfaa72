package catalogue_test

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// busy is a customer with an average record, on whom date triggers count.
func busy() facts.Customer {
	c := base("DEY")
	partial(&c)
	account(120000, 60000)(&c)
	c.Payments = []facts.Payment{payment("JOBSEEKER_PAYMENT", "CURRENT"), supplement("RENT_ASSISTANCE", "CURRENT")}
	c.Children = []facts.Child{mia, noah}
	c.Expenses = []facts.Expense{expense("rent-1", "RENT", 20000), meals("s1", 4000, ""), expense("util-1", "UTILITIES", 5000), cardExpense("2026-10-05", "")}
	c.Exemptions = []facts.Exemption{exemption("REJECTED", "2026-11-09", "2026-11-20", "2026-12-01", "")}
	c.Offers = []facts.Offer{{ID: "o1", Kind: "CIM_EXEMPTION", OfferedOn: day("2026-12-10"), Result: "DECLINED"}}
	return c
}

func benchmark(b *testing.B, parts []string, hits int, change func(*facts.Customer)) {
	b.Helper()
	ev := load(b).Evaluator()
	before := busy()
	after := clone(before)
	change(&after)
	b.ReportAllocs()
	for b.Loop() {
		raises, _, err := ev.Changed(&before, &after, parts, 7, calendar.Date(day(today)))
		if err != nil || len(raises) != hits {
			b.Fatal(raises, err)
		}
	}
}

func BenchmarkChanged(b *testing.B) {
	none := func(*facts.Customer) {}
	b.Run("address", func(b *testing.B) {
		benchmark(b, []string{"addresses"}, 1, func(c *facts.Customer) { c.Addresses[0].State = "QLD" })
	})
	b.Run("payment", func(b *testing.B) {
		benchmark(b, []string{"payments"}, 0, func(c *facts.Customer) { c.Payments[0].Status = "SUSPENDED" })
	})
	b.Run("balance", func(b *testing.B) {
		benchmark(b, []string{"account"}, 1, account(400000, 60000))
	})
	b.Run("expense", func(b *testing.B) {
		benchmark(b, []string{"expenses"}, 1, func(c *facts.Customer) { c.Expenses[0].Failures = 4 })
	})
	b.Run("card", func(b *testing.B) {
		benchmark(b, []string{"card"}, 0, func(c *facts.Customer) { c.Card.BalanceCents = 5 })
	})
	b.Run("measure", func(b *testing.B) {
		benchmark(b, []string{"register_measure", "measure_history"}, 1, under("CPEIM"))
	})
	b.Run("untouched", func(b *testing.B) { benchmark(b, []string{"name", "aliases"}, 0, none) })
}

func BenchmarkDue(b *testing.B) {
	ev := load(b).Evaluator()
	c := busy()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ev.Due(&c, calendar.Date(day(today))); err != nil {
			b.Fatal(err)
		}
	}
}
