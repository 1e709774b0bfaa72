package scenario

import (
	"strings"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// disclosureCases are section 2.2: what is eligible, what is hidden, what an officer says.
func disclosureCases() []Case {
	const yes = "2.2 eligible: PROCESSED"
	var cases []Case
	for _, code := range categoryA {
		cases = append(cases, Case{
			Name: "on " + strings.ToLower(code), Rows: row(yes, "2.2 category A: "+code), By: everybody, Person: paid(code), Steps: steps(disclose().becomes(eligible)),
		})
	}
	return append(cases, []Case{
		{Name: "partner paid", Rows: row(yes, "2.2 category A payment: of the partner"), By: everybody, Person: partnerPaid, Steps: steps(disclose().becomes(eligible))},
		{Name: "another payment besides", Rows: row(yes), By: everybody, Person: secondJob, Steps: steps(disclose().becomes(eligible))},
		{Name: "ordinary nominee", Rows: row(yes), By: everybody, Person: helped, Steps: steps(disclose().becomes(eligible))},
		{Name: "lower measure elsewhere", Rows: row(yes), By: everybody, Person: measureElsewhere(eventv1.Measure_MEASURE_VWPR), Steps: steps(disclose().becomes(eligible))},
		{Name: "under an own notice", Rows: row(yes), By: everybody, Steps: steps(commence(inDays(0)).commences(), disclose().becomes(eligible))},
		{Name: "name in capitals", Rows: row(yes), By: everybody, Steps: steps(disclose(inCapitals).becomes(eligible))},
		{Name: "restricted", Rows: row("2.2 restricted access"), By: everybody, Person: hidden, Steps: steps(disclose().opens(restricted))},
		{Name: "restricted and unpaid", Rows: row("2.2 restricted access"), By: everybody, Person: all(hidden, unpaid), Steps: steps(disclose().opens(restricted))},
		{Name: "other family name", Rows: row("2.2 customer not identified"), By: everybody, Steps: steps(disclose(otherName).opens(notIdentified))},
		{Name: "other birth", Rows: row("2.2 customer not identified"), By: everybody, Steps: steps(disclose(otherBirth).opens(notIdentified))},
		{Name: "unknown CRN", Rows: row("2.2 customer not identified"), By: everybody, Steps: steps(disclose(otherCRN).opens(notIdentified))},
		{Name: "officer finds eligible", Rows: row("2.2 officer: ELIGIBLE"), By: everybody, Person: homeless, Steps: steps(disclose().opens(noResult).thenRecorded(eligible))},
		{Name: "officer finds not eligible", Rows: row("2.2 officer: NOT_ELIGIBLE"), By: everybody, Person: unpaid, Steps: steps(disclose().opens(noResult).thenRecorded(notEligible))},
		{Name: "access not lifted", Rows: row("2.2 restricted, not lifted: NOT_DISCLOSED"), By: everybody, Person: hidden, Steps: steps(disclose().opens(restricted).thenRecorded(notDisclosed))},
	}...)
}

// criterionCases are the criteria of 2.2, each no or unknown.
func criterionCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name, row string
		by        []string
		person    func(*Scene)
	}{
		{"deceased", "2.2 not deceased: no", everybody, dead},
		{"unpaid", "2.2 category A payment: no", everybody, unpaid},
		{"payment stopped", "2.2 category A payment: no", everybody, stopped},
		{"payment not of category A", "2.2 category A payment: no", everybody, otherwise},
		{"partner's payment stopped", "2.2 category A payment: no", everybody, partnerStopped},
		{"partner not on record", "2.2 category A payment: unknown", everybody, all(unpaid, strangers)},
		{"excluded nominee", "2.2 no excluded nominee: no", everybody, trustee},
		{"outside the area", "2.2 area: no", everybody, elsewhere},
		{"no address", "2.2 area: unknown", everybody, homeless},
		{"CYeIM elsewhere", "2.2 no higher measure in force: no", volunteers, measureElsewhere(eventv1.Measure_MEASURE_CYEIM)},
		{"CPeIM elsewhere", "2.2 no higher measure in force: no", onlySPaR, measureElsewhere(eventv1.Measure_MEASURE_CPEIM)},
		{"several at once", "2.2 area: no", everybody, all(unpaid, elsewhere, trustee)},
	} {
		cases = append(cases, Case{Name: c.name, Rows: row(c.row), By: c.by, Person: c.person, Steps: steps(disclose().opens(noResult))})
	}
	return append(cases,
		Case{
			Name: "under a CYeIM notice", Rows: row("2.2 no higher measure in force: no"), By: protection, Person: livesIn(coen),
			Steps: steps(commence(inDays(0)).as(frc).commences(), disclose().opens(noResult)),
		},
		Case{
			Name: "under a CPeIM notice", Rows: row("2.2 no higher measure in force: no"), By: onlySPaR, Person: livesIn(katherine),
			Steps: steps(commence(inDays(0)).as(ntCP).commences(), disclose().opens(noResult)),
		},
		Case{
			Name: "a CYeIM notice waits", Rows: row("2.2 eligible: PROCESSED"), By: protection, Person: livesIn(coen),
			Steps: steps(commence(inDays(20)).as(frc).commences(), disclose().becomes(eligible)),
		})
}
