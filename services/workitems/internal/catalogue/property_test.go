package catalogue_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
	"pgregory.net/rapid"
)

// drawFacts draws facts whose dates lie around start.
func drawFacts(t *rapid.T, start int64) facts.Customer {
	near := func(label string) int64 { return start + rapid.Int64Range(-250, 250).Draw(t, label) }
	maybe := func(label string) int64 {
		if rapid.Bool().Draw(t, label+" known") {
			return near(label)
		}
		return facts.None
	}
	c := base(rapid.SampledFrom([]string{"DEY", "LTWPR", "CPEIM", ""}).Draw(t, "measure"))
	if len(c.History) > 0 {
		c.History[0].From = near("measure since")
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "children") {
		c.Children = append(c.Children, facts.Child{GivenName: fmt.Sprint("Child", i), Key: fmt.Sprint("child/", i), Born: near("born") - rapid.SampledFrom([]int64{0, 1826, 4000}).Draw(t, "age")})
	}
	if c.LeftAreaOn = maybe("left"); c.LeftAreaOn != facts.None || rapid.Bool().Draw(t, "elsewhere") {
		c.Addresses[0].State = "QLD"
	}
	c.BereavedOn = maybe("bereaved")
	for i := range rapid.IntRange(0, 2).Draw(t, "exemptions") {
		c.Exemptions = append(c.Exemptions, facts.Exemption{
			ID: fmt.Sprint("x", i), Status: rapid.SampledFrom([]string{"APPLIED", "EVIDENCE_REQUESTED", "GRANTED", "REJECTED", "ENDED"}).Draw(t, "status"),
			AppliedOn: near("applied"), RequestedOn: maybe("requested"), ReceivedOn: maybe("received"), DecidedOn: maybe("decided"), EndsOn: maybe("ends"),
		})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "offers") {
		c.Offers = append(c.Offers, facts.Offer{ID: fmt.Sprint("o", i), Kind: rapid.SampledFrom([]string{"CIM_EXEMPTION", "UNRESTRICTED_CASH_PAYMENT"}).Draw(t, "offer"), OfferedOn: near("offered")})
	}
	method := rapid.SampledFrom([]string{"PARTIAL", "RESIDUAL", ""})
	c.Card = facts.Card{Has: true, Method: method.Draw(t, "method"), PreviousMethod: method.Draw(t, "previous"), MethodSince: maybe("method since")}
	for i := range rapid.IntRange(0, 2).Draw(t, "expenses") {
		c.Expenses = append(c.Expenses, facts.Expense{
			ID: fmt.Sprint("e", i), Kind: rapid.SampledFrom([]string{"CARD", "RENT"}).Draw(t, "kind"), Regular: rapid.Bool().Draw(t, "regular"),
			AllocationCents: 100, From: near("from"), CeasedOn: maybe("ceased"), ProviderEndsOn: facts.None,
		})
	}
	return c
}

func keyOf(r catalogue.Raise) string { return r.Code + " " + r.Cause + " " + r.Occurrence }

