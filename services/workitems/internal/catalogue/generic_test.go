package catalogue_test

import "github.com/noticehub/noticehub/services/workitems/internal/facts"

func nominee(s string) func(*facts.Customer) { return func(c *facts.Customer) { c.Nominee = s } }
func partner(s string) func(*facts.Customer) { return func(c *facts.Customer) { c.PartnerCRN = s } }

func payday(s string) func(*facts.Customer) { return func(c *facts.Customer) { c.PaydayCode = s } }
func under(m string) func(*facts.Customer)  { return func(c *facts.Customer) { c.Measure = m } }
func also(f ...func(*facts.Customer)) func(*facts.Customer) {
	return func(c *facts.Customer) {
		for _, g := range f {
			g(c)
		}
	}
}

func expenses(list ...facts.Expense) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Expenses = append([]facts.Expense(nil), list...) }
}

func meals(provider string, fee int64, ends string) facts.Expense {
	e := expense("smp-1", "SCHOOL_MEALS", 4000)
	e.Provider, e.FeeCents, e.ProviderEndsOn = provider, fee, day(ends)
	return e
}

func failing(n int64) facts.Expense {
	e := expense("rent-1", "RENT", 20000)
	e.Failures = n
	return e
}

func ceased(e facts.Expense, on string) facts.Expense {
	e.CeasedOn = day(on)
	return e
}

func children(list ...facts.Child) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Children = list }
}

func history(list ...facts.Spell) func(*facts.Customer) {
	return func(c *facts.Customer) { c.History = list }
}

func spell(m, from, to string) facts.Spell {
	return facts.Spell{Measure: m, From: day(from), To: day(to)}
}

func penalties(list ...facts.Penalty) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Penalties = list }
}

func penalty(from, to string) facts.Penalty {
	return facts.Penalty{ID: "p1", Kind: "PENALTY", From: day(from), To: day(to)}
}

func addresses(kinds ...string) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Addresses = nil
		for _, k := range kinds {
			c.Addresses = append(c.Addresses, facts.Address{Kind: k, State: "NT"})
		}
	}
}

var (
	mia  = facts.Child{GivenName: "Mia", Born: day("2022-03-10"), Key: "child/mia"}
	noah = facts.Child{GivenName: "Noah", Born: day("2020-02-29"), Key: "child/noah"}
)

const principal = "204111222A"

