package catalogue_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
)

func load(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every code of the published list is there with its title, group and actor, and no other.
func TestEveryCodeIsThere(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("testdata/codes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	c := load(t)
	lines := strings.Split(strings.TrimSpace(string(list)), "\n")
	if len(lines) != 44 || len(c.Entries()) != 44 {
		t.Fatalf("%d codes are listed, %d loaded", len(lines), len(c.Entries()))
	}
	for _, line := range lines {
		f := strings.Split(line, "\t")
		e, ok := c.Find(f[0])
		if !ok || e.Code != f[0] || e.Title != f[4] || e.Group.String() != f[2] || e.ActionedBy.String() != f[3] || strings.Join(e.Aliases, ",") != f[1] {
			t.Errorf("%q: %+v", line, e)
		}
		for _, a := range e.Aliases {
			if other, ok := c.Find(a); !ok || other.Code != e.Code {
				t.Errorf("%s is not found as %s", e.Code, a)
			}
		}
		if e.CauseGone == "" || e.ActionRequired == "" || e.RaisedWhen == "" || strings.Contains(e.ActionRequired, "\n") {
			t.Errorf("%s lacks words", e.Code)
		}
	}
	if _, ok := c.Find("I999Q1"); ok {
		t.Error("an unknown code was found")
	}
	if e, ok := c.Find("i070q1"); !ok || e.Code != "I070Q1" {
		t.Error("small letters are not found")
	}
}

func TestSpecialRules(t *testing.T) {
	t.Parallel()
	var workflow, component, effect, repeats []string
	for _, e := range load(t).Entries() {
		if e.WorkflowOnly {
			workflow = append(workflow, e.Code)
		}
		if e.Component != "" {
			component = append(component, e.Code+" "+e.Component)
		}
		if e.Effect != "" {
			effect = append(effect, e.Code)
		}
		if e.RepeatsWeeks != 0 {
			repeats = append(repeats, e.Code)
		}
	}
	if !slices.Equal(workflow, []string{"I551Q1"}) || !slices.Equal(component, []string{"I098Q1 444"}) ||
		!slices.Equal(effect, []string{"I001BC"}) || !slices.Equal(repeats, []string{"I009BC", "I010BC", "I551Q1"}) {
		t.Errorf("workflow only %v, component %v, effect %v, repeats %v", workflow, component, effect, repeats)
	}
}

// Numbers of groups and actors are those of the API.
func TestNumbersOfTheAPI(t *testing.T) {
	t.Parallel()
	for g, n := range map[catalogue.Group]workitemv1.Group{
		catalogue.Card: workitemv1.Group_GROUP_CARD, catalogue.Generic: workitemv1.Group_GROUP_GENERIC,
		catalogue.DeyLtwpr: workitemv1.Group_GROUP_DEY_LTWPR, catalogue.Voluntary: workitemv1.Group_GROUP_VOLUNTARY,
		catalogue.Vwpr: workitemv1.Group_GROUP_VWPR, catalogue.ChildProtection: workitemv1.Group_GROUP_CHILD_PROTECTION,
		catalogue.ChildProtectionIMCO: workitemv1.Group_GROUP_CHILD_PROTECTION_IMCO, catalogue.Impact: workitemv1.Group_GROUP_IMPACT,
	} {
		if int32(g) != int32(n) {
			t.Errorf("%s is %d, in the API %d", g, g, n)
		}
	}
	if int32(catalogue.ByAny) != int32(workitemv1.ActionedBy_ACTIONED_BY_ANY) || int32(catalogue.ByIMCO) != int32(workitemv1.ActionedBy_ACTIONED_BY_IMCO) ||
		int32(catalogue.ByImpact) != int32(workitemv1.ActionedBy_ACTIONED_BY_IMPACT) {
		t.Error("actors have other numbers than in the API")
	}
}

// Triggers depend on parts the registry really announces.
func TestPartsAreFieldsOfTheRecord(t *testing.T) {
	t.Parallel()
	fields := (&registryv1.Customer{}).ProtoReflect().Descriptor().Fields()
	names := map[string]bool{}
	for i := range fields.Len() {
		names[string(fields.Get(i).Name())] = true
	}
	parts := load(t).Parts()
	if len(parts) < 20 {
		t.Errorf("only %v", parts)
	}
	for _, p := range parts {
		if !names[p] {
			t.Errorf("%s is no field of a customer's record", p)
		}
	}
}

// Every broken catalogue is refused with one sentence that names code and problem.
func TestRefusals(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(file)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "    becomes: c.card.pin_blocked", "    become: c.card.pin_blocked", "I114PI: yaml: unmarshal errors"},
		{"unknown fact", "becomes: c.card.pin_blocked", "becomes: c.card.blocked", "I114PI, becomes: undefined field 'blocked'"},
		{"unknown variable", "becomes: c.card.pin_blocked", "becomes: after.card.pin_blocked", "I114PI, becomes: undeclared reference to 'after'"},
		{"not yes or no", "becomes: c.card.pin_blocked", "becomes: c.card.balance_cents", "I114PI, becomes: the expression gives int, not yes or no"},
		{"wrong types", "c.account.balance_cents > limit.balance_cents", "c.account.balance_cents > true", "I098Q1, becomes: found no matching overload"},
		{"syntax", "c.account.balance_cents > limit.balance_cents", "c.account.balance_cents >", "I098Q1, becomes: Syntax error"},
		{"unknown limit", "c.account.balance_cents > limit.balance_cents", "c.account.balance_cents > limit.balance", "I098Q1, becomes: undeclared reference"},
		{"unused limit", "c.account.balance_cents > limit.balance_cents", "c.account.balance_cents > 300000", "limit balance_cents: no item uses it"},
		{"dates ask no day", "c.children.map(k, occasion(", "today == 1 ? [] : c.children.map(k, occasion(", "I542Q1, occasions: undeclared reference to 'today'"},
		{"no list of occasions", "c.children.map(k, occasion(", "c.children.map(k, cause('', '')) + [].map(k, occasion(", "I542Q1, occasions"},
		{"unknown part", "on: [payday_code]", "on: [payday]", `I083Q1: on names "payday", which is not a part of the record`},
		{"part twice", "on: [payday_code]", "on: [payday_code, payday_code]", "I083Q1: on names payday_code twice"},
		{"part left out", "on: [account, expenses, register_measure, other_measure]", "on: [account, register_measure, other_measure]", "I064Q1: becomes looks at expenses, which is missing in on"},
		{"measure left out", "on: [account, register_measure, other_measure]", "on: [account, register_measure]", "I098Q1: becomes looks at other_measure, which is missing in on"},
		{"on without a trigger", "    raise: before.known && before.payday_code != after.payday_code\n", "", "I083Q1: nothing raises it"},
		{"no on", "    on: [payday_code]\n", "", "I083Q1: on belongs to raise or becomes"},
		{"no cause", "    cause: payday\n", "", "I083Q1: cause names the one cause"},
		{"cause for a list", "    on: [penalties, register_measure, other_measure]", "    cause: penalty\n    on: [penalties, register_measure, other_measure]", "I097Q1: cause names the one cause"},
		{"unknown measure", "measures: [DEY, LTWPR]", "measures: [DEY, LTWP]", `I508Q1: "LTWP" is not a measure`},
		{"no measure", "    measures: [DEY, LTWPR]\n", "", "I508Q1: measures are missing"},
		{"unknown measure_of", "measure_of: before", "measure_of: later", `I607Q1: measure_of "later" is none of`},
		{"measure_of without weeks", "    ended_weeks: restored_weeks\n", "", "I508Q1: ended_weeks belongs to measure_of ended"},
		{"unknown group", "group: vwpr", "group: vwp", `I607Q1: group "vwp" is none of`},
		{"unknown actor", "actioned_by: imco", "actioned_by: imc", `I289Q1: actioned_by "imc" is none of`},
		{"unknown effect", "effect: HOLDS_CARD_ALLOCATIONS", "effect: HOLDS", `I001BC: effect "HOLDS" is not known`},
		{"no title", "    title: 20% UCP Service Offer available\n", "", "I290Q1: title is missing"},
		{"no action", "    action: Offer the customer the 20 % unrestricted cash payment and record the offer.\n", "", "I290Q1: action is missing"},
		{"no reason for closing", "      because: Closed when the offer of the cash payment is recorded, because that is the activity it asks for.\n", "", "I290Q1, closes: because is missing"},
		{"closes gives something else", "when: before.card.method == 'PARTIAL' && after.card.method == 'RESIDUAL'", "when: after.card.method", "I009BC, closes: the expression gives string, not list(string) or yes or no"},
		{"duplicate code", "- code: I077Q1", "- code: I070Q1", "I070Q1: I070Q1 is used twice"},
		{"duplicate alias", "aliases: [1291Q1]", "aliases: [1289Q1]", "I291Q1: 1289Q1 is used twice"},
		{"no code", "  - code: I083Q1\n    title", "  - title", "code is missing"},
		{"unknown repeat", "repeats_weeks: offer_weeks", "repeats_weeks: offer", `I551Q1: repeats_weeks names "offer", which is not a limit`},
		{"no notice ending", "    notice_ending: ending_days\n", "", "I289Q1: nothing raises it"},
		{"limit of nothing", "  failures: 4 ", "  failures: 0 ", "limit failures: it is 0 but must be above 0"},
		{"no zone", "zone: Australia/Sydney", "zone: Australia/Sidney", `zone "Australia/Sidney" is not a known time zone`},
		{"no rule for the rest", "when_nothing_closes_it: It", "when_nothing_closes_it: \"\" # It", "when_nothing_closes_it is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.new, 1)
			if broken == good {
				t.Fatalf("%q is not in the catalogue", c.old)
			}
			_, err := catalogue.Parse([]byte(broken))
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.HasPrefix(err.Error(), "work item catalogue, ") && !strings.HasPrefix(err.Error(), "work item catalogue: ") ||
				!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("refused with %q, want %q in it", err, c.want)
			}
		})
	}
}
