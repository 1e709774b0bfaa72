package decision

import (
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// DisclosureAfterMatch is the disclosure the hub creates and decides for the
// authority of a mutual client search once the customer is known: by Decide for
// the one clear candidate, or for the customer an officer chose. It counts as
// lodged at the moment of the match. Notices are as in Input, for this customer.
func DisclosureAfterMatch(ev *policy.Evaluator, parent Submission, c *Customer, notices []register.Notice, at Moment) (Child, error) {
	measure, ok := ev.Policy().MeasureOf(parent.Function)
	if !ok {
		return Child{}, fault.InvalidField("business_function", "policy %s knows no measure of it", ev.Policy().Version)
	}
	s := parent
	s.ID = clock.DerivedID(parent.ID, "disclosure")
	s.Reference = measure.ReferenceMark + parent.Reference
	s.LodgedAt, s.LodgedOn = at.At, at.Today
	s.Content = Disclosure{Customer: c.identity()}
	r, err := Decide(ev, Input{Submission: s, Customer: c, Notices: notices, Moment: at})
	return Child{Submission: s, Result: r}, err
}

// Disclose writes the content of a disclosure an officer confirmed: outcome is
// ELIGIBLE or NOT_ELIGIBLE. The criteria are those of the facts now. A record
// still restricted gives a fault of kind Precondition.
func Disclose(ev *policy.Evaluator, s Submission, c *Customer, notices []register.Notice, outcome term.Outcome, at Moment) (*DisclosureContent, error) {
	if outcome != term.Eligible && outcome != term.NotEligible {
		return nil, fault.New(fault.Internal, "NOT_A_DISCLOSURE", "outcome %s discloses nothing", outcome)
	}
	if c.Restricted {
		return nil, restricted()
	}
	measure, ok := ev.Policy().MeasureOf(s.Function)
	if !ok {
		return nil, fault.InvalidField("business_function", "policy %s knows no measure of it", ev.Policy().Version)
	}
	s.Content = Disclosure{Customer: c.identity()}
	s.LodgedOn = at.Today
	d := decider{ev: ev, policy: ev.Policy(), measure: measure, submission: s, customer: c, notices: noticesOf(c, notices), at: at}
	facts := gather(d, nil)
	evaluation, err := ev.Evaluate(term.DisclosureOfInformation, &facts)
	if err != nil {
		return nil, err
	}
	return d.content(outcome, evaluation.Verdicts), nil
}

// identity of the record itself: what the hub or an officer chose needs no
// comparing.
func (c *Customer) identity() Identity {
	return Identity{CRN: c.CRN, FamilyName: c.FamilyName, BirthDate: c.BirthDate}
}

// content is what the authority may know (rules.md 2.2).
func (d decider) content(outcome term.Outcome, verdicts policy.Verdicts) *DisclosureContent {
	c := d.customer
	out := &DisclosureContent{
		CRN: c.CRN, Label: d.measure.Label, Result: outcome,
		Payments: received(c.Payments, d.at.Today),
		Measure:  measureInForce(d.policy, c, d.notices, d.at.Today),
		Children: c.FamilyTaxBenefitChildren, PaymentHistory: history(c.Payments),
	}
	if !c.PartnerRestricted { // it would tell where to look for the partner
		out.PartnerCRN = c.PartnerCRN
	}
	for _, line := range d.policy.Criteria(term.DisclosureOfInformation, verdicts) {
		out.Criteria = append(out.Criteria, Criterion{Name: line.Rule, Result: answer(line.Verdict)})
	}
	out.OnIncomeSupport = slices.ContainsFunc(out.Payments, func(code string) bool {
		return d.policy.Listed("category_a_payments", code)
	})
	out.UnderEnhanced = out.Measure != 0
	if home, ok := c.CurrentHome(); ok {
		out.Address = home.line()
	}
	return out
}

func answer(v policy.Verdict) string {
	switch v {
	case policy.Passed:
		return "yes"
	case policy.Failed:
		return "no"
	}
	return "unknown"
}

// line is the address in one line: "1 Main Street, Coen QLD 4892".
func (a Address) line() string {
	place := strings.Join(strings.Fields(a.Locality+" "+a.State.String()+" "+a.Postcode), " ")
	if a.Street == "" {
		return place
	}
	return a.Street + ", " + place
}

// history lists payments newest first: "code from yyyy-mm-dd", those without a
// date last.
func history(payments []Payment) []string {
	sorted := slices.Clone(payments)
	slices.SortStableFunc(sorted, func(a, b Payment) int { return int(since(b)) - int(since(a)) })
	var lines []string
	for _, p := range sorted {
		if p.From == nil {
			lines = append(lines, p.Code)
		} else {
			lines = append(lines, p.Code+" from "+p.From.String())
		}
	}
	return lines
}

func since(p Payment) calendar.Date {
	if p.From == nil {
		return -1 << 30
	}
	return *p.From
}

// keep is what officers see of the candidates. Of a restricted record only CRN
// and score remain: what fields agreed would describe it.
func keep(candidates []Candidate) []KeptCandidate {
	kept := make([]KeptCandidate, 0, len(candidates))
	for _, c := range candidates {
		k := KeptCandidate{CRN: c.Customer.CRN, Score: c.Score, Restricted: c.Customer.Restricted}
		if !k.Restricted {
			born := c.Customer.BirthDate
			k.Name = strings.TrimSpace(c.Customer.GivenName + " " + c.Customer.FamilyName)
			k.BirthDate, k.Contributions = &born, c.Contributions
		}
		kept = append(kept, k)
	}
	return kept
}
