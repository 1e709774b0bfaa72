package policy_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"pgregory.net/rapid"
)

func good() policy.Facts {
	var f policy.Facts
	f.Asked = policy.Asked{Measure: "CPEIM", StartDaysAhead: 7}
	f.Customer = policy.Customer{Found: true, FamilyNameAgrees: true, BirthDateAgrees: true, Payments: []string{"FAMILY_TAX_BENEFIT", "JOBSEEKER_PAYMENT"}}
	f.Home = policy.Home{Known: true, State: "QLD"}
	return f
}

func TestAllRulesAreEvaluated(t *testing.T) {
	t.Parallel()
	ev := load(t).NewEvaluator()
	f := good()
	got, err := ev.Evaluate(term.NoticeToCommence, &f)
	if err != nil || got.Verdicts != "pppppppppppppp" || got.Outcome != term.Commenced || got.Reasons != nil {
		t.Fatalf("good facts: %+v %v", got, err)
	}
	f.Customer.Deceased, f.Customer.Restricted, f.Customer.Payments = true, true, nil
	f.Customer.Nominee, f.Customer.OtherMeasure, f.Home.State = "PUBLIC_TRUSTEE", "CYEIM", "VIC"
	f.Asked.StartDaysAhead, f.Text.LooksLikeReasons = -1, true
	f.Current = policy.Current{Exists: true, Measure: "SPAREIM", DaysLeft: 100}
	f.Waiting = policy.Waiting{Continuation: true, Other: true}
	got, err = ev.Evaluate(term.NoticeToCommence, &f)
	want := []term.Reason{
		term.CustomerDeceased, term.RestrictedAccess, term.NoEligiblePayment, term.ExcludedNominee, term.OutsideDeclaredArea,
		term.HigherMeasureInForce, term.MeasureTransferReview, term.StartDateInvalid, term.CurrentNoticeOtherAuthority,
		term.ContinuationExists, term.PendingNoticeExists, term.ReasonsInText,
	}
	if err != nil || !reflect.DeepEqual(got.Reasons, want) || got.Outcome != 0 || got.Verdicts != "pffffffffpffff" {
		t.Fatalf("bad facts: %+v %v", got, err)
	}
	f.Customer.FamilyNameAgrees = false
	got, err = ev.Evaluate(term.NoticeToCommence, &f)
	if err != nil || got.Verdicts != "f-------------" || !reflect.DeepEqual(got.Reasons, []term.Reason{term.CustomerNotIdentified}) {
		t.Fatalf("not identified: %+v %v", got, err)
	}
}

