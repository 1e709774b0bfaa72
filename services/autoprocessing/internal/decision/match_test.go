package decision_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

func candidate(crn string, sure, restricted bool) decision.Candidate {
	c := *customer(child)
	c.CRN, c.Restricted = crn, restricted
	return decision.Candidate{Customer: c, Score: 90, Clear: sure, Contributions: []string{"family_name: exact"}}
}

func TestFindMutualClient(t *testing.T) {
	t.Parallel()
	const a, b = "111111111A", "222222222B"
	for _, c := range []struct {
		name       string
		candidates []decision.Candidate
		want       string
		authority  string
	}{
		{"nobody", nil, "NO_MATCH", "NO_MATCH"},
		{"one clear", []decision.Candidate{candidate(a, true, false)}, "MATCHED", ""},
		{"one clear, one weak", []decision.Candidate{candidate(a, true, false), candidate(b, false, false)}, "MATCHED", ""},
		{"one weak", []decision.Candidate{candidate(a, false, false)}, "POSSIBLE_MATCHES", "POSSIBLE_MATCHES"},
		{"two clear", []decision.Candidate{candidate(a, true, false), candidate(b, true, false)}, "POSSIBLE_MATCHES", "POSSIBLE_MATCHES"},
		{"one clear but restricted", []decision.Candidate{candidate(a, true, true)}, "RESTRICTED_ACCESS", "NO_MATCH"},
		{"one weak and restricted", []decision.Candidate{candidate(a, false, true)}, "POSSIBLE_MATCHES", "NO_MATCH"},
	} {
		r := decide(t, decision.Input{Submission: lodged(child, decision.FindMutualClient{}), Candidates: c.candidates})
		got := r.Outcome.String()
		if r.Outcome == 0 {
			got = reasons(r.Reasons)
		}
		if got != c.want || reasons(r.ReasonsForAuthority) != c.authority {
			t.Errorf("%s: %s (authority reads %v), want %s", c.name, got, r.ReasonsForAuthority, c.want)
		}
		if (r.Child != nil) != (c.want == "MATCHED") || (r.Child != nil) != (r.CRN == a) {
			t.Errorf("%s: child %v for %q", c.name, r.Child, r.CRN)
		}
		if r.Child == nil && len(r.Candidates) != len(c.candidates) {
			t.Errorf("%s: %d candidates kept", c.name, len(r.Candidates))
		}
		for _, k := range r.Candidates {
			if k.Restricted != (k.Name == "") || k.Restricted != (k.BirthDate == nil) || k.Restricted != (k.Contributions == nil) {
				t.Errorf("%s: kept %+v", c.name, k)
			}
		}
	}
}

func TestDisclosureAfterMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f                term.BusinessFunction
		reference, label string
	}{
		{cape, "~PID:R-1", "Personal Information Disclosure"}, {child, "~DOI:R-1", "Disclosure of Information"}, {risk, "~DOI:R-1", "Disclosure of Information"},
	} {
		who := customer(c.f)
		r := decide(t, decision.Input{Submission: lodged(c.f, decision.FindMutualClient{}), Candidates: []decision.Candidate{{Customer: *who, Clear: true}}})
		if r.Child == nil {
			t.Fatalf("%s: no child", c.f)
		}
		s, got := r.Child.Submission, r.Child.Result
		if s.Reference != c.reference || s.AuthorityID != authority(c.f) || s.ID == lodged(c.f, nil).ID || s.CaseWorker != "J. Doe" || s.Content.Type() != term.DisclosureOfInformation {
			t.Errorf("%s: %+v", c.f, s)
		}
		if got.Outcome != term.Eligible || got.Disclosure == nil || got.Disclosure.Label != c.label || got.CRN != who.CRN {
			t.Errorf("%s: %s %v", c.f, got.Outcome, got.Reasons)
		}
	}
	who := customer(child)
	who.Payments = nil
	r := decide(t, decision.Input{Submission: lodged(child, decision.FindMutualClient{}), Candidates: []decision.Candidate{{Customer: *who, Clear: true}}})
	if r.Outcome != term.Matched || reasons(r.Child.Result.Reasons) != "ELIGIBILITY_NO_RESULT" || r.Child.Result.Disclosure != nil {
		t.Errorf("not payable: %+v", r.Child)
	}
	notices := []register.Notice{notice(1, cape, -10, 90)}
	r = decide(t, decision.Input{Submission: lodged(child, decision.FindMutualClient{}), Candidates: []decision.Candidate{{Customer: *customer(child), Clear: true}}, Notices: notices})
	if reasons(r.Child.Result.Reasons) != "ELIGIBILITY_NO_RESULT" {
		t.Errorf("under a higher measure: %v", r.Child.Result.Reasons)
	}
}

