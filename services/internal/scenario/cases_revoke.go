package scenario

// revocation is a column of the table in section 2.5.
type revocation struct {
	measure string
	by      []string
	// others are authorities whose notices must stay as they are.
	others []string
	// where the customer lives, so that all of them may have a notice.
	where []place
	// active is what happens to the active notice 0, by days left.
	active func(s Step, left int) Step
}

var revocations = []revocation{
	{"CYeIM", onlyFRC, []string{qldCP, ntCP}, capeYork, func(s Step, _ int) Step { return s.opens(officerMust) }},
	{"CPeIM", onlyOf(ntCP), []string{qldCP, ntSpar}, northern, cutOrOpen},
	{"CPeIM", onlyOf(qldCP), []string{ntCP, ntSpar}, northern, cutOrOpen},
	{"CPeIM", onlyOf(qldCP), []string{frc}, capeYork, cutOrOpen},
	{"SPaReIM", onlySPaR, []string{ntCP, qldCP}, northern, func(s Step, _ int) Step { return s.becomes(revoked).revoking(0) }},
}

// cutOrOpen is the column of child protection.
func cutOrOpen(s Step, left int) Step {
	if left > 28 {
		return s.becomes(revoked).cutting()
	}
	return s.opens(within28)
}

const boundary28 = "2.5 CPeIM: ends more than 28 days ahead, boundary 28"

// revokeCases are the table's first four rows.
func revokeCases() []Case {
	var cases []Case
	for _, r := range revocations {
		none, inactive, far, near := "2.5 none, "+r.measure, "2.5 inactive only, "+r.measure, "2.5 active, over 28 days, "+r.measure, "2.5 active, at most 28 days, "+r.measure
		add := func(name string, rows []string, edge string, s ...Step) {
			cases = append(cases, Case{Name: name, Rows: rows, Edge: edge, By: r.by, Person: func(sc *Scene) { livesIn(pick(sc, r.where))(sc) }, Steps: s})
		}
		add("no notice", row(none), "", revoke().opens(nothingToRevoke))
		for _, other := range r.others {
			add("only an active one of "+other, row("2.5 another authority's only, "+r.measure), "", commence(inDays(0)).as(other).commences(), revoke().opens(nothingToRevoke))
			add("only an inactive one of "+other, row("2.5 another authority's only, "+r.measure), "", commence(inDays(20)).as(other).commences(), revoke().opens(nothingToRevoke))
			add("own ended, active one of "+other, row("2.5 another authority's only, "+r.measure), "",
				commence(endingIn(thirdDay, -1)).commences(), commence(inDays(0)).as(other).on(thirdDay).commences(), revoke().on(thirdDay).opens(nothingToRevoke))
		}
		if r.measure == "CPeIM" && r.others[0] == frc {
			continue // the rest is played above for both child protection authorities
		}
		add("own one ended", row(none), "", commence(endingIn(thirdDay, -1)).commences(), revoke().on(thirdDay).opens(nothingToRevoke))
		add("one waits", row(inactive), "", commence(within(1, 60)).commences(), revoke().becomes(revoked).revoking(0))
		add("active since today", row(far), "", commence(inDays(0)).commences(), r.active(revoke(), 80))
		add("active, with a continuation, 45 days", row(far), "",
			commence(endingIn(thirdDay, 45)).commences(), commence(inDays(1)).on(thirdDay).extends(), r.active(revoke().on(thirdDay), 45).revoking(1))
		for _, left := range []int{29, 28, 27, 0} {
			its := far
			if left <= 28 {
				its = near
			}
			edge := ""
			if r.measure == "CPeIM" && left > 0 {
				edge = boundary28
			}
			first := commence(endingIn(thirdDay, left)).commences()
			rows := row(its)
			if edge != "" {
				rows = row(its, edge)
			}
			add("active, "+signed(left), rows, edge, first, r.active(revoke().on(thirdDay), left))
			add("active, with a continuation, "+signed(left), rows, edge, first, commence(inDays(1)).on(thirdDay).extends(), r.active(revoke().on(thirdDay), left).revoking(1))
		}
	}
	return cases
}

