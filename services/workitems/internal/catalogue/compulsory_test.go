package catalogue_test

import "github.com/noticehub/noticehub/services/workitems/internal/facts"

func exemption(status, requested, received, decided, ends string) facts.Exemption {
	return facts.Exemption{
		ID: "x1", Status: status, AppliedOn: day("2026-11-02"), RequestedOn: day(requested), ReceivedOn: day(received),
		DecidedOn: day(decided), EndsOn: day(ends),
	}
}

func exemptions(list ...facts.Exemption) func(*facts.Customer) {
	return func(c *facts.Customer) { c.Exemptions = append([]facts.Exemption(nil), list...) }
}

func offered(kind, on string) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Offers = append(c.Offers, facts.Offer{ID: "o" + on, Kind: kind, OfferedOn: day(on), Result: "DECLINED"})
	}
}

func left(on string) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Addresses = []facts.Address{{Kind: "HOM", State: "QLD"}}
		c.LeftAreaOn = day(on)
	}
}

func bereaved(on string) func(*facts.Customer) {
	return func(c *facts.Customer) { c.BereavedOn = day(on) }
}

// parent has a child who was born before the measure began on 5 January 2026, so
// offers fall due then, on 2 March 2026, … 7 December 2026 and 1 February 2027.
func parent(f ...func(*facts.Customer)) func(*facts.Customer) {
	return func(c *facts.Customer) {
		c.Children = []facts.Child{{GivenName: "Ada", Key: "child/ada", Born: day("2015-01-01")}}
		for _, g := range f {
			g(c)
		}
	}
}

var offer = []string{"exemption-offer"}

