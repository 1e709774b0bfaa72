package scenario

import "fmt"

// signed writes days with their sign, as names do.
func signed(n int) string { return fmt.Sprintf("%+d days", n) }

// continuationCases are the rows of 2.3 about a current notice, and what 2.3 and
// 2.4 say of a continuation.
func continuationCases() []Case {
	const (
		within60, zero, current = "2.3 continuation: current notice ends within 60 days, boundary 60", "2.3 continuation: current notice ends today, boundary 0", "2.3 current notice: same authority, over 60 days left"
		follows, exists         = "2.3 continuation: starts the day after, whatever was asked", "2.3 no continuation recorded already"
	)
	at := func(phase, left int, edge string, next Step) Case {
		return Case{
			Name: "left " + signed(left), Rows: row(edge, current), Edge: edge, By: everybody,
			Steps: steps(commence(endingIn(phase, left)).commences(), next.on(phase)),
		}
	}
	asked := func(name string, left int, start dayRule) Case {
		return Case{
			Name: name, Rows: row(follows), By: everybody,
			Steps: steps(commence(endingIn(thirdDay, left)).commences(), commence(start).on(thirdDay).extends()),
		}
	}
	return []Case{
		at(secondDay, 61, within60, commence(inDays(1)).opens(notEnding)),
		at(secondDay, 60, within60, commence(inDays(1)).extends()),
		at(secondDay, 59, within60, commence(inDays(1)).extends()),
		at(thirdDay, 1, zero, commence(inDays(0)).extends()),
		at(thirdDay, 0, zero, commence(inDays(0)).extends()),
		at(thirdDay, -1, zero, commence(inDays(0)).commences()),
		{Name: "long way to go", Rows: row(current), By: everybody, Steps: steps(commence(inDays(0)).commences(), commence(inDays(30)).opens(notEnding))},
		asked("asked for today", 28, inDays(0)),
		asked("asked for the day after", 28, beginningOn(thirdDay, 29)),
		asked("asked with an overlap", 28, inDays(28)),
		asked("asked with a gap", 28, inDays(60)),
		asked("asked for the last day", 45, inDays(45)),
		// "Whatever start date was asked for": the rule about it is for other notices.
		// Else nobody could ask for the natural day on the 60th day before the end.
		{
			Name: "asked for the day after, 61 days ahead", Rows: row(follows, within60), By: everybody,
			Steps: steps(commence(endingIn(secondDay, 60)).commences(), commence(inDays(61)).on(secondDay).extends()),
		},
		asked("asked for yesterday", 10, inDays(-1)),
		{
			Name: "third notice", Rows: row(exists), By: everybody,
			Steps: steps(commence(endingIn(thirdDay, 45)).commences(), commence(inDays(1)).on(thirdDay).extends(), commence(inDays(1)).on(thirdDay).opens(continuationExists)),
		},
		{
			Name: "third notice the day it ends", Rows: row(exists), By: everybody,
			Steps: steps(commence(endingIn(thirdDay, 0)).commences(), commence(inDays(0)).on(thirdDay).extends(), commence(inDays(30)).on(thirdDay).opens(continuationExists)),
		},
		{
			Name: "the continuation is current now", Rows: row(current, "2.4 a continuation becomes active by itself"), By: everybody,
			Steps: steps(commence(endingIn(secondDay, 60)).commences(), commence(inDays(1)).on(secondDay).extends(), commence(inDays(1)).on(thirdDay).opens(notEnding)),
		},
		{
			Name: "unpaid meanwhile", Rows: row("2.3 category A payment of customer or partner"), By: everybody,
			Steps: steps(commence(endingIn(thirdDay, 10)).commences(), commence(inDays(1)).on(thirdDay).once(unpaid).opens(noPayment)),
		},
	}
}

// waitingCases are the row about notices that wait to start.
func waitingCases() []Case {
	const waits = "2.3 no other notice waiting to start"
	later := commence(inDays(20)).commences()
	return []Case{
		{Name: "own one waits", Rows: row(waits), By: everybody, Steps: steps(later, commence(inDays(1)).opens(pendingExists))},
		{Name: "own one starts tomorrow", Rows: row(waits), By: everybody, Steps: steps(commence(inDays(1)).commences(), commence(inDays(1)).opens(pendingExists))},
		{Name: "another authority's waits", Rows: row(waits), By: onlyOf(ntCP), Steps: steps(later.as(qldCP), commence(inDays(1)).opens(pendingExists))},
		{Name: "a lower one waits", Rows: row(waits, "2.3 no lower notice displaced"), By: protection, Person: livesIn(katherine), Steps: steps(later.as(ntSpar), commence(inDays(1)).opens(pendingExists))},
		{Name: "a higher one waits", Rows: row(waits, "2.3 no higher measure in force"), By: protection, Person: livesIn(coen), Steps: steps(later.as(frc), commence(inDays(1)).opens(pendingExists))},
		{Name: "the waiting one was revoked", Rows: row(waits, "2.4 a revoked notice is not in force"), By: everybody, Steps: steps(later, revoke().becomes(revoked).revoking(0), commence(inDays(1)).commences())},
		{Name: "the first one is still open", Rows: row(waits), By: everybody, Steps: steps(commence(inDays(61)).opens(wrongStart), commence(inDays(20)).commences())},
	}
}

// periodCases are section 2.4: periods, and states by date.
func periodCases() []Case {
	const active, ended = "2.4 ACTIVE from its first day", "2.4 ENDED after its last day"
	return []Case{
		{Name: "no corresponding day", Rows: row("2.4 period: month without the corresponding day"), By: everybody, Steps: steps(commence(onThe31st).commences())},
		{Name: "corresponding day", Rows: row("2.4 period: day before the corresponding day"), By: everybody, Steps: steps(commence(within(0, 60)).commences())},
		{Name: "starts today", Rows: row(active), By: everybody, Steps: steps(commence(inDays(0)).commences())},
		{Name: "starts on the second day", Rows: row(active), By: everybody, Steps: steps(commence(beginningOn(secondDay, 0)).commences(), commence(inDays(1), months(6)).on(secondDay).opens(notEnding))},
		{Name: "starts after the second day", Rows: row(active), By: everybody, Steps: steps(commence(beginningOn(secondDay, 1)).commences(), commence(inDays(1)).on(secondDay).opens(pendingExists))},
		{Name: "ended the day before", Rows: row(ended), By: everybody, Steps: steps(commence(endingIn(thirdDay, -1)).commences(), revoke().on(thirdDay).opens(nothingToRevoke))},
		{Name: "ends today", Rows: row(ended), By: everybody, Steps: steps(commence(endingIn(thirdDay, 0)).commences())},
	}
}
