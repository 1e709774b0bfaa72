package catalogue_test

import (
	"slices"

	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

func payment(code, status string) facts.Payment {
	return facts.Payment{Code: code, Status: status, Since: facts.None}
}

func supplement(code, status string) facts.Payment {
	return facts.Payment{Code: code, Status: status, Since: facts.None, Supplementary: true}
}

func payments(list ...facts.Payment) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Payments = append([]facts.Payment(nil), list...) }
}

func rent(s string) func(*facts.Customer) { return func(c *facts.Customer) { c.RentType = s } }

func prison(from, to string) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Imprisonment = facts.Imprisonment{Has: true, From: day(from), To: day(to)}
	}
}

func carer(own, partners string) func(*facts.Customer) {
	return func(c *facts.Customer) { c.CarerAllowance, c.PartnerCarerAllowance = own, partners }
}

func cash(yes bool) func(*facts.Customer) { return func(c *facts.Customer) { c.CashPayment = yes } }

const (
	within14 = "within 14 days of income management ending: regular expenses continue"
	after14  = "more than 14 days after income management ended: regular expenses have ceased"
	never    = "income management had not ended: regular expenses continue"
)

var measureScenarios = slices.Concat(
	restoredScenarios("I508Q1", "DEY"), restoredScenarios("I508Q1", "LTWPR"), restoredScenarios("I408Q1", "VEIM"),
	restoredScenarios("I608Q1", "VWPR"), restoredScenarios("I208Q1", "CPEIM"),
	sharedScenarios("VEIM", "I411Q1", "I412Q1", "I413Q1", "I415Q1", "I417Q1"),
	sharedScenarios("CPEIM", "I211Q1", "I212Q1", "I213Q1", "I215Q1", "I217Q1"),
	[]scenario{
		{code: "I417Q1", name: "pension supplement", measure: "VEIM", changed: "payments", change: payments(supplement("PENSION_SUPPLEMENT", "CURRENT"))},
		{code: "I217Q1", name: "pension supplement", measure: "CPEIM", changed: "payments", change: payments(supplement("PENSION_SUPPLEMENT", "CURRENT")), want: []string{"payment/PENSION_SUPPLEMENT"}},

		{code: "I607Q1", name: "ended", measure: "VWPR", changed: "other_measure measure_history", change: also(under(""), history(spell("VWPR", "2026-01-05", "2027-03-09"))), want: []string{"measure"}},
		{code: "I607Q1", name: "another took its place", measure: "VWPR", changed: "register_measure measure_history", change: under("CPEIM")},
		{code: "I607Q1", name: "another measure ended", measure: "CPEIM", changed: "register_measure", change: under("")},

		{code: "I203Q1", name: "the customer's", measure: "CPEIM", changed: "carer_allowance", before: carer("CURRENT", ""), change: carer("SUSPENDED", ""), want: []string{"carer-allowance"}},
		{code: "I203Q1", name: "the partner's", measure: "CPEIM", changed: "partner_carer_allowance", before: also(partner(principal), carer("NONE", "NONE")), change: carer("NONE", "CURRENT"), want: []string{"carer-allowance"}},
		{code: "I203Q1", name: "another partner's", measure: "CPEIM", changed: "partner_carer_allowance partner_crn", before: partner(principal), change: also(partner("204111333B"), carer("", "CURRENT"))},
		{code: "I203Q1", name: "only written down", measure: "CPEIM", changed: "carer_allowance", before: carer("", ""), change: carer("NONE", "")},

		{code: "I290Q1", name: "determined", measure: "CPEIM", changed: "unrestricted_cash_payment_eligible", change: cash(true), want: []string{"cash-payment"}},
		{code: "I290Q1", name: "no longer", measure: "CPEIM", changed: "unrestricted_cash_payment_eligible", before: cash(true), change: cash(false)},
		{code: "I290Q1", name: "the measure begins", changed: "register_measure", before: cash(true), change: under("CPEIM"), want: []string{"cash-payment"}},
	},
)

