package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Numbers of the rules that items by date are worked out with.
const (
	schoolAge    = 5  // years
	evidenceDays = 28 // to provide evidence; the item is due the day after
)

// itemKey is an occurrence of a cause: it is raised once, or covered by the item
// that was open then.
type itemKey struct{ crn, code, cause, occurrence string }

func (k itemKey) String() string {
	return fmt.Sprintf("%s %s %s %s", k.code, k.crn, k.cause, k.occurrence)
}

// raising says for one code, in the plain words of the rules, of which causes a
// version of a record raises it. before is nil for a new record.
type raising struct {
	code   string
	under  []eventv1.Measure // empty is any measure
	causes func(before, after *registryv1.Customer) []string
}

func when(cause string, so bool) []string {
	if so {
		return []string{cause}
	}
	return nil
}

// becomes is for what counts from when it holds and a measure is in force.
func becomes(cause string, holds func(*registryv1.Customer) bool) func(b, a *registryv1.Customer) []string {
	return func(b, a *registryv1.Customer) []string {
		return when(cause, holds(a) && (b == nil || inForce(b) == 0 || !holds(b)))
	}
}

var childProtection = []eventv1.Measure{eventv1.Measure_MEASURE_CPEIM}

// raisings are the codes the feeds bring about that are simple enough to be
// worked out twice.
var raisings = []raising{
	{"I070Q1", nil, func(b, a *registryv1.Customer) []string {
		changed := b != nil && !sameAddresses(b.GetAddresses(), a.GetAddresses())
		return when("addresses", changed || (len(a.GetAddresses()) == 0 && (inForce(b) == 0 || len(b.GetAddresses()) > 0)))
	}},
	{"I077Q1", nil, func(b, a *registryv1.Customer) []string {
		return when("partner", b != nil && b.GetPartnerCrn() != a.GetPartnerCrn())
	}},
	{"I083Q1", nil, func(b, a *registryv1.Customer) []string {
		return when("payday", b != nil && b.GetPaydayCode() != a.GetPaydayCode())
	}},
	{"I084Q1", nil, func(b, a *registryv1.Customer) []string {
		return when("children", b != nil && !sameChildren(b.GetChildren(), a.GetChildren()))
	}},
	{"I045Q1", nil, func(b, a *registryv1.Customer) (all []string) {
		for _, p := range a.GetNomineeFor() {
			if inForce(b) == 0 || !slices.Contains(b.GetNomineeFor(), p) {
				all = append(all, "principal/"+p)
			}
		}
		return all
	}},
	{"I098Q1", nil, becomes("balance", func(c *registryv1.Customer) bool { return c.GetAccount().GetBalanceCents() > 300_000 })},
	{"I001BC", nil, becomes("card-balance", func(c *registryv1.Customer) bool {
		return c.GetCard().GetLimitCents() > 0 && c.GetCard().GetBalanceCents() > c.GetCard().GetLimitCents()
	})},
	{"I211Q1", childProtection, func(b, a *registryv1.Customer) []string {
		return when("rent", b != nil && b.GetRentType() != a.GetRentType())
	}},
	{"I290Q1", childProtection, func(b, a *registryv1.Customer) []string {
		fresh := b == nil || !slices.Contains(childProtection, inForce(b)) || !b.GetUnrestrictedCashPaymentEligible()
		return when("cash-payment", a.GetUnrestrictedCashPaymentEligible() && fresh)
	}},
}

// compareItems holds the items of these codes against the versions of the records:
// each occurrence is raised or covered, and none is there without its version.
func (o *oracles) compareItems(ctx context.Context, steps []step) {
	codes := map[string]bool{}
	for _, r := range raisings {
		codes[r.code] = true
	}
	there := map[itemKey]bool{}
	var k itemKey
	if o.rows(ctx, `SELECT crn, code, cause, occurrence FROM workitems.work_item UNION SELECT crn, code, cause, occurrence FROM workitems.covered`,
		[]any{&k.crn, &k.code, &k.cause, &k.occurrence}, func() error {
			there[k] = true
			return nil
		}) != nil {
		return
	}
	var missing, unfounded tally
	wanted := map[itemKey]bool{}
	for _, s := range steps {
		m := inForce(s.after)
		for _, r := range raisings {
			if m == 0 || s.after.GetDateOfDeath() != "" || (len(r.under) > 0 && !slices.Contains(r.under, m)) {
				continue
			}
			for _, cause := range r.causes(s.before, s.after) {
				k := itemKey{s.after.GetCrn(), r.code, cause, fmt.Sprintf("v%d", s.after.GetRecordVersion())}
				if wanted[k] = true; !there[k] {
					missing.add(k.String())
				}
			}
		}
	}
	for k := range there {
		if codes[k.code] && !wanted[k] {
			unfounded.add(k.String())
		}
	}
	o.compareDated(steps, there)
	missing.tell(o, lost, "changes of records that raised no work item")
	unfounded.tell(o, other, "work items that no change of a record stands behind")
	if len(wanted) == 0 {
		o.found.add(other, 1, "no change of a record had to raise a work item")
	}
}

// compareDated wants the items that are due by date and the facts of now.
func (o *oracles) compareDated(steps []step, there map[itemKey]bool) {
	type dated struct{ crn, code, day string }
	raised := map[dated]bool{}
	for k := range there {
		raised[dated{k.crn, k.code, k.occurrence}] = true
	}
	var missing tally
	today := o.w.now().Format(time.DateOnly)
	for i, s := range steps {
		c := s.after
		if i+1 < len(steps) && steps[i+1].before != nil {
			continue // not the last version
		}
		if inForce(c) != eventv1.Measure_MEASURE_DEY || c.GetDateOfDeath() != "" {
			continue
		}
		want := func(code, day string, years, days int) {
			at, err := time.Parse(time.DateOnly, day)
			if err != nil {
				return
			}
			if d := (dated{c.GetCrn(), code, at.AddDate(years, 0, days).Format(time.DateOnly)}); d.day <= today && !raised[d] {
				missing.add(fmt.Sprintf("%s of %s on %s", d.code, d.crn, d.day))
			}
		}
		for _, x := range c.GetExemptions() {
			if x.GetStatus() == registryv1.ExemptionStatus_EXEMPTION_STATUS_EVIDENCE_REQUESTED {
				want("I544Q1", x.GetEvidenceRequestedOn(), 0, evidenceDays+1)
			}
		}
		for _, child := range c.GetChildren() {
			want("I542Q1", child.GetDateOfBirth(), schoolAge, 0)
		}
	}
	missing.tell(o, lost, "days that came and raised no work item")
}
