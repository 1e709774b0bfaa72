package scenario

import (
	"fmt"
	"slices"
	"strings"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// disclosureText is what must be disclosed (section 2.2: content), in one line.
func disclosureText(l *Lodging, want Want, shown *processingv1.Disclosure) string {
	if want.Outcome != eligible {
		return "nothing"
	}
	person := l.Scene.Person
	var codes []string
	income := false
	for _, p := range person.GetPayments() {
		if !p.GetStopped() {
			codes = append(codes, p.GetCode())
			income = income || slices.Contains(categoryA, p.GetCode())
		}
	}
	slices.Sort(codes)
	children := 0
	for _, c := range person.GetChildren() {
		if c.GetFamilyTaxBenefit() {
			children++
		}
	}
	// Whether a measure outside the register is enhanced cannot be told from its name.
	under := shown.GetUnderEnhancedIncomeManagement() && person.GetOtherMeasure() != 0
	for _, n := range l.Scene.Notices {
		_, state, recorded := n.On(l.Day)
		under = under || recorded && state == eventv1.NoticeState_NOTICE_STATE_ACTIVE
	}
	return fmt.Sprintf("%s of %s: ELIGIBLE, every criterion yes, on income support %v, payments %v, lives in %s, under eIM %v, partner %q, %d children",
		l.Authority.Label, person.GetCrn(), income, codes, person.GetAddresses()[0].GetLocality(), under, person.GetPartnerCrn(), children)
}

// shownText is what was disclosed, in the same line.
func shownText(l *Lodging, d *processingv1.Disclosure) string {
	if d == nil {
		return "nothing"
	}
	criteria := "no criteria"
	for _, c := range d.GetCriteria() {
		if c.GetResult() != "yes" {
			criteria = c.GetName() + " " + c.GetResult()
			break
		}
		criteria = "every criterion yes"
	}
	codes := slices.Clone(d.GetPayments())
	slices.Sort(codes)
	where := d.GetAddress()
	if locality := l.Scene.Person.GetAddresses()[0].GetLocality(); strings.Contains(where, locality) {
		where = locality
	}
	return fmt.Sprintf("%s of %s: %s, %s, on income support %v, payments %v, lives in %s, under eIM %v, partner %q, %d children",
		d.GetLabel(), d.GetCrn(), strings.TrimPrefix(d.GetResult().String(), "OUTCOME_"), criteria, d.GetOnIncomeSupport(), codes, where,
		d.GetUnderEnhancedIncomeManagement(), d.GetPartnerCrn(), d.GetChildren())
}