// restoredScenarios are those of the four items that share one trigger.
func restoredScenarios(code, m string) []scenario {
	cancelled := payments(payment("JOBSEEKER_PAYMENT", "CANCELLED"))
	back := payments(payment("JOBSEEKER_PAYMENT", "RESTORED"))
	ended := func(on string) func(*facts.Customer) {
		return func(c *facts.Customer) {
			c.Measure = ""
			c.History = []facts.Spell{spell(m, "2026-01-05", on)}
		}
	}
	again := func(on string) func(*facts.Customer) {
		return also(ended(on), func(c *facts.Customer) {
			c.Measure = m
			c.History = append(c.History, spell(m, today, ""))
		})
	}
	want := []string{"payment/JOBSEEKER_PAYMENT"}
	return []scenario{
		{code: code, name: "suspended only " + m, measure: m, changed: "payments", before: payments(payment("JOBSEEKER_PAYMENT", "SUSPENDED")), change: back, want: want, value: never},
		{code: code, name: "current again " + m, measure: m, changed: "payments", before: cancelled, change: payments(payment("JOBSEEKER_PAYMENT", "CURRENT")), want: want, value: never},
		{code: code, name: "the measure begins again at once " + m, measure: m, changed: "payments", before: also(cancelled, again("2027-03-01")), change: back, want: want, value: within14},
		{code: code, name: "an older end is no matter " + m, measure: m, changed: "payments", before: also(payments(facts.Payment{Code: "JOBSEEKER_PAYMENT", Status: "SUSPENDED", Since: day("2027-03-05")}), again("2027-03-01")), change: back, want: want, value: never},
		{code: code, name: "a supplementary payment " + m, measure: m, changed: "payments", before: payments(supplement("RENT_ASSISTANCE", "CANCELLED")), change: payments(supplement("RENT_ASSISTANCE", "RESTORED"))},
		{code: code, name: "granted " + m, measure: m, changed: "payments", change: payments(payment("JOBSEEKER_PAYMENT", "CURRENT"))},
		{code: code, name: "restored before " + m, measure: m, changed: "payments", before: back, change: payments(payment("JOBSEEKER_PAYMENT", "CURRENT"))},
		{code: code, name: "ended 14 days ago " + m, limit: "restored_days", changed: "payments", before: also(cancelled, ended("2027-02-24")), change: back, want: want, value: within14},
		{code: code, name: "ended 15 days ago " + m, limit: "restored_days", changed: "payments", before: also(cancelled, ended("2027-02-23")), change: back, want: want, value: after14},
		{code: code, name: "ended 13 weeks ago " + m, limit: "restored_weeks", changed: "payments", before: also(cancelled, ended("2026-12-09")), change: back, want: want, value: after14},
		{code: code, name: "ended 13 weeks and a day ago " + m, limit: "restored_weeks", changed: "payments", before: also(cancelled, ended("2026-12-08")), change: back},
	}
}