// revokeStateCases are the table's last row: nothing may be revoked.
func revokeStateCases() []Case {
	var cases []Case
	for _, r := range []struct {
		measure string
		by      []string
	}{{"CYeIM", onlyFRC}, {"CPeIM", protection}, {"SPaReIM", onlySPaR}} {
		for _, held := range []struct {
			name   string
			notice Step
		}{{"active", commence(inDays(0)).commences()}, {"inactive", commence(beginningOn(secondDay, 1)).commences()}} {
			for _, c := range []struct {
				name string
				row  string
				step Step
			}{
				{"other family name", "not identified", revoke(otherName).opens(notIdentified)},
				{"other birth", "not identified", revoke(otherBirth).opens(notIdentified)},
				{"unknown CRN", "not identified", revoke(otherCRN).opens(notIdentified)},
				{"deceased", "deceased", revoke().once(dead).opens(deceased)},
				{"restricted", "restricted", revoke().once(hidden).opens(restricted)},
				{"deceased and restricted", "deceased", revoke().once(all(dead, hidden)).opens(deceased, restricted)},
			} {
				cases = append(cases, Case{
					Name: held.name + ", " + c.name, Rows: row("2.5 " + c.row + ", " + r.measure), By: r.by, Steps: steps(held.notice, c.step.on(secondDay)),
				})
			}
		}
	}
	return cases
}

// revokeSequenceCases are what follows a revocation.
func revokeSequenceCases() []Case {
	const free, stays, none = "2.4 a revoked notice is not in force", "2.4 a notice cut to 28 days stays active until its new end", "2.5 none, "
	now, waits := commence(inDays(0)).commences(), commence(within(5, 30)).commences()
	return []Case{
		{Name: "revoked twice", Rows: row(none + "SPaReIM"), By: onlySPaR, Steps: steps(now, revoke().becomes(revoked).revoking(0), revoke().opens(nothingToRevoke))},
		{Name: "again after an active one", Rows: row(free), By: onlySPaR, Steps: steps(now, revoke().becomes(revoked).revoking(0), commence(inDays(0)).commences(), revoke().becomes(revoked).revoking(1))},
		{Name: "again after an inactive one", Rows: row(free), By: everybody, Steps: steps(waits, revoke().becomes(revoked).revoking(0), commence(within(0, 60)).commences())},
		{Name: "inactive revoked twice", Rows: row(none + "CYeIM"), By: onlyFRC, Steps: steps(waits, revoke().becomes(revoked).revoking(0), revoke().opens(nothingToRevoke))},
		{Name: "inactive revoked twice", Rows: row(none + "CPeIM"), By: protection, Steps: steps(waits, revoke().becomes(revoked).revoking(0), revoke().opens(nothingToRevoke))},
		{Name: "another authority after a revocation", Rows: row(free), By: protection, Person: livesIn(katherine), Steps: steps(now.as(ntSpar), revoke().as(ntSpar).becomes(revoked).revoking(0), now)},
		{Name: "cut, revoked again", Rows: row(stays, boundary28), By: protection, Steps: steps(now, revoke().becomes(revoked).cutting(), revoke().opens(within28))},
		{Name: "cut, then continued", Rows: row(stays, "2.3 continuation: starts the day after, whatever was asked"), By: protection, Steps: steps(now, revoke().becomes(revoked).cutting(), commence(inDays(7)).extends())},
		{Name: "cut, continued, revoked", Rows: row(stays), By: protection, Steps: steps(now, revoke().becomes(revoked).cutting(), commence(inDays(7)).extends(), revoke().opens(within28).revoking(1))},
		{Name: "cut and over", Rows: row(stays), By: protection, Steps: steps(now, revoke().becomes(revoked).cutting(), revoke().on(secondDay).opens(nothingToRevoke), commence(inDays(0)).on(secondDay).commences())},
		{Name: "officer codes the revocation", Rows: row("2.5 an outcome is recorded only once it is true"), By: onlyFRC, Steps: steps(now, revoke().opens(officerMust).thenCodedRevoked(0), commence(inDays(0)).on(secondDay).commences())},
	}
}
