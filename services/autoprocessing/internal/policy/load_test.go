package policy_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
)

var loaded = sync.OnceValues(policy.Load)

func load(t testing.TB) *policy.Policy {
	t.Helper()
	s, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.On(calendar.DateOf(2026, time.November, 22))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func source(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("versions/2026-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLoadedPolicy(t *testing.T) {
	t.Parallel()
	p := load(t)
	if p.Zone != "Australia/Sydney" || p.Limits.ContinuationDays != 60 || p.Limits.StartAheadDays != 60 || p.Limits.RevocationDays != 28 {
		t.Errorf("limits: %+v in %s", p.Limits, p.Zone)
	}
	for _, c := range []struct {
		function  term.BusinessFunction
		measure   term.Measure
		label     string
		months    []int
		voluntary bool
	}{
		{term.CapeYork, term.CYeIM, "Personal Information Disclosure", []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, false},
		{term.ChildProtection, term.CPeIM, "Disclosure of Information", []int{3, 6, 9, 12}, true},
		{term.SupportingPeopleAtRisk, term.SPaReIM, "Disclosure of Information", []int{3, 6, 9, 12, 24}, true},
	} {
		m, ok := p.MeasureOf(c.function)
		if !ok || m.Measure != c.measure || m.Label != c.label || m.MayReferVoluntarily != c.voluntary {
			t.Errorf("%s: %+v", c.function, m)
		}
		for months := range 26 {
			want := false
			for _, x := range c.months {
				want = want || x == months
			}
			if m.AllowsMonths(months) != want {
				t.Errorf("%s for %d months: %v", c.measure, months, !want)
			}
		}
	}
	cape, _ := p.Measure(term.CYeIM)
	child, _ := p.Measure(term.CPeIM)
	for asked, want := range map[int]bool{0: false, 60: true, 70: false, 75: true, 90: true} {
		if _, ok := cape.PercentOf(asked); ok != want {
			t.Errorf("CYeIM at %d percent: %v", asked, ok)
		}
	}
	if got, ok := child.PercentOf(0); got != 70 || !ok {
		t.Errorf("CPeIM's only share: %d %v", got, ok)
	}
	if !p.Outranks(term.CYeIM, term.CPeIM) || p.Outranks(term.DEY, term.LTWPR) || p.Outranks(0, term.CPeIM) || p.Outranks(term.CYeIM, 0) {
		t.Error("ranks are wrong")
	}
	for r := term.NoMatch; r <= term.TechnicalFailure; r++ {
		if w := p.Words(r); w.Description == "" || w.NextStep == "" {
			t.Errorf("%s has no words", r)
		}
	}
}

func TestCommunity(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, c := range []struct {
		locality string
		state    term.Jurisdiction
		want     string
	}{
		{"Hope Vale", term.QLD, "HOPE_VALE"},
		{"HOPEVALE", term.QLD, "HOPE_VALE"},
		{"hope-vale", 0, "HOPE_VALE"},
		{"Coen", term.QLD, "COEN"},
		{"Coen", term.NT, ""},
		{"Cairns", term.QLD, ""},
		{"", term.QLD, ""},
	} {
		if got := p.Community(c.locality, c.state); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.locality, c.state, got, c.want)
		}
	}
}