// sharedScenarios are those of the items that voluntary and child protection
// customers have alike: rent, prison, and supplementary payments cancelled,
// suspended, starting.
func sharedScenarios(m, rentCode, prisonCode, cancelCode, suspendCode, startCode string) []scenario {
	paid := payments(supplement("RENT_ASSISTANCE", "CURRENT"), payment("AGE_PENSION", "CURRENT"))
	want := []string{"payment/RENT_ASSISTANCE"}
	return []scenario{
		{code: rentCode, name: "changed", measure: m, changed: "rent_type", before: rent("PRIVATE_RENT"), change: rent("BOARD"), want: []string{"rent"}},
		{code: rentCode, name: "first recorded", measure: m, changed: "rent_type", change: rent("BOARD"), want: []string{"rent"}},
		{code: rentCode, name: "new record", measure: m, unknown: true, changed: "rent_type", change: rent("BOARD")},

		{code: prisonCode, name: "recorded", measure: m, changed: "imprisonment", change: prison("2027-03-01", ""), want: []string{"imprisonment"}},
		{code: prisonCode, name: "again", measure: m, changed: "imprisonment", before: prison("2026-05-01", "2026-08-01"), change: prison("2027-03-01", ""), want: []string{"imprisonment"}},
		{code: prisonCode, name: "ends today", measure: m, changed: "imprisonment", change: prison("2027-03-01", today), want: []string{"imprisonment"}},
		{code: prisonCode, name: "over", measure: m, changed: "imprisonment", change: prison("2027-03-01", "2027-03-09")},
		{code: prisonCode, name: "its end is known", measure: m, changed: "imprisonment", before: prison("2027-03-01", ""), change: prison("2027-03-01", "2027-06-01")},
		{code: prisonCode, name: "the measure begins", changed: "register_measure other_measure", before: prison("2027-03-01", ""), change: under(m), want: []string{"imprisonment"}},

		{code: cancelCode, name: "cancelled", measure: m, changed: "payments", before: paid, change: payments(supplement("RENT_ASSISTANCE", "CANCELLED"), payment("AGE_PENSION", "CURRENT")), want: want, value: "RENT_ASSISTANCE"},
		{code: cancelCode, name: "gone", measure: m, changed: "payments", before: paid, change: payments(payment("AGE_PENSION", "CURRENT")), want: want},
		{code: cancelCode, name: "the main payment", measure: m, changed: "payments", before: paid, change: payments(supplement("RENT_ASSISTANCE", "CURRENT"), payment("AGE_PENSION", "CANCELLED"))},
		{code: cancelCode, name: "suspended", measure: m, changed: "payments", before: paid, change: payments(supplement("RENT_ASSISTANCE", "SUSPENDED"), payment("AGE_PENSION", "CURRENT"))},

		{code: suspendCode, name: "suspended", measure: m, changed: "payments", before: paid, change: payments(supplement("RENT_ASSISTANCE", "SUSPENDED")), want: want},
		{code: suspendCode, name: "cancelled", measure: m, changed: "payments", before: paid, change: payments(supplement("RENT_ASSISTANCE", "CANCELLED"))},
		{code: suspendCode, name: "suspended before", measure: m, changed: "payments", before: payments(supplement("RENT_ASSISTANCE", "SUSPENDED")), change: payments(supplement("RENT_ASSISTANCE", "SUSPENDED"), payment("AGE_PENSION", "CURRENT"))},

		{code: startCode, name: "granted", measure: m, changed: "payments", change: paid, want: want, value: "RENT_ASSISTANCE"},
		{code: startCode, name: "the others", measure: m, changed: "payments", change: payments(supplement("PHARMACEUTICAL_ALLOWANCE", "CURRENT"), supplement("REMOTE_AREA_ALLOWANCE", "CURRENT")), want: []string{"payment/PHARMACEUTICAL_ALLOWANCE", "payment/REMOTE_AREA_ALLOWANCE"}},
		{code: startCode, name: "again", measure: m, changed: "payments", before: payments(supplement("RENT_ASSISTANCE", "CANCELLED")), change: payments(supplement("RENT_ASSISTANCE", "RESTORED")), want: want},
		{code: startCode, name: "another one", measure: m, changed: "payments", change: payments(supplement("ENERGY_SUPPLEMENT", "CURRENT"))},
		{code: startCode, name: "paid before", measure: m, changed: "payments", before: paid, change: payments(supplement("RENT_ASSISTANCE", "RESTORED"))},
	}
}

func revocation(days int64, continuation, other bool) *facts.Revocation {
	return &facts.Revocation{
		NoticeID: "n1", SubmissionID: "s1", Measure: "CPEIM", LodgedOn: day(today), EndOn: day(today) + days, DaysLeft: days,
		ContinuationExists: continuation, OtherAuthorityNotice: other,
	}
}

func otherMeasure(r *facts.Revocation) *facts.Revocation {
	r.Measure = "SPAREIM"
	return r
}

var revoked = []string{"notice/n1"}

var noticeScenarios = []scenario{
	{code: "I291Q1", name: "no other authority's notice", revoke: revocation(60, true, false), want: revoked, due: today},
	{code: "I291Q1", name: "no continuation", revoke: revocation(60, false, true), want: revoked},
	{code: "I291Q1", name: "neither", revoke: revocation(60, false, false), want: revoked},
	{code: "I291Q1", name: "both", revoke: revocation(60, true, true)},
	{code: "I291Q1", name: "ends today", revoke: revocation(0, true, true), want: revoked},
	{code: "I291Q1", name: "another measure", revoke: otherMeasure(revocation(10, false, false))},
	{code: "I291Q1", name: "28 days left", limit: "revocation_days", revoke: revocation(28, true, true), want: revoked},
	{code: "I291Q1", name: "29 days left", limit: "revocation_days", revoke: revocation(29, true, true)},
}