func TestUnknownFacts(t *testing.T) {
	t.Parallel()
	ev := load(t).NewEvaluator()
	f := good()
	f.Customer.Payments = []string{"FAMILY_TAX_BENEFIT"}
	f.Partner = policy.Partner{Linked: true, PaymentsUnknown: true}
	f.Home = policy.Home{}
	got, err := ev.Evaluate(term.DisclosureOfInformation, &f)
	if err != nil || got.Verdicts != "pppupup" || !reflect.DeepEqual(got.Reasons, []term.Reason{term.EligibilityNoResult}) {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := ev.Evaluate(term.ChangeOfCircumstances, &f); err == nil {
		t.Error("a type without rules was decided")
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	p := load(t)
	ev := p.NewEvaluator()
	f := good()
	f.Home.State, f.Customer.Restricted = "VIC", true
	got, err := ev.Evaluate(term.NoticeToCommence, &f)
	if err != nil {
		t.Fatal(err)
	}
	open, err := p.Render(term.NoticeToCommence, &f, got.Verdicts, false)
	if err != nil || len(open) != len(got.Verdicts) {
		t.Fatal(err)
	}
	area := open[5]
	if area.Rule != "lives_in_area" || area.Verdict != policy.Failed || area.Reason != term.OutsideDeclaredArea ||
		area.Text != "The customer lives in the measure's area. Seen: measure: CPEIM, current address known: yes, state: VIC, community: none." {
		t.Errorf("area: %+v", area)
	}
	if want := "not more than 60 days ahead"; !strings.Contains(open[8].Text, want) {
		t.Errorf("start date: %q lacks %q", open[8].Text, want)
	}
	hidden := f.Guarded()
	guarded, err := p.Render(term.NoticeToCommence, &hidden, got.Verdicts, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range guarded {
		if strings.Contains(line.Text, "VIC") || strings.Contains(line.Text, "JOBSEEKER") {
			t.Errorf("a restricted record shows: %q", line.Text)
		}
	}
	if guarded[5].Verdict != policy.NotEvaluated || guarded[0].Verdict != policy.Passed || guarded[2].Verdict != policy.Failed {
		t.Errorf("guarded: %+v", guarded)
	}
	if _, err := p.Render(term.NoticeToCommence, &f, "pp", false); err == nil {
		t.Error("verdicts of another policy were rendered")
	}
	f.Customer.Found = false
	lines, err := p.Render(term.NoticeToCommence, &f, "f-------------", false)
	if err != nil || lines[3].Text != "The customer or the partner receives a category A payment. Not evaluated, because identified did not pass." {
		t.Errorf("not evaluated: %+v %v", lines[3], err)
	}
}

func drawFacts(t *rapid.T) policy.Facts {
	var f policy.Facts
	v := reflect.ValueOf(&f).Elem()
	for g := range v.NumField() {
		for i := range v.Field(g).NumField() {
			name := v.Type().Field(g).Name + "." + v.Field(g).Type().Field(i).Name
			switch x := v.Field(g).Field(i); x.Kind() {
			case reflect.Bool:
				x.SetBool(rapid.Bool().Draw(t, name))
			case reflect.Int:
				x.SetInt(int64(rapid.IntRange(-100, 100).Draw(t, name)))
			case reflect.String:
				x.SetString(rapid.SampledFrom([]string{"", "CYEIM", "CPEIM", "SPAREIM", "VEIM", "QLD", "VIC", "HOPE_VALE", "PUBLIC_TRUSTEE", "ünkn\"own"}).Draw(t, name))
			default:
				if list := rapid.SliceOfN(rapid.SampledFrom([]string{"AGE_PENSION", "FAMILY_TAX_BENEFIT"}), 0, 3).Draw(t, name); len(list) > 0 {
					x.Set(reflect.ValueOf(list))
				}
			}
		}
	}
	return f
}

// Facts survive storage, and replaying them under the same version gives the
// same verdicts, whatever was evaluated in between.
func TestReplay(t *testing.T) {
	t.Parallel()
	p := load(t)
	ev, other := p.NewEvaluator(), load(t).NewEvaluator()
	types := []term.InformationType{term.FindMutualClient, term.DisclosureOfInformation, term.NoticeToCommence, term.NoticeToRevoke, term.VoluntaryReferral}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		kind := rapid.SampledFrom(types).Draw(t, "type")
		first, err := ev.Evaluate(kind, &f)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var back policy.Facts
		if err := json.Unmarshal(stored, &back); err != nil || !reflect.DeepEqual(f, back) {
			t.Fatalf("%s came back as %+v (%v)", stored, back, err)
		}
		again, err := other.Evaluate(kind, &back)
		if err != nil || !reflect.DeepEqual(first, again) {
			t.Fatalf("%+v, then %+v (%v)", first, again, err)
		}
		if (first.Outcome == 0) != (len(first.Reasons) > 0) {
			t.Fatalf("neither reason nor outcome, or both: %+v", first)
		}
		if _, err := p.Render(kind, &back, again.Verdicts, false); err != nil {
			t.Fatal(err)
		}
	})
}

func TestShownToAuthority(t *testing.T) {
	t.Parallel()
	p := load(t)
	var f policy.Facts
	both := []term.Reason{term.RestrictedAccess, term.NoEligiblePayment}
	if got := p.ShownToAuthority(term.NoticeToCommence, both, &f); !reflect.DeepEqual(got, []term.Reason{term.CustomerNotIdentified}) {
		t.Errorf("commence: %v", got)
	}
	f.Search = policy.Search{Candidates: 2, Restricted: 2}
	possible := []term.Reason{term.PossibleMatches}
	if got := p.ShownToAuthority(term.FindMutualClient, possible, &f); !reflect.DeepEqual(got, []term.Reason{term.NoMatch}) {
		t.Errorf("all candidates restricted: %v", got)
	}
	f.Search.Restricted = 1
	if got := p.ShownToAuthority(term.FindMutualClient, possible, &f); !reflect.DeepEqual(got, possible) {
		t.Errorf("one candidate restricted: %v", got)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	ev := load(b).NewEvaluator()
	f := good()
	b.ReportAllocs()
	for b.Loop() {
		if got, err := ev.Evaluate(term.NoticeToCommence, &f); err != nil || got.Outcome != term.Commenced {
			b.Fatal(got, err)
		}
	}
}

func BenchmarkFactsJSON(b *testing.B) {
	f := good()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(&f); err != nil {
			b.Fatal(err)
		}
	}
}