var compulsoryScenarios = []scenario{
	{code: "I542Q1", name: "born later", dated: true, on: today, measure: "DEY", before: children(facts.Child{GivenName: "Zoe", Key: "child/zoe", Born: day("2024-01-01")})},
	{code: "I542Q1", name: "turned 5 yesterday", dated: true, on: "2027-03-11", measure: "DEY", before: children(mia), want: []string{"child/mia"}, value: "Mia", due: "2027-03-10"},
	{code: "I542Q1", name: "the day before", limit: "school_age_years", dated: true, on: "2027-03-09", measure: "LTWPR", before: children(mia)},
	{code: "I542Q1", name: "the birthday", limit: "school_age_years", dated: true, on: "2027-03-10", measure: "LTWPR", before: children(mia), want: []string{"child/mia"}, value: "Mia"},
	{code: "I542Q1", name: "born on 29 February, 28 February", dated: true, on: "2025-02-28", measure: "DEY", before: children(noah)},
	{code: "I542Q1", name: "born on 29 February, 1 March", dated: true, on: "2025-03-01", measure: "DEY", before: children(noah), want: []string{"child/noah"}, due: "2025-03-01"},
	{code: "I542Q1", name: "52 weeks later", limit: "school_age_weeks", dated: true, on: "2028-03-08", measure: "DEY", before: children(mia), want: []string{"child/mia"}},
	{code: "I542Q1", name: "52 weeks and a day later", limit: "school_age_weeks", dated: true, on: "2028-03-09", measure: "DEY", before: children(mia)},

	{code: "I544Q1", name: "not provided", dated: true, on: today, measure: "DEY", before: exemptions(exemption("EVIDENCE_REQUESTED", "2027-01-04", "", "", "")), want: []string{"exemption/x1"}, value: "2027-02-01", due: "2027-02-02"},
	{code: "I544Q1", name: "provided", dated: true, on: today, measure: "DEY", before: exemptions(exemption("EVIDENCE_REQUESTED", "2027-01-04", "2027-01-20", "", ""))},
	{code: "I544Q1", name: "rejected meanwhile", dated: true, on: today, measure: "DEY", before: exemptions(exemption("REJECTED", "2027-01-04", "", "2027-01-20", ""))},
	{code: "I544Q1", name: "not asked for", dated: true, on: today, measure: "DEY", before: exemptions(exemption("APPLIED", "", "", "", ""))},
	{code: "I544Q1", name: "day 28", limit: "evidence_days", dated: true, on: "2027-02-01", measure: "DEY", before: exemptions(exemption("EVIDENCE_REQUESTED", "2027-01-04", "", "", ""))},
	{code: "I544Q1", name: "day 29", limit: "evidence_days", dated: true, on: "2027-02-02", measure: "DEY", before: exemptions(exemption("EVIDENCE_REQUESTED", "2027-01-04", "", "", "")), want: []string{"exemption/x1"}},

	{code: "I551Q1", name: "eligible", dated: true, on: "2026-01-05", measure: "DEY", before: parent(), want: offer, due: "2026-01-05"},
	{code: "I551Q1", name: "no child", dated: true, measure: "DEY"},
	{code: "I551Q1", name: "lives elsewhere", dated: true, measure: "DEY", before: parent(func(c *facts.Customer) { c.Addresses = []facts.Address{{Kind: "HOM", State: "QLD"}} })},
	{code: "I551Q1", name: "no home, temporary address in the area", dated: true, on: "2027-03-01", measure: "DEY", before: parent(addresses("TEM")), want: offer, due: "2027-02-01"},
	{code: "I551Q1", name: "exempt", dated: true, measure: "LTWPR", before: parent(exemptions(exemption("GRANTED", "", "", "2026-12-01", "")))},
	{code: "I551Q1", name: "last day exempt", dated: true, on: today, measure: "LTWPR", before: parent(exemptions(exemption("GRANTED", "", "", "2026-12-01", today)))},
	{code: "I551Q1", name: "exempt until yesterday", dated: true, on: "2027-03-11", measure: "LTWPR", before: parent(exemptions(exemption("GRANTED", "", "", "2026-12-01", today))), want: offer, due: "2027-03-11"},
	{code: "I551Q1", name: "applied", dated: true, measure: "LTWPR", before: parent(exemptions(exemption("APPLIED", "", "", "", "")))},
	{code: "I551Q1", name: "evidence asked for", dated: true, measure: "LTWPR", before: parent(exemptions(exemption("EVIDENCE_REQUESTED", "2027-03-01", "", "", "")))},
	{code: "I551Q1", name: "another kind of offer", dated: true, on: "2027-03-01", measure: "DEY", before: parent(offered("UNRESTRICTED_CASH_PAYMENT", "2027-02-20")), want: offer, due: "2027-02-01"},
	{code: "I551Q1", name: "child born since", dated: true, on: today, measure: "DEY", before: children(facts.Child{GivenName: "Zoe", Key: "child/zoe", Born: day(today)}), want: offer, due: today},
	{code: "I551Q1", name: "repeat less a day", limit: "offer_weeks", dated: true, on: "2026-03-01", measure: "DEY", before: parent(), want: offer, due: "2026-01-05"},
	{code: "I551Q1", name: "repeat after 8 weeks", limit: "offer_weeks", dated: true, on: "2026-03-02", measure: "DEY", before: parent(), want: offer, due: "2026-03-02"},
	{code: "I551Q1", name: "offer 8 weeks ago less a day", limit: "offer_weeks", dated: true, on: today, measure: "DEY", before: parent(offered("CIM_EXEMPTION", "2027-01-14"))},
	{code: "I551Q1", name: "offer 8 weeks ago", limit: "offer_weeks", dated: true, on: today, measure: "DEY", before: parent(offered("CIM_EXEMPTION", "2027-01-13")), want: offer, due: today},
	{code: "I551Q1", name: "rejection 8 weeks ago less a day", limit: "offer_weeks", dated: true, on: today, measure: "DEY", before: parent(exemptions(exemption("REJECTED", "", "", "2027-01-14", "")))},
	{code: "I551Q1", name: "rejection 8 weeks ago", limit: "offer_weeks", dated: true, on: today, measure: "DEY", before: parent(exemptions(exemption("REJECTED", "", "", "2027-01-13", ""))), want: offer, due: today},
	{code: "I551Q1", name: "bereavement 14 weeks ago less a day", limit: "bereavement_weeks", dated: true, on: today, measure: "DEY", before: parent(bereaved("2026-12-03"))},
	{code: "I551Q1", name: "bereavement 14 weeks ago", limit: "bereavement_weeks", dated: true, on: today, measure: "DEY", before: parent(bereaved("2026-12-02")), want: offer, due: today},
	{code: "I551Q1", name: "13 weeks after leaving", limit: "portability_weeks", dated: true, on: today, measure: "DEY", before: parent(left("2026-12-09")), want: offer, due: "2027-02-01"},
	{code: "I551Q1", name: "13 weeks and a day after leaving", limit: "portability_weeks", dated: true, on: today, measure: "DEY", before: parent(left("2026-12-08"))},
}
