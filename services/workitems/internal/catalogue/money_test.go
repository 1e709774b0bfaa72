package catalogue_test

import "github.com/noticehub/noticehub/services/workitems/internal/facts"

func account(balance, managed int64) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Account.Has, c.Account.BalanceCents, c.Account.ManagedCents = true, balance, managed
	}
}

func credited(id string, at int64) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Account.Has, c.Account.CreditID, c.Account.CreditCents, c.Account.CreditAt = true, id, 12050, at
	}
}

func disbursed(on string) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Account.Has, c.Account.DisbursedOn = true, day(on) }
}

func died(on string) func(*facts.Customer) {
	return func(c *facts.Customer) { c.DateOfDeath = day(on) }
}

// follows is an expense that begins when the other has ceased.
func follows(from string, cents int64) facts.Expense {
	e := expense("rent-2", "RENT", cents)
	e.From = day(from)
	return e
}

var moneyScenarios = []scenario{
	{code: "I064Q1", name: "an expense too much", measure: "DEY", changed: "expenses", before: account(0, 40000), change: expenses(expense("a", "RENT", 30000), expense("b", "CARD", 10001)), want: []string{"allocation"}},
	{code: "I064Q1", name: "funds fall", measure: "DEY", changed: "account", before: also(account(0, 40000), expenses(expense("a", "RENT", 40000))), change: account(0, 30000), want: []string{"allocation"}},
	{code: "I064Q1", name: "already above", measure: "DEY", changed: "account", before: also(account(0, 30000), expenses(expense("a", "RENT", 40000))), change: account(0, 20000)},
	{code: "I064Q1", name: "one-off and rent deduction do not count", measure: "DEY", changed: "expenses", before: account(0, 100), change: expenses(facts.Expense{ID: "once", Kind: "OTHER", AllocationCents: 5000, From: day(today), CeasedOn: facts.None}, expense("rds", "RENT_DEDUCTION_SCHEME", 5000))},
	{code: "I064Q1", name: "one replaces the other later", measure: "DEY", changed: "expenses", before: account(0, 40000), change: expenses(ceased(expense("a", "RENT", 40000), "2027-04-01"), follows("2027-04-01", 40000))},
	{code: "I064Q1", name: "too much from a day on", measure: "DEY", changed: "expenses", before: account(0, 40000), change: expenses(expense("a", "RENT", 40000), follows("2027-04-01", 1)), want: []string{"allocation"}},
	{code: "I064Q1", name: "the measure begins", changed: "register_measure", before: also(account(0, 30000), expenses(expense("a", "RENT", 40000))), change: under("CPEIM"), want: []string{"allocation"}},
	{code: "I064Q1", name: "exactly 100 %", limit: "full_percent", measure: "DEY", changed: "expenses", before: account(0, 40000), change: expenses(expense("a", "RENT", 40000))},
	{code: "I064Q1", name: "a cent above", limit: "full_percent", measure: "DEY", changed: "expenses", before: account(0, 40000), change: expenses(expense("a", "RENT", 40001)), want: []string{"allocation"}},

	{code: "I098Q1", name: "over", measure: "CPEIM", changed: "account", before: account(1000, 0), change: account(400000, 0), want: []string{"balance"}},
	{code: "I098Q1", name: "over before", measure: "CPEIM", changed: "account", before: account(400000, 0), change: account(500000, 0)},
	{code: "I098Q1", name: "the measure begins with it", changed: "register_measure", before: account(400000, 0), change: under("CPEIM"), want: []string{"balance"}},
	{code: "I098Q1", name: "a new record", measure: "CPEIM", unknown: true, changed: "account register_measure", change: account(400000, 0), want: []string{"balance"}},
	{code: "I098Q1", name: "another measure takes over", measure: "VWPR", changed: "register_measure", before: account(400000, 0), change: under("CPEIM")},
	{code: "I098Q1", name: "3,000.00", limit: "balance_cents", measure: "CPEIM", changed: "account", before: account(1000, 0), change: account(300000, 0)},
	{code: "I098Q1", name: "3,000.01", limit: "balance_cents", measure: "CPEIM", changed: "account", before: account(300000, 0), change: account(300001, 0), want: []string{"balance"}},

	{code: "I103PI", name: "credited after the disbursement", changed: "account", before: also(died("2027-02-01"), disbursed("2027-03-01")), change: credited("c2", at(today, 9)), want: []string{"credit/c2"}, value: "120.50"},
	{code: "I103PI", name: "on the day of it, recorded after it", changed: "account", before: also(died("2027-02-01"), disbursed(today)), change: credited("c2", at(today, 1)), want: []string{"credit/c2"}},
	{code: "I103PI", name: "a late record of a credit before it", changed: "account", before: also(died("2027-02-01"), disbursed(today)), change: credited("c2", at(today, 0)-1)},
	{code: "I103PI", name: "part of the residual balance", changed: "account", before: also(died("2027-02-01"), credited("c1", at(today, 8))), change: disbursed(today)},
	{code: "I103PI", name: "the disbursement was recorded late", changed: "account", before: also(died("2027-02-01"), credited("c1", at(today, 0))), change: disbursed("2027-03-09"), want: []string{"credit/c1"}},
	{code: "I103PI", name: "the death was recorded late", changed: "date_of_death", before: also(disbursed("2027-03-01"), credited("c1", at(today, 0))), change: died("2027-02-01"), want: []string{"credit/c1"}},
	{code: "I103PI", name: "alive", changed: "account", before: disbursed("2027-03-01"), change: credited("c2", at(today, 9))},
	{code: "I103PI", name: "not disbursed", changed: "account", before: died("2027-02-01"), change: credited("c2", at(today, 9))},

	{code: "I037Q1", name: "managed", measure: "CPEIM", changed: "date_of_death", change: died("2027-03-08"), want: []string{"death"}},
	{code: "I037Q1", name: "the measure ends with it", measure: "CPEIM", changed: "date_of_death other_measure", change: also(died("2027-03-08"), under("")), want: []string{"death"}},
	{code: "I037Q1", name: "not managed, funds left", changed: "date_of_death", before: account(5, 0), change: died("2027-03-08"), want: []string{"death"}},
	{code: "I037Q1", name: "not managed", changed: "date_of_death", change: died("2027-03-08")},
	{code: "I037Q1", name: "the date is corrected", measure: "CPEIM", changed: "date_of_death", before: died("2027-03-07"), change: died("2027-03-08")},
}