var genericScenarios = []scenario{
	{code: "I005Q1", name: "ended", measure: "CYEIM", changed: "nominee", before: nominee("PERSON/204111222A"), change: nominee(""), want: []string{"nominee"}},
	{code: "I005Q1", name: "went over", measure: "CYEIM", changed: "nominee", before: nominee("PERSON/204111222A"), change: nominee("PUBLIC_TRUSTEE/"), want: []string{"nominee"}},
	{code: "I005Q1", name: "died", measure: "CYEIM", changed: "nominee_deceased", before: nominee("PERSON/204111222A"), change: func(c *facts.Customer) { c.NomineeDeceased = true }, want: []string{"nominee"}},
	{code: "I005Q1", name: "began", measure: "CYEIM", changed: "nominee", change: nominee("PERSON/204111222A")},

	{code: "I024Q1", name: "increase", measure: "SPAREIM", changed: "expenses", before: expenses(meals("s1", 4000, "")), change: expenses(meals("s1", 4550, "")), want: []string{"expense/smp-1"}, value: "increase from 40.00 to 45.50"},
	{code: "I024Q1", name: "reduction", measure: "SPAREIM", changed: "expenses", before: expenses(meals("s1", 4000, "")), change: expenses(meals("s1", 3999, "")), want: []string{"expense/smp-1"}, value: "reduction from 40.00 to 39.99"},
	{code: "I024Q1", name: "another provider", measure: "SPAREIM", changed: "expenses", before: expenses(meals("s1", 4000, "")), change: expenses(meals("s2", 4500, ""))},
	{code: "I024Q1", name: "fee now known", measure: "SPAREIM", changed: "expenses", before: expenses(meals("s1", 0, "")), change: expenses(meals("s1", 4500, ""))},
	{code: "I024Q1", name: "ceased", measure: "SPAREIM", changed: "expenses", before: expenses(meals("s1", 4000, "")), change: expenses(ceased(meals("s1", 4500, ""), today))},

	{code: "I025Q1", name: "will end", measure: "DEY", changed: "expenses", before: expenses(meals("s1", 4000, "")), change: expenses(meals("s1", 4000, "2027-06-30")), want: []string{"expense/smp-1"}, value: "2027-06-30"},
	{code: "I025Q1", name: "has ended, and the expense ceased with it", measure: "DEY", changed: "expenses", before: expenses(meals("s1", 4000, "")), change: expenses(ceased(meals("s1", 4000, today), today)), want: []string{"expense/smp-1"}},
	{code: "I025Q1", name: "known before", measure: "DEY", changed: "expenses", before: expenses(meals("s1", 4000, "2027-06-30")), change: expenses(meals("s1", 4100, "2027-06-30"))},
	{code: "I025Q1", name: "goes on after all", measure: "DEY", changed: "expenses", before: expenses(meals("s1", 4000, "2027-06-30")), change: expenses(meals("s1", 4000, ""))},

	{code: "I034Q1", name: "deduction received", measure: "VEIM", changed: "expenses", change: expenses(expense("rds-1", "RENT_DEDUCTION_SCHEME", 9000)), want: []string{"expense/rds-1"}},
	{code: "I034Q1", name: "the measure begins", measure: "", changed: "other_measure measure_history", before: expenses(expense("rds-1", "RENT_DEDUCTION_SCHEME", 9000)), change: func(c *facts.Customer) {
		c.Measure = "VEIM"
	}, want: []string{"expense/rds-1"}},
	{code: "I034Q1", name: "ordinary rent", measure: "VEIM", changed: "expenses", change: expenses(expense("rent-1", "RENT", 9000))},
	{code: "I034Q1", name: "had it before", measure: "VEIM", changed: "expenses", before: expenses(expense("rds-1", "RENT_DEDUCTION_SCHEME", 9000)), change: expenses(expense("rds-1", "RENT_DEDUCTION_SCHEME", 9100))},

	{code: "I036Q1", name: "fourth failure", measure: "CPEIM", changed: "expenses", before: expenses(failing(3)), change: expenses(failing(4)), want: []string{"expense/rent-1"}},
	{code: "I036Q1", name: "fifth failure", measure: "CPEIM", changed: "expenses", before: expenses(failing(4)), change: expenses(failing(5))},
	{code: "I036Q1", name: "success", measure: "CPEIM", changed: "expenses", before: expenses(failing(4)), change: expenses(failing(0))},
	{code: "I036Q1", name: "ceased", measure: "CPEIM", changed: "expenses", before: expenses(failing(3)), change: expenses(ceased(failing(4), today))},
	{code: "I036Q1", name: "three", limit: "failures", measure: "CPEIM", changed: "expenses", before: expenses(failing(2)), change: expenses(failing(3))},
	{code: "I036Q1", name: "four", limit: "failures", measure: "CPEIM", changed: "expenses", before: expenses(failing(3)), change: expenses(failing(4)), want: []string{"expense/rent-1"}},

	{code: "I045Q1", name: "becomes nominee", measure: "CPEIM", changed: "nominee_for", change: func(c *facts.Customer) { c.NomineeFor = []string{principal} }, want: []string{"principal/" + principal}, value: principal},
	{code: "I045Q1", name: "the measure begins", changed: "register_measure", before: func(c *facts.Customer) { c.NomineeFor = []string{principal} }, change: under("CPEIM"), want: []string{"principal/" + principal}},
	{code: "I045Q1", name: "one principal less", measure: "CPEIM", changed: "nominee_for", before: func(c *facts.Customer) { c.NomineeFor = []string{principal, "204111333B"} }, change: func(c *facts.Customer) { c.NomineeFor = []string{principal} }},

	{code: "I070Q1", name: "changed", measure: "VWPR", changed: "addresses", change: func(c *facts.Customer) { c.Addresses[0].State = "QLD" }, want: []string{"addresses"}},
	{code: "I070Q1", name: "none left", measure: "VWPR", changed: "addresses", change: addresses(), want: []string{"addresses"}},
	{code: "I070Q1", name: "the measure begins without one", changed: "register_measure", before: addresses(), change: under("VWPR"), want: []string{"addresses"}},
	{code: "I070Q1", name: "the measure begins with one", changed: "register_measure", change: under("VWPR")},
	{code: "I070Q1", name: "new record with one", measure: "VWPR", unknown: true, changed: "addresses register_measure"},
	{code: "I070Q1", name: "new record without one", measure: "VWPR", unknown: true, changed: "register_measure", before: addresses(), want: []string{"addresses"}},

	{code: "I077Q1", name: "linked", measure: "SEAM", changed: "partner_crn", change: partner(principal), want: []string{"partner"}},
	{code: "I077Q1", name: "unlinked", measure: "SEAM", changed: "partner_crn", before: partner(principal), change: partner(""), want: []string{"partner"}},
	{code: "I077Q1", name: "new record", measure: "SEAM", unknown: true, changed: "partner_crn", change: partner(principal)},

	{code: "I083Q1", name: "changed", measure: "SEAM", changed: "payday_code", before: payday("MON1"), change: payday("TUE2"), want: []string{"payday"}},
	{code: "I083Q1", name: "new record", measure: "SEAM", unknown: true, changed: "payday_code", change: payday("TUE2")},

	{code: "I084Q1", name: "entered", measure: "CYEIM", changed: "children", change: children(mia), want: []string{"children"}},
	{code: "I084Q1", name: "left", measure: "CYEIM", changed: "children", before: children(mia, noah), change: children(noah), want: []string{"children"}},
	{code: "I084Q1", name: "another order", measure: "CYEIM", changed: "children", before: children(mia, noah), change: children(noah, mia)},

	{code: "I086Q1", name: "one takes the other's place", measure: "VWPR", changed: "register_measure measure_history", change: func(c *facts.Customer) {
		c.Measure = "CPEIM"
		c.History = append(c.History, spell("CPEIM", today, ""))
	}, want: []string{"measure"}},
	{code: "I086Q1", name: "begins the day after", changed: "register_measure measure_history", before: history(spell("SPAREIM", "2026-03-10", "2027-03-09")), change: func(c *facts.Customer) {
		c.Measure = "CPEIM"
		c.History = append(c.History, spell("CPEIM", today, ""))
	}, want: []string{"measure"}},
	{code: "I086Q1", name: "begins on the day", changed: "register_measure measure_history", before: history(spell("SPAREIM", "2026-03-10", today)), change: func(c *facts.Customer) {
		c.Measure = "CPEIM"
		c.History = append(c.History, spell("CPEIM", today, ""))
	}, want: []string{"measure"}},
	{code: "I086Q1", name: "begins two days after", changed: "register_measure measure_history", before: history(spell("SPAREIM", "2026-03-10", "2027-03-08")), change: func(c *facts.Customer) {
		c.Measure = "CPEIM"
		c.History = append(c.History, spell("CPEIM", today, ""))
	}},
	{code: "I086Q1", name: "the same measure again", changed: "register_measure measure_history", before: history(spell("CPEIM", "2026-03-10", "2027-03-09")), change: func(c *facts.Customer) {
		c.Measure = "CPEIM"
		c.History = append(c.History, spell("CPEIM", today, ""))
	}},

	{code: "I097Q1", name: "new", measure: "LTWPR", changed: "penalties", change: penalties(penalty("2027-03-22", "")), want: []string{"penalty/p1/2027-03-22"}, value: "2027-03-22"},
	{code: "I097Q1", name: "moved", measure: "LTWPR", changed: "penalties", before: penalties(penalty("2027-03-22", "")), change: penalties(penalty("2027-03-29", "")), want: []string{"penalty/p1/2027-03-29"}, value: "2027-03-29"},
	{code: "I097Q1", name: "only its end moved", measure: "LTWPR", changed: "penalties", before: penalties(penalty("2027-03-22", "")), change: penalties(penalty("2027-03-22", "2027-05-01"))},
	{code: "I097Q1", name: "over", measure: "LTWPR", changed: "penalties", change: penalties(penalty("2027-01-04", "2027-03-09"))},
	{code: "I097Q1", name: "the measure begins meanwhile", changed: "other_measure", before: penalties(penalty("2027-03-01", "")), change: under("LTWPR"), want: []string{"penalty/p1/2027-03-01"}},
}
