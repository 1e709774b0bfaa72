package decision

import (
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// gather works out the facts. Of a record that was not identified nothing is
// taken over: it may be a stranger's.
func gather(d decider, candidates []Candidate) policy.Facts {
	var f policy.Facts
	f.Asked.Measure = d.measure.Measure.String()
	switch content := d.submission.Content.(type) {
	case FindMutualClient:
		f.Search.Candidates = len(candidates)
		for i := range candidates {
			f.Search.Clear += count(candidates[i].Clear)
			f.Search.Restricted += count(candidates[i].Customer.Restricted)
		}
		f.Customer.Found = d.customer != nil
		f.Customer.Restricted = d.customer != nil && d.customer.Restricted
	case Commence:
		f.Asked.StartDaysAhead = int(content.Start) - int(d.submission.LodgedOn)
		f.Text.LooksLikeReasons = d.policy.LooksLikeReasons(content.Text)
		if identify(&f, d, content.Customer) {
			record(&f, d)
			standing(&f, d)
		}
	case Disclosure:
		if identify(&f, d, content.Customer) {
			record(&f, d)
			standing(&f, d)
		}
	case Revoke:
		if identify(&f, d, content.Customer) {
			f.Customer.Deceased = d.customer.Deceased
			own(&f, d)
		}
	case Referral:
		identify(&f, d, content.Customer)
	}
	return f
}

// identify compares what was lodged with the record (rules.md 2.3, first row).
func identify(f *policy.Facts, d decider, id Identity) bool {
	c := d.customer
	if c == nil || c.CRN != id.CRN {
		return false
	}
	f.Customer.Found = true
	f.Customer.BirthDateAgrees = c.BirthDate == id.BirthDate
	f.Customer.FamilyNameAgrees = policy.SameName(c.FamilyName, id.FamilyName)
	if !f.Customer.FamilyNameAgrees && d.policy.AcceptsFormerNames() {
		for _, former := range c.FormerFamilyNames {
			f.Customer.FamilyNameAgrees = f.Customer.FamilyNameAgrees || policy.SameName(former, id.FamilyName)
		}
	}
	if !f.Customer.FamilyNameAgrees || !f.Customer.BirthDateAgrees {
		return false
	}
	f.Customer.Restricted = c.Restricted
	return true
}

// record takes over what the customer rules need.
func record(f *policy.Facts, d decider) {
	c := d.customer
	f.Customer.Deceased = c.Deceased
	f.Customer.Payments = received(c.Payments, d.at.Today)
	f.Customer.Nominee = c.Nominee
	f.Customer.OtherMeasure = c.OtherMeasure.String()
	f.Partner.Linked = c.PartnerCRN != ""
	f.Partner.PaymentsUnknown = f.Partner.Linked && c.PartnerUnknown
	f.Partner.Payments = received(c.PartnerPayments, d.at.Today)
	home, ok := c.CurrentHome()
	if !ok {
		return
	}
	f.Home.State = home.State.String()
	f.Home.Community = d.policy.Community(home.Locality, home.State)
	f.Home.Known = f.Home.Community != "" || (home.State != 0 && home.Locality != "")
}

// standing takes over the notices as they stood on the day of lodgement. A
// notice that has ended since was current then, so that downtime between
// lodgement and decision changes nothing (invariant I13).
func standing(f *policy.Facts, d decider) {
	if n, ok := currentOn(d.notices, d.submission.LodgedOn); ok {
		f.Current = policy.Current{
			Exists: true, SameAuthority: n.AuthorityID == d.submission.AuthorityID,
			Measure: n.Measure.String(), DaysLeft: n.DaysLeft(d.submission.LodgedOn),
		}
	}
	for _, n := range d.notices {
		if n.StartsAfter(d.submission.LodgedOn) {
			f.Waiting.Continuation = f.Waiting.Continuation || n.Continuation
			f.Waiting.Other = f.Waiting.Other || !n.Continuation
		}
	}
}

// own takes over the asking authority's notices as they stand now: a revocation
// acts now, and a notice that has come into force since lodgement is in force.
// Its days are counted from lodgement all the same (rules.md 2.3).
func own(f *policy.Facts, d decider) {
	for _, n := range d.notices {
		switch {
		case n.AuthorityID != d.submission.AuthorityID || !n.Live():
		case n.Start > d.at.Today:
			f.Own.Inactive++
		case n.Covers(d.at.Today):
			f.Own.Active, f.Own.DaysLeft = true, n.DaysLeft(d.submission.LodgedOn)
		}
	}
}

// currentOn returns the notice in force on a day; there is one at most.
func currentOn(notices []register.Notice, day calendar.Date) (register.Notice, bool) {
	for _, n := range notices {
		if n.InForceOn(day) {
			return n, true
		}
	}
	return register.Notice{}, false
}

// received lists the codes of the payments received on a day, in the record's
// order. A payment that is not stopped counts whatever its amount: a nil rate is
// a payment still.
func received(payments []Payment, day calendar.Date) []string {
	var codes []string
	for _, p := range payments {
		if p.receivedOn(day) {
			codes = append(codes, p.Code)
		}
	}
	return codes
}

func (p Payment) receivedOn(day calendar.Date) bool {
	return !p.Stopped && (p.From == nil || *p.From <= day)
}

// CurrentHome is where the customer lives: the home address (HOM), or the
// temporary one (TEM) while no home address with a place is recorded. Term and
// postal addresses say nothing of that.
func (c *Customer) CurrentHome() (Address, bool) {
	for _, use := range []AddressUse{Home, Temporary} {
		for _, a := range c.Addresses {
			if a.Use == use && (a.State != 0 || a.Locality != "") {
				return a, true
			}
		}
	}
	return Address{}, false
}

// onlyClear is the one clear candidate's record; nil when there are several or none.
func onlyClear(candidates []Candidate) *Customer {
	var c *Customer
	for i := range candidates {
		if candidates[i].Clear {
			if c != nil {
				return nil
			}
			c = &candidates[i].Customer
		}
	}
	return c
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// measureInForce is the highest-ranked measure the customer is under on a day, by
// the register or elsewhere; 0 when none.
func measureInForce(p *policy.Policy, c *Customer, notices []register.Notice, day calendar.Date) term.Measure {
	m := c.OtherMeasure
	if n, ok := currentOn(notices, day); ok && !p.Outranks(m, n.Measure) {
		m = n.Measure
	}
	return m
}
