package catalogue_test

import (
	"slices"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// today is the day of every change unless a scenario names another.
const today = "2027-03-10"

// scenario is one case of one code: a change of a record, facts on a day, or a
// notice to revoke, and the causes that must be raised (none: nothing may be).
type scenario struct {
	code, name string
	// limit names the number whose boundary this case stands on.
	limit string

	measure string // in force before and after; "" none
	unknown bool   // there was no record before
	before  func(*facts.Customer)
	change  func(*facts.Customer)
	changed string // parts, separated by spaces

	dated bool // evaluate by date instead
	on    string

	revoke *facts.Revocation

	want  []string // causes
	value string   // of the first
	due   string   // of the first
}

func day(s string) int64 {
	d, err := facts.Day(s)
	if err != nil {
		panic(err)
	}
	return d
}

// base is a customer of whom nothing unusual is recorded.
func base(measure string) facts.Customer {
	c := facts.Blank()
	c.Known, c.Measure = true, measure
	c.Addresses = []facts.Address{{Kind: "HOM", State: "NT"}}
	if measure != "" {
		c.History = []facts.Spell{{Measure: measure, From: day("2026-01-05"), To: facts.None}}
	}
	return c
}

func clone(c facts.Customer) facts.Customer {
	back, err := facts.Decode(facts.Encode(&c))
	if err != nil {
		panic(err)
	}
	return *back
}

// run returns the raises of the scenario's code, and the others.
func (s scenario) run(t testing.TB, ev *catalogue.Evaluator) (own, others []catalogue.Raise) {
	t.Helper()
	raises, err := s.raises(ev, func(*facts.Customer) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range raises {
		if r.Code == s.code {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	return own, others
}

// raises evaluates the scenario with one more difference on both sides.
func (s scenario) raises(ev *catalogue.Evaluator, also func(*facts.Customer)) ([]catalogue.Raise, error) {
	if s.revoke != nil {
		return ev.Revoked(s.revoke)
	}
	on := s.on
	if on == "" {
		on = today
	}
	c := base(s.measure)
	if s.before != nil {
		s.before(&c)
	}
	also(&c)
	after := clone(c)
	if s.change != nil {
		s.change(&after)
	}
	also(&after)
	if s.dated {
		raises, _, err := ev.Due(&after, calendar.Date(day(on)))
		return raises, err
	}
	before := &c
	if s.unknown {
		before = nil
	}
	var parts []string
	for p := range splitted(s.changed) {
		parts = append(parts, p)
	}
	raises, _, err := ev.Changed(before, &after, parts, 12, calendar.Date(day(on)))
	return raises, err
}

var scenarios = slices.Concat(cardScenarios, genericScenarios, moneyScenarios, compulsoryScenarios, measureScenarios, noticeScenarios)

func TestScenarios(t *testing.T) {
	t.Parallel()
	ev := load(t).Evaluator()
	for _, s := range scenarios {
		t.Run(s.code+" "+s.name, func(t *testing.T) {
			own, _ := s.run(t, ev)
			var got []string
			for _, r := range own {
				got = append(got, r.Cause)
			}
			if !slices.Equal(got, s.want) {
				t.Fatalf("raised %q, want %q", got, s.want)
			}
			if len(own) == 0 {
				return
			}
			r := own[0]
			if s.value != "" && r.Value != s.value {
				t.Errorf("value %q, want %q", r.Value, s.value)
			}
			if s.due != "" && r.DueOn.String() != s.due {
				t.Errorf("due %s, want %s", r.DueOn, s.due)
			}
			switch {
			case s.revoke != nil:
				if r.Occurrence != s.revoke.NoticeID+"/"+s.revoke.SubmissionID {
					t.Errorf("occurrence %q", r.Occurrence)
				}
			case s.dated || s.code == "I094PI":
				if r.Occurrence != r.DueOn.String() {
					t.Errorf("occurrence %q, due %s", r.Occurrence, r.DueOn)
				}
			case r.Occurrence != "v12" || r.DueOn.String() != today:
				t.Errorf("occurrence %q, due %s", r.Occurrence, r.DueOn)
			}
		})
	}
}

// Every code has a case that raises it and one that does not, and for each number
// its triggers use cases on both sides of it, which come out differently.
func TestEveryCodeIsCovered(t *testing.T) {
	t.Parallel()
	c := load(t)
	ev := c.Evaluator()
	for _, e := range c.Entries() {
		if e.Code == "I289Q1" {
			continue // TestNoticeEnding
		}
		positive, negative := 0, 0
		outcomes := map[string]map[string]bool{}
		for _, s := range scenarios {
			if s.code != e.Code {
				continue
			}
			own, _ := s.run(t, ev)
			outcome := ""
			for _, r := range own {
				outcome += r.Cause + "=" + r.Value + "@" + r.DueOn.String() + " "
			}
			if s.limit != "" {
				if outcomes[s.limit] == nil {
					outcomes[s.limit] = map[string]bool{}
				}
				outcomes[s.limit][outcome] = true
				continue
			}
			if len(own) > 0 {
				positive++
			} else {
				negative++
			}
		}
		if positive == 0 || negative == 0 {
			t.Errorf("%s: %d positive and %d negative cases", e.Code, positive, negative)
		}
		for _, limit := range e.Limits {
			if len(outcomes[limit]) < 2 {
				t.Errorf("%s: limit %s lacks cases on both sides (%v)", e.Code, limit, outcomes[limit])
			}
		}
	}
	for _, s := range scenarios {
		if _, ok := c.Find(s.code); !ok {
			t.Errorf("a case is for %s, which does not exist", s.code)
		}
	}
}

// Every positive case comes to nothing without a measure in force, under another
// group's measure and for a deceased customer, unless the catalogue says otherwise.
func TestMeasuresAndDeath(t *testing.T) {
	t.Parallel()
	c := load(t)
	ev := c.Evaluator()
	for _, s := range scenarios {
		e, _ := c.Find(s.code)
		if len(s.want) == 0 || s.revoke != nil {
			continue
		}
		check := func(what string, also func(*facts.Customer)) {
			raises, err := s.raises(ev, also)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(raises, func(r catalogue.Raise) bool { return r.Code == s.code }) {
				t.Errorf("%s %s is raised %s", s.code, s.name, what)
			}
		}
		if e.Group != catalogue.Impact {
			check("for a deceased customer", func(c *facts.Customer) { c.DateOfDeath = day("2027-03-01") })
			check("without a measure", func(c *facts.Customer) { c.Measure, c.History = "", nil })
		}
		if len(e.Measures) > 0 {
			check("under another measure", func(c *facts.Customer) { c.Measure, c.History = "SEAM", nil })
		}
	}
}

// A title with "####" always has a value to fill in.
func TestTitlesAreFilled(t *testing.T) {
	t.Parallel()
	c := load(t)
	ev := c.Evaluator()
	for _, s := range scenarios {
		own, _ := s.run(t, ev)
		for _, r := range own {
			e, _ := c.Find(r.Code)
			if title := e.TitleWith(r.Value); slices.Contains([]string{"I097Q1", "I542Q1", "I544Q1"}, r.Code) && (title == e.Title || r.Value == "") {
				t.Errorf("%s: %q", r.Code, title)
			}
		}
	}
}

func TestNoticeEnding(t *testing.T) {
	t.Parallel()
	c := load(t)
	e, ok := c.Find("1289Q1")
	if !ok || e.Code != "I289Q1" || e.ActionedBy != catalogue.ByIMCO || len(e.Measures) != 1 || c.EndingDays() != 35 {
		t.Fatalf("%+v, %d days", e, c.EndingDays())
	}
	r := c.Evaluator().Ending(&facts.Ending{NoticeID: "n1", Measure: "CPEIM", EndOn: day("2027-04-14")})
	if r.Code != "I289Q1" || r.DueOn.String() != "2027-03-10" || r.Cause != "notice/n1" || r.Occurrence != "n1/2027-04-14" || r.Measure.String() != "CPEIM" {
		t.Errorf("%+v", r)
	}
	other := c.Evaluator().Ending(&facts.Ending{NoticeID: "n1", Measure: "CPEIM", EndOn: day("2027-04-13")})
	if other.Occurrence == r.Occurrence || other.Cause != r.Cause {
		t.Errorf("another end of the notice: %+v", other)
	}
}
