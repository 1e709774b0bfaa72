package scenario

import (
	"strings"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// customerCases are the rules of 2.3 about the customer, each alone.
func customerCases() []Case {
	const (
		identified, alive, open, paidA, nomineeRow, area, text = "2.3 customer identified", "2.3 not deceased", "2.3 record not restricted",
			"2.3 category A payment of customer or partner", "2.3 no excluded nominee", "2.3 area", "2.3 free text"
		alone = "2.3 not identified stands alone"
	)
	var cases []Case
	for _, c := range []struct {
		name, row string
		person    func(*Scene)
		lodge     Step
	}{
		{"all rules pass", identified, nil, commence(within(0, 60)).commences()},
		{"family name in capitals", identified, nil, commence(within(0, 60), about(inCapitals)).commences()},
		{"other family name", identified, nil, commence(within(0, 60), about(otherName)).opens(notIdentified)},
		{"other date of birth", identified, nil, commence(within(0, 60), about(otherBirth)).opens(notIdentified)},
		{"CRN nobody has", identified, nil, commence(within(0, 60), about(otherCRN)).opens(notIdentified)},
		{"not identified, all else fails", alone, all(dead, hidden, unpaid, elsewhere, trustee), commence(inDays(61), about(otherName), saying(tellingWhy)).opens(notIdentified)},
		{"CRN nobody has, start and text wrong", alone, nil, commence(inDays(-1), about(otherCRN), saying(tellingWhy)).opens(notIdentified)},
		{"alive", alive, nil, commence(inDays(1)).commences()},
		{"deceased", alive, dead, commence(inDays(1)).opens(deceased)},
		{"not restricted", open, nil, commence(inDays(1)).commences()},
		{"restricted", open, hidden, commence(inDays(1)).opens(restricted)},
		{"no payment", paidA, unpaid, commence(inDays(1)).opens(noPayment)},
		{"payment stopped", paidA, stopped, commence(inDays(1)).opens(noPayment)},
		{"other payment", paidA, otherwise, commence(inDays(1)).opens(noPayment)},
		{"other payment besides", paidA, secondJob, commence(inDays(1)).commences()},
		{"partner paid", paidA, partnerPaid, commence(inDays(1)).commences()},
		{"partner's payment stopped", paidA, partnerStopped, commence(inDays(1)).opens(noPayment)},
		{"no nominee", nomineeRow, nil, commence(inDays(1)).commences()},
		{"ordinary nominee", nomineeRow, helped, commence(inDays(1)).commences()},
		{"excluded nominee", nomineeRow, trustee, commence(inDays(1)).opens(nominee)},
		{"inside the area", area, nil, commence(inDays(1)).commences()},
		{"post goes elsewhere", area, postElsewhere, commence(inDays(1)).commences()},
		{"outside the area", area, elsewhere, commence(inDays(1)).opens(outside)},
		{"no address", area, homeless, commence(inDays(1)).opens(outside)},
		{"harmless text", text, nil, commence(inDays(1), saying(harmless[2:])).commences()},
		{"text gives reasons", text, nil, commence(inDays(1), saying(tellingWhy)).opens(reasonsInText)},
	} {
		cases = append(cases, Case{Name: c.name, Rows: row(c.row), By: everybody, Person: c.person, Steps: steps(c.lodge)})
	}
	for _, code := range categoryA {
		cases = append(cases, Case{Name: code, Rows: row(paidA), By: []string{frc, ntSpar}, Person: paid(code), Steps: steps(commence(within(0, 60)).commences())})
	}
	return cases
}

// measureCases are the rules about other measures and other authorities'
// notices: ranks of section 1 and rows of 2.3. A notice of another authority in
// force fails its own row besides that of the rank, since all rules are evaluated.
func measureCases() []Case {
	const (
		above, below, others   = "2.3 no higher measure in force", "2.3 no lower notice displaced", "2.3 current notice: other authority"
		oneTwo, oneThree, two3 = "1 rank: CYeIM before CPeIM", "1 rank: CYeIM before SPaReIM", "1 rank: CPeIM before SPaReIM"
	)
	first := func(by string) Step { return commence(inDays(0)).as(by).commences() }
	var cases []Case
	// "One measure at a time": a notice would displace these too, and the customer
	// would move from one measure to another (I086Q1).
	for _, lower := range []eventv1.Measure{
		eventv1.Measure_MEASURE_SEAM, eventv1.Measure_MEASURE_VWPR, eventv1.Measure_MEASURE_DEY, eventv1.Measure_MEASURE_LTWPR, eventv1.Measure_MEASURE_VEIM,
	} {
		cases = append(cases, Case{
			Name: strings.TrimPrefix(lower.String(), "MEASURE_") + " elsewhere", Rows: row(below, "1 rank: measures 4 to 7 come after"), By: everybody,
			Person: measureElsewhere(lower), Steps: steps(commence(inDays(1)).opens(transfer)),
		})
	}
	return append(cases, []Case{
		{Name: "CPeIM elsewhere", Rows: row(below, oneTwo), By: onlyFRC, Person: measureElsewhere(eventv1.Measure_MEASURE_CPEIM), Steps: steps(commence(inDays(1)).opens(transfer))},
		{Name: "SPaReIM elsewhere", Rows: row(below, two3), By: protection, Person: measureElsewhere(eventv1.Measure_MEASURE_SPAREIM), Steps: steps(commence(inDays(1)).opens(transfer))},
		{Name: "CYeIM elsewhere", Rows: row(above, oneTwo), By: protection, Person: measureElsewhere(eventv1.Measure_MEASURE_CYEIM), Steps: steps(commence(inDays(1)).opens(higher))},
		{Name: "CYeIM elsewhere", Rows: row(above, oneThree), By: onlySPaR, Person: measureElsewhere(eventv1.Measure_MEASURE_CYEIM), Steps: steps(commence(inDays(1)).opens(higher))},
		{Name: "CPeIM elsewhere", Rows: row(above, two3), By: onlySPaR, Person: measureElsewhere(eventv1.Measure_MEASURE_CPEIM), Steps: steps(commence(inDays(1)).opens(higher))},
		{Name: "CYeIM elsewhere, not identified", Rows: row("2.3 not identified stands alone"), By: volunteers, Person: measureElsewhere(eventv1.Measure_MEASURE_CYEIM), Steps: steps(commence(inDays(1), about(otherBirth)).opens(notIdentified))},

		{Name: "CYeIM notice in force", Rows: row(above, oneTwo, others), By: protection, Person: livesIn(hopeVale), Steps: steps(first(frc), commence(inDays(1)).opens(higher, othersCurrent))},
		{Name: "CYeIM notice in force, area too", Rows: row(above, oneThree, others), By: onlySPaR, Person: livesIn(hopeVale), Steps: steps(first(frc), commence(inDays(1)).opens(higher, othersCurrent, outside))},
		{Name: "CPeIM notice in force", Rows: row(above, two3, others), By: onlySPaR, Steps: steps(first(qldCP), commence(inDays(1)).opens(higher, othersCurrent))},
		{Name: "CPeIM notice would be displaced", Rows: row(below, oneTwo, others), By: onlyFRC, Steps: steps(first(ntCP), commence(inDays(1)).opens(transfer, othersCurrent))},
		{Name: "SPaReIM notice would be displaced", Rows: row(below, two3, others), By: protection, Person: livesIn(aliceSprings), Steps: steps(first(ntSpar), commence(inDays(1)).opens(transfer, othersCurrent))},
		{Name: "SPaReIM notice would be displaced, area too", Rows: row(below, oneThree, others), By: onlyFRC, Person: livesIn(katherine), Steps: steps(first(ntSpar), commence(inDays(1)).opens(transfer, othersCurrent, outside))},

		{Name: "same measure, other authority", Rows: row(others), By: onlyOf(ntCP), Steps: steps(first(qldCP), commence(inDays(1)).opens(othersCurrent))},
		{Name: "same measure, other authority", Rows: row(others), By: onlyOf(qldCP), Steps: steps(first(ntCP), commence(inDays(1)).opens(othersCurrent))},
		{Name: "other authority's is ending", Rows: row(others), By: onlyOf(ntCP), Steps: steps(commence(endingIn(thirdDay, 10)).as(qldCP).commences(), commence(inDays(1)).on(thirdDay).opens(othersCurrent))},
		{Name: "other authority's has ended", Rows: row(others), By: onlyOf(ntCP), Steps: steps(commence(endingIn(thirdDay, -1)).as(qldCP).commences(), commence(inDays(1)).on(thirdDay).commences())},
		{Name: "CYeIM notice has ended", Rows: row(above), By: protection, Person: livesIn(doomadgee), Steps: steps(commence(endingIn(thirdDay, -1)).as(frc).commences(), commence(inDays(0)).on(thirdDay).commences())},
		{Name: "SPaReIM notice has ended", Rows: row(below), By: protection, Person: livesIn(katherine), Steps: steps(commence(endingIn(thirdDay, -1)).as(ntSpar).commences(), commence(inDays(0)).on(thirdDay).commences())},
		{Name: "SPaReIM notice was revoked", Rows: row(below, others), By: protection, Person: livesIn(katherine), Steps: steps(first(ntSpar), revoke().as(ntSpar).becomes(revoked).revoking(0), commence(inDays(0)).commences())},
	}...)
}

func onlyOf(id string) []string { return []string{id} }

// startCases are the start date, on both sides of its boundaries.
func startCases() []Case {
	const from, to = "2.3 start date: not before lodgement, boundary 0", "2.3 start date: not over 60 days ahead, boundary 60"
	at := func(n int, r string, wrong bool) Case {
		s := commence(inDays(n)).commences()
		if wrong {
			s = commence(inDays(n)).opens(wrongStart)
		}
		return Case{Name: "start " + signed(n), Rows: row(r), Edge: r, By: everybody, Steps: steps(s)}
	}
	return []Case{at(-30, from, true), at(-1, from, true), at(0, from, false), at(1, from, false), at(59, to, false), at(60, to, false), at(61, to, true), at(90, to, true)}
}

// combinedCases let several rules fail at once: every one is a reason.
func combinedCases() []Case {
	const every = "2.3 all failing rules are reasons"
	var cases []Case
	for _, c := range []struct {
		name   string
		person func(*Scene)
		lodge  Step
	}{
		{"deceased, unpaid, outside", all(dead, unpaid, elsewhere), commence(inDays(1)).opens(deceased, noPayment, outside)},
		{"restricted, unpaid", all(hidden, unpaid), commence(inDays(1)).opens(restricted, noPayment)},
		{"nominee, start, text", trustee, commence(inDays(61), saying(tellingWhy)).opens(nominee, wrongStart, reasonsInText)},
		{"outside, start", elsewhere, commence(inDays(-1)).opens(outside, wrongStart)},
		{"unpaid, text", unpaid, commence(inDays(1), saying(tellingWhy)).opens(noPayment, reasonsInText)},
		{"seven at once", all(dead, hidden, unpaid, trustee, elsewhere), commence(inDays(-1), saying(tellingWhy)).opens(deceased, restricted, noPayment, nominee, outside, wrongStart, reasonsInText)},
	} {
		cases = append(cases, Case{Name: c.name, Rows: row(every), By: everybody, Person: c.person, Steps: steps(c.lodge)})
	}
	return append(cases,
		Case{Name: "current one not ending, start, text", Rows: row(every), By: everybody, Steps: steps(commence(inDays(0)).commences(), commence(inDays(61), saying(tellingWhy)).opens(notEnding, wrongStart, reasonsInText))},
		Case{Name: "current one not ending, unpaid meanwhile", Rows: row(every), By: everybody, Steps: steps(commence(inDays(0), months(9)).commences(), commence(inDays(1)).on(secondDay).once(unpaid).opens(notEnding, noPayment))},
		Case{Name: "one waits, text", Rows: row(every), By: everybody, Steps: steps(commence(inDays(9)).commences(), commence(inDays(9), saying(tellingWhy)).opens(pendingExists, reasonsInText))},
		Case{Name: "higher elsewhere, unpaid, outside", Rows: row(every), By: volunteers, Person: all(measureElsewhere(eventv1.Measure_MEASURE_CYEIM), unpaid, elsewhere), Steps: steps(commence(inDays(1)).opens(higher, noPayment, outside))},
	)
}