// Asking on every day, or only now and then, raises the same except for missed
// repeats (only the latest is made up for) and for what was not possible any more
// when it was asked. The next day is the first on which something new falls due.
func TestDueByStepsAndJumps(t *testing.T) {
	t.Parallel()
	c := load(t)
	ev, other := c.Evaluator(), c.Evaluator()
	start := day("2027-03-10")
	const span = 400
	rapid.Check(t, func(t *rapid.T) {
		c := drawFacts(t, start)
		daily := map[string]int{} // key → first day raised
		by := make([][]catalogue.Raise, span)
		var promised *calendar.Date
		for d := range span {
			today := calendar.Date(start).Add(d)
			raises, next, err := ev.Due(&c, today)
			if err != nil {
				t.Fatal(err)
			}
			by[d] = raises
			fresh := 0
			for _, r := range raises {
				if r.DueOn > today {
					t.Fatalf("%s is raised before it is due, on %s", keyOf(r), today)
				}
				if r.DueOn == today {
					fresh++
				}
				if _, known := daily[keyOf(r)]; !known {
					daily[keyOf(r)] = d
					if d > 0 && r.DueOn != today {
						t.Fatalf("%s was not raised on its day but on %s", keyOf(r), today)
					}
				}
			}
			if d > 0 && (fresh > 0) != (promised != nil && *promised == today) {
				t.Fatalf("%d fall due on %s, promised was %v", fresh, today, promised)
			}
			if next != nil && *next <= today {
				t.Fatalf("on %s the next day is %s", today, *next)
			}
			promised = next
		}
		seen := map[string]bool{}
		for d := 0; d < span; d += rapid.IntRange(1, 120).Draw(t, "jump") {
			for _, r := range by[d] {
				seen[keyOf(r)] = true
				if first, ok := daily[keyOf(r)]; !ok || first > d {
					t.Fatalf("a jump raises %s, which steps do not", keyOf(r))
				}
			}
			// What steps had raised by this day and the jump does not is either an earlier
			// occurrence of a cause the jump has, or of one that is not possible any more.
			for k, first := range daily {
				if first > d || seen[k] {
					continue
				}
				var last catalogue.Raise
				for _, earlier := range by[:d+1] {
					for _, r := range earlier {
						if keyOf(r) == k {
							last = r
						}
					}
				}
				now := slices.IndexFunc(by[d], func(r catalogue.Raise) bool { return r.Code == last.Code && r.Cause == last.Cause })
				if now >= 0 && by[d][now].DueOn <= last.DueOn {
					t.Fatalf("a jump to day %d lost %s", d, k)
				}
				if now < 0 && !passing[last.Code] {
					t.Fatalf("a jump to day %d lost %s, which does not pass", d, k)
				}
			}
		}
		repeated, _, err := other.Due(&c, calendar.Date(start))
		if err != nil || !reflect.DeepEqual(repeated, by[0]) {
			t.Fatalf("another evaluator raises %v, not %v (%v)", repeated, by[0], err)
		}
	})
}

// passing are the codes whose occasions end by themselves.
var passing = map[string]bool{"I542Q1": true, "I551Q1": true}

// eligible says in plain code when the exemption may be offered, day by day.
func eligible(c facts.Customer, today int64) bool {
	lives := c.Addresses[0].State == "NT" || (c.LeftAreaOn != facts.None && today-c.LeftAreaOn <= 91)
	born := slices.ContainsFunc(c.Children, func(k facts.Child) bool { return k.Born <= today })
	begun := (c.Measure == "DEY" || c.Measure == "LTWPR") && c.History[0].From <= today
	ok := lives && born && begun && (c.BereavedOn == facts.None || today-c.BereavedOn >= 98)
	for _, x := range c.Exemptions {
		switch x.Status {
		case "APPLIED", "EVIDENCE_REQUESTED":
			return false
		case "REJECTED":
			ok = ok && today-max(x.AppliedOn, x.DecidedOn) >= 56
		case "GRANTED":
			ok = ok && x.EndsOn != facts.None && today > x.EndsOn
		case "ENDED":
			ok = ok && today > x.EndsOn
		}
	}
	for _, o := range c.Offers {
		ok = ok && (o.Kind != "CIM_EXEMPTION" || today-o.OfferedOn >= 56)
	}
	return ok
}

// The offer falls due on the first day all criteria hold, every 8 weeks from
// then, and on no other day.
func TestOfferAgainstPlainCriteria(t *testing.T) {
	t.Parallel()
	ev := load(t).Evaluator()
	start := day("2027-03-10")
	rapid.Check(t, func(t *rapid.T) {
		c := drawFacts(t, start)
		first := int64(-1)
		for d := start - 600; d < start+600; d++ {
			if first < 0 && eligible(c, d) {
				first = d
			}
			raises, _, err := ev.Due(&c, calendar.Date(d))
			if err != nil {
				t.Fatal(err)
			}
			fresh := slices.ContainsFunc(raises, func(r catalogue.Raise) bool { return r.Code == "I551Q1" && int64(r.DueOn) == d })
			if want := eligible(c, d) && (d-first)%56 == 0; fresh != want {
				t.Fatalf("on day %d (first %d) due is %v, want %v", d, first, fresh, want)
			}
		}
	})
}