// Every broken policy is refused with one sentence that names file, place and problem.
func TestRefusals(t *testing.T) {
	t.Parallel()
	good := source(t)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown fact", "holds: \"!customer.deceased\"", "holds: \"!customer.dead\"", "rule alive, holds: \"customer.dead\" is not known"},
		{"unknown fact group", "holds: \"!customer.deceased\"", "holds: \"!person.deceased\"", "rule alive, holds: \"person.deceased\" is not known"},
		{"unknown list", "isIn(codes.excluded_nominees)", "isIn(codes.excluded_nominee)", `rule no_excluded_nominee, holds: "codes.excluded_nominee" is not known`},
		{"not a yes or no", "holds: search.candidates > 0", "holds: search.candidates", "rule someone_found, holds: the expression gives int, not yes or no"},
		{"wrong types", "holds: search.candidates > 0", "holds: search.candidates > true", "rule someone_found, holds: found no matching overload"},
		{"syntax", "holds: search.candidates > 0", "holds: search.candidates >", "rule someone_found, holds: Syntax error"},
		{"no loops", "holds: search.candidates > 0", "holds: customer.payments.all(p, p != '')", "rule someone_found, holds: undeclared reference"},
		{"missing expression", "    holds: search.candidates > 0\n", "", "rule someone_found, holds: the expression is missing"},
		{"missing reason", "    reason: CUSTOMER_DECEASED\n", "", "rule alive: reason is missing"},
		{"unknown reason", "reason: CUSTOMER_DECEASED", "reason: CUSTOMER_GONE", `rule alive: "CUSTOMER_GONE" is not a rejection reason`},
		{"missing text", "    text: The customer is not deceased.\n", "", "rule alive: text is missing"},
		{"unknown fact in text", "{customer.deceased}", "{customer.gone}", `rule alive, saw: there is no fact "customer.gone"`},
		{"duplicate id", "- id: alive", "- id: identified", "rule identified: the id is used twice"},
		{"unused rule", "- {rule: someone_found}\n      - {rule: one_clear, needs: [someone_found]}\n      - {rule: unrestricted, needs: [someone_found, one_clear]}", "- {rule: one_clear}", "rule someone_found: no information type uses it"},
		{"unknown rule", "- {rule: declared}", "- {rule: declare}", `information type VOLUNTARY_REFERRAL: there is no rule "declare"`},
		{"needs a later rule", "{rule: one_clear, needs: [someone_found]}", "{rule: one_clear, needs: [unrestricted]}", `rule one_clear: it needs "unrestricted", which does not stand before it`},
		{"a machine refuses", "outcomes: [{outcome: ELIGIBLE}]", "outcomes: [{outcome: NOT_ELIGIBLE}]", "automatic processing may not decide NOT_ELIGIBLE"},
		{"condition at the end", "- {outcome: COMMENCED}", "- {outcome: COMMENCED, when: \"true\"}", "the last outcome, and only it, stands without a condition"},
		{"restricted is told", "while_restricted: [NOT_ACCEPTED]", "while_restricted: [COMMENCED]", "COMMENCED would tell of a restricted record"},
		{"unknown key", "accept_former_names: false", "accept_former_name: false", "field accept_former_name not found"},
		{"no version", `version: "2026-1"`, `version: ""`, "version is missing"},
		{"no date", `effective: "2023-03-06"`, `effective: "2023-02-30"`, "is not a date"},
		{"no zone", "zone: Australia/Sydney", "zone: Australia/Sidney", "is not a known time zone"},
		{"limit", "retry_attempts: 5", "retry_attempts: 0", "limits: retry_attempts is 0 but must be 1 to 100"},
		{"missing list", "  excluded_nominees:", "  other_nominees:", "lists: excluded_nominees is missing"},
		{"unknown measure", "{measure: SEAM, rank: 4}", "{measure: SEEM, rank: 4}", `measure SEEM: "SEEM" is not a measure`},
		{"missing measure", "  - {measure: SEAM, rank: 4}\n", "", "measures: SEAM has no rank"},
		{"unknown community", "communities: [AURUKUN,", "communities: [AURUKIN,", `"AURUKIN" is not a community of this policy`},
		{"reason without words", "  TECHNICAL_FAILURE:\n    description", "  NO_MATCH2:\n    description", "is not a rejection reason"},
		{"phrase too short", "      - neglect*\n", "      - of*\n", "at least 3 letters"},
		{"star inside", "      - neglect*\n", "      - neg*lect\n", "may have a * only at its end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.new, 1)
			if broken == good {
				t.Fatalf("%q is not in the policy file", c.old)
			}
			_, err := policy.LoadFS(fstest.MapFS{"p.yaml": {Data: []byte(broken)}})
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.HasPrefix(err.Error(), "policy file p.yaml") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("refused with %q, want %q in it", err, c.want)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	first := source(t)
	second := strings.NewReplacer(`"2026-1"`, `"2027-1"`, `"2023-03-06"`, `"2027-07-01"`, "continuation_days: 60", "continuation_days: 30").Replace(first)
	s, err := policy.LoadFS(fstest.MapFS{"b.yaml": {Data: []byte(first)}, "a.yaml": {Data: []byte(second)}})
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[calendar.Date]string{
		calendar.DateOf(2023, time.March, 6): "2026-1", calendar.DateOf(2027, time.June, 30): "2026-1",
		calendar.DateOf(2027, time.July, 1): "2027-1", calendar.DateOf(2040, time.July, 1): "2027-1",
	} {
		evaluators := s.Evaluators()
		ev, err := evaluators.On(on)
		if err != nil || ev.Policy().Version != want {
			t.Errorf("on %s: %v %v, want %s", on, ev, err, want)
		}
		if again, _ := evaluators.On(on); again != ev {
			t.Error("a second evaluator was made")
		}
	}
	if _, err := s.On(calendar.DateOf(2023, time.March, 5)); err == nil {
		t.Error("a policy was in effect before the first")
	}
	if _, ok := s.Version("2027-1"); !ok || len(s.Policies()) != 2 {
		t.Error("a version is missing")
	}
	for name, other := range map[string]string{
		"version": strings.Replace(first, `"2023-03-06"`, `"2027-07-01"`, 1),
		"date":    strings.Replace(first, `"2026-1"`, `"2027-1"`, 1),
		"zone":    strings.NewReplacer(`"2026-1"`, `"2027-1"`, `"2023-03-06"`, `"2027-07-01"`, "zone: Australia/Sydney", "zone: Australia/Darwin").Replace(first),
	} {
		if _, err := policy.LoadFS(fstest.MapFS{"a.yaml": {Data: []byte(first)}, "b.yaml": {Data: []byte(other)}}); err == nil {
			t.Errorf("two files with the same (or for the zone, another) %s were accepted", name)
		}
	}
	if _, err := policy.LoadFS(fstest.MapFS{}); err == nil {
		t.Error("no file at all was accepted")
	}
}