func TestDisclosure(t *testing.T) {
	t.Parallel()
	ask := lodged(child, decision.Disclosure{Customer: subject})
	for _, c := range []struct {
		name     string
		change   func(*decision.Customer)
		want     string
		criteria string
	}{
		{"eligible", func(*decision.Customer) {}, "ELIGIBLE", "ppppppp"},
		{"not identified", func(c *decision.Customer) { c.FamilyName = "Smith" }, "CUSTOMER_NOT_IDENTIFIED", "f------"},
		{"restricted", func(c *decision.Customer) { c.Restricted, c.Payments = true, nil }, "RESTRICTED_ACCESS", "pf-----"},
		{"deceased", func(c *decision.Customer) { c.Deceased = true }, "ELIGIBILITY_NO_RESULT", "ppfpppp"},
		{"no payment", func(c *decision.Customer) { c.Payments = nil }, "ELIGIBILITY_NO_RESULT", "pppfppp"},
		{"partner unknown", func(c *decision.Customer) { c.Payments, c.PartnerCRN, c.PartnerUnknown = nil, "222222222B", true }, "ELIGIBILITY_NO_RESULT", "pppuppp"},
		{"partner unknown, own payment", func(c *decision.Customer) { c.PartnerCRN, c.PartnerUnknown = "222222222B", true }, "ELIGIBLE", "ppppppp"},
		{"nominee", func(c *decision.Customer) { c.Nominee = "PUBLIC_GUARDIAN" }, "ELIGIBILITY_NO_RESULT", "ppppfpp"},
		{"elsewhere", func(c *decision.Customer) { c.Addresses[0].State = term.ACT }, "ELIGIBILITY_NO_RESULT", "pppppfp"},
		{"address unknown", func(c *decision.Customer) { c.Addresses = nil }, "ELIGIBILITY_NO_RESULT", "pppppup"},
		{"higher measure", func(c *decision.Customer) { c.OtherMeasure = term.CYeIM }, "ELIGIBILITY_NO_RESULT", "ppppppf"},
		{"lower measure", func(c *decision.Customer) { c.OtherMeasure = term.VWPR }, "ELIGIBLE", "ppppppp"},
	} {
		who := customer(child)
		c.change(who)
		r := decide(t, decision.Input{Submission: ask, Customer: who})
		got := r.Outcome.String()
		if r.Outcome == 0 {
			got = reasons(r.Reasons)
		}
		if got != c.want || string(r.Verdicts) != c.criteria || (r.Disclosure != nil) != (c.want == "ELIGIBLE") {
			t.Errorf("%s: %s %s, want %s %s", c.name, got, r.Verdicts, c.want, c.criteria)
		}
	}
}

func TestDisclosureContent(t *testing.T) {
	t.Parallel()
	old, recent := calendar.DateOf(2020, time.July, 1), calendar.DateOf(2025, time.March, 9)
	who := customer(child)
	who.Payments = []decision.Payment{{Code: "YOUTH_ALLOWANCE", Stopped: true, From: &old}, {Code: "JOBSEEKER_PAYMENT", From: &recent}, {Code: "FAMILY_TAX_BENEFIT"}}
	who.PartnerCRN, who.FamilyTaxBenefitChildren, who.OtherMeasure = "222222222B", 2, term.VWPR
	ev := evaluator(t)
	notices := []register.Notice{notice(1, child, -10, 90)}
	got, err := decision.Disclose(ev, lodged(child, decision.Disclosure{Customer: subject}), who, notices, term.NotEligible, moment)
	if err != nil {
		t.Fatal(err)
	}
	want := &decision.DisclosureContent{
		CRN: who.CRN, Label: "Disclosure of Information", Result: term.NotEligible,
		Criteria: []decision.Criterion{
			{Name: "alive", Result: "yes"},
			{Name: "eligible_payment", Result: "yes"},
			{Name: "no_excluded_nominee", Result: "yes"},
			{Name: "lives_in_area", Result: "yes"},
			{Name: "no_higher_measure", Result: "yes"},
		},
		OnIncomeSupport: true, Payments: []string{"JOBSEEKER_PAYMENT", "FAMILY_TAX_BENEFIT"}, Address: "1 Main Street, Hope Vale QLD 4895",
		UnderEnhanced: true, Measure: term.CPeIM, PartnerCRN: "222222222B", Children: 2,
		PaymentHistory: []string{"JOBSEEKER_PAYMENT from 2025-03-09", "YOUTH_ALLOWANCE from 2020-07-01", "FAMILY_TAX_BENEFIT"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	who.Restricted = true
	if _, err := decision.Disclose(ev, lodged(child, decision.Disclosure{Customer: subject}), who, nil, term.Eligible, moment); err == nil {
		t.Error("a restricted record was disclosed")
	}
}

func TestVoluntaryReferral(t *testing.T) {
	t.Parallel()
	ask := lodged(child, decision.Referral{Customer: subject})
	r := decide(t, decision.Input{Submission: ask, Customer: customer(child)})
	if reasons(r.Reasons) != "DECLARATION_REQUIRED" || r.Verdicts != "pf" {
		t.Errorf("%v %s", r.Reasons, r.Verdicts)
	}
	r = decide(t, decision.Input{Submission: ask})
	if reasons(r.Reasons) != "DECLARATION_REQUIRED" || r.Verdicts != "ff" {
		t.Errorf("not identified: %v %s", r.Reasons, r.Verdicts)
	}
}

func TestTechnicalFailure(t *testing.T) {
	t.Parallel()
	r := decision.TechnicalFailure(revoke(child))
	if r.Status != term.Unprocessed || reasons(r.Reasons) != "TECHNICAL_FAILURE" || r.CRN != subject.CRN || r.Type != term.NoticeToRevoke {
		t.Errorf("%+v", r)
	}
}
