package catalogue_test

import (
	"slices"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

func TestCloses(t *testing.T) {
	t.Parallel()
	all := func(code string) []catalogue.Close { return []catalogue.Close{{Code: code}} }
	ev := load(t).Evaluator()
	requested := exemptions(exemption("EVIDENCE_REQUESTED", "2027-02-01", "", "", ""))
	for _, s := range []struct {
		name, measure, changed string
		before, change         func(*facts.Customer)
		want                   []catalogue.Close
	}{
		{"exemption offer recorded", "DEY", "service_offers", nil, offered("CIM_EXEMPTION", "2027-03-10"), all("I551Q1")},
		{"also when the measure is over", "", "service_offers", nil, offered("CIM_EXEMPTION", "2027-03-10"), all("I551Q1")},
		{"another offer recorded", "CPEIM", "service_offers", offered("CIM_EXEMPTION", "2027-01-10"), offered("UNRESTRICTED_CASH_PAYMENT", "2027-03-10"), all("I290Q1")},
		{"a known offer's result", "CPEIM", "service_offers", offered("CIM_EXEMPTION", "2027-01-10"), func(c *facts.Customer) { c.Offers[0].Result = "ACCEPTED" }, nil},
		{"card expense coded", "DEY", "expenses", partial, expenses(cardExpense("2027-03-10", "")), all("I010BC")},
		{"coded again after it ceased", "DEY", "expenses", also(partial, expenses(cardExpense("2026-03-10", "2026-09-01"))), expenses(cardExpense("2027-03-10", "")), all("I010BC")},
		{"card expense changed", "DEY", "expenses", also(partial, expenses(cardExpense("2026-03-10", ""))), func(c *facts.Customer) { c.Expenses[0].AllocationCents++ }, nil},
		{"another expense coded", "DEY", "expenses", partial, expenses(expense("e", "RENT", 1)), nil},
		{"back on Residual", "DEY", "card", partial, func(c *facts.Customer) { c.Card.Method = "RESIDUAL" }, all("I009BC")},
		{"card blocked no longer", "DEY", "card", pin, func(c *facts.Customer) { c.Card.PinBlocked = false }, nil},
		{"evidence recorded", "DEY", "exemptions", requested, exemptions(exemption("EVIDENCE_REQUESTED", "2027-02-01", "2027-03-09", "", "")), []catalogue.Close{{Code: "I544Q1", Cause: "exemption/x1"}}},
		{"application rejected", "DEY", "exemptions", requested, exemptions(exemption("REJECTED", "2027-02-01", "", "2027-03-09", "")), []catalogue.Close{{Code: "I544Q1", Cause: "exemption/x1"}}},
		{"asked for again", "DEY", "exemptions", requested, exemptions(exemption("EVIDENCE_REQUESTED", "2027-03-01", "", "", "")), nil},
		{"cause gone: balance fell", "DEY", "account", account(400000, 0), account(0, 0), nil},
		{"cause gone: partner linked again", "DEY", "partner_crn", nil, partner(principal), nil},
	} {
		before := base(s.measure)
		if s.before != nil {
			s.before(&before)
		}
		after := clone(before)
		s.change(&after)
		_, got, err := ev.Changed(&before, &after, []string{s.changed}, 3, calendar.Date(day(today)))
		if err != nil || !slices.Equal(got, s.want) {
			t.Errorf("%s: closes %v (%v), want %v", s.name, got, err, s.want)
		}
	}
}

// Several parts of one entry evaluate it once, and an evaluator remembers nothing.
func TestOnceAndForgotten(t *testing.T) {
	t.Parallel()
	ev := load(t).Evaluator()
	before := base("CPEIM")
	after := clone(before)
	account(400000, 0)(&after)
	addresses()(&after)
	parts := []string{"account", "register_measure", "other_measure", "addresses", "name"}
	for range 2 {
		raises, closes, err := ev.Changed(&before, &after, parts, 4, calendar.Date(day(today)))
		if err != nil || len(raises) != 2 || len(closes) != 0 {
			t.Fatalf("%v %v %v", raises, closes, err)
		}
		if none, _, err := ev.Changed(&after, &after, []string{"name", "account"}, 5, calendar.Date(day(today))); err != nil || len(none) != 0 {
			t.Fatalf("%v %v", none, err)
		}
	}
}
