package scenario

import "fmt"

// termCases are section 1: what each business function may ask for, and where.
func termCases() []Case {
	var cases []Case
	add := func(c Case) { cases = append(cases, c) }
	const wrongMonths, wrongPercent, mayNot = "submission.notice_to_commence.duration_months", "submission.notice_to_commence.quarantined_percent", "voluntary_referral"
	for _, m := range threeToTwelve {
		add(Case{Name: fmt.Sprintf("%d months", m), Rows: row("1 CYeIM: 3 to 12 months"), By: onlyFRC, Steps: steps(commence(within(0, 60), months(m)).commences())})
	}
	for _, m := range []int32{1, 2, 13, 24} {
		add(Case{Name: fmt.Sprintf("%d months", m), Rows: row("1 CYeIM: 3 to 12 months"), By: onlyFRC, Steps: steps(commence(inDays(1), months(m)).refused(wrongMonths))})
	}
	for _, p := range []int32{60, 75, 90} {
		add(Case{Name: fmt.Sprintf("%d percent", p), Rows: row("1 CYeIM: 60, 75 or 90 percent, named"), By: onlyFRC, Steps: steps(commence(inDays(0), percent(p)).commences())})
	}
	for _, p := range []int32{0, 59, 70, 100} {
		add(Case{Name: fmt.Sprintf("%d percent", p), Rows: row("1 CYeIM: 60, 75 or 90 percent, named"), By: onlyFRC, Steps: steps(commence(inDays(0), percent(p)).refused(wrongPercent))})
	}
	for _, m := range everyQuarter {
		add(Case{Name: fmt.Sprintf("%d months", m), Rows: row("1 CPeIM: 3, 6, 9 or 12 months"), By: protection, Steps: steps(commence(within(0, 60), months(m)).commences())})
	}
	for _, m := range []int32{2, 4, 5, 11, 24} {
		add(Case{Name: fmt.Sprintf("%d months", m), Rows: row("1 CPeIM: 3, 6, 9 or 12 months"), By: protection, Steps: steps(commence(inDays(1), months(m)).refused(wrongMonths))})
	}
	for _, m := range []int32{3, 6, 9, 12, 24} {
		add(Case{Name: fmt.Sprintf("%d months", m), Rows: row("1 SPaReIM: 3, 6, 9, 12 or 24 months"), By: onlySPaR, Steps: steps(commence(within(0, 60), months(m)).commences())})
	}
	for _, m := range []int32{1, 7, 18, 23} {
		add(Case{Name: fmt.Sprintf("%d months", m), Rows: row("1 SPaReIM: 3, 6, 9, 12 or 24 months"), By: onlySPaR, Steps: steps(commence(inDays(1), months(m)).refused(wrongMonths))})
	}
	for _, t := range []struct {
		row string
		by  []string
	}{{"1 CPeIM: 70 percent", protection}, {"1 SPaReIM: 70 percent", onlySPaR}} {
		add(Case{Name: "share not named", Rows: row(t.row), By: t.by, Steps: steps(commence(inDays(0), percent(0)).commences())})
		add(Case{Name: "70 percent", Rows: row(t.row), By: t.by, Steps: steps(commence(inDays(0), percent(70)).commences())})
		for _, p := range []int32{60, 75, 100} {
			add(Case{Name: fmt.Sprintf("%d percent", p), Rows: row(t.row), By: t.by, Steps: steps(commence(inDays(0), percent(p)).refused(wrongPercent))})
		}
	}
	add(Case{Name: "voluntary referral", Rows: row("1 CYeIM: no voluntary referral"), By: onlyFRC, Steps: steps(refer().refused(mayNot))})
	add(Case{Name: "voluntary referral", Rows: row("1 CPeIM: voluntary referral"), By: protection, Steps: steps(refer().opens(declarationRequired))})
	add(Case{Name: "voluntary referral", Rows: row("1 SPaReIM: voluntary referral"), By: onlySPaR, Steps: steps(refer().opens(declarationRequired))})
	add(Case{Name: "label of a disclosure", Rows: row("1 CYeIM: the disclosure is a PID"), By: onlyFRC, Steps: steps(disclose().becomes(eligible))})
	add(Case{Name: "label of a disclosure", Rows: row("1 CPeIM: the disclosure is a DOI"), By: protection, Steps: steps(disclose().becomes(eligible))})
	add(Case{Name: "label of a disclosure", Rows: row("1 SPaReIM: the disclosure is a DOI"), By: onlySPaR, Steps: steps(disclose().becomes(eligible))})
	return append(cases, areaCases()...)
}

// areaCases are the column "where".
func areaCases() []Case {
	var cases []Case
	for _, t := range []struct {
		measure     string
		by          []string
		in, outside []place
	}{
		{"CYeIM", onlyFRC, capeYork, []place{cairns, aliceSprings, dubbo}},
		{"CPeIM", protection, declared, notDeclared},
		{"SPaReIM", onlySPaR, northern, []place{cairns, whyalla, kununurra, shepparton}},
	} {
		for _, p := range t.in {
			cases = append(cases, Case{
				Name: "lives in " + p.locality, Rows: row("1 "+t.measure+": area", "2.3 area"), By: t.by, Person: livesIn(p), Steps: steps(commence(within(0, 60)).commences()),
			})
		}
		for _, p := range t.outside {
			cases = append(cases, Case{
				Name: "lives in " + p.locality, Rows: row("1 "+t.measure+": area", "2.3 area"), By: t.by, Person: livesIn(p), Steps: steps(commence(within(0, 60)).opens(outside)),
			})
		}
	}
	return cases
}
