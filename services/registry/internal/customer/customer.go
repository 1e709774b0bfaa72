// Package customer holds the rules a customer's record must satisfy beyond the
// shape of its fields, which the contract describes. The package is pure.
package customer

import (
	"fmt"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Record is what the rules look at; dates are yyyy-mm-dd, empty when not given.
type Record struct {
	// CRN of the customer and of the partner.
	CRN, PartnerCRN string
	// Born and Died are the dates of birth and death.
	Born, Died string
	// AddressTypes are the types of the addresses, in order.
	AddressTypes []int32
	// PaidFrom are the first days of the payments, in order.
	PaidFrom []string
	// ChildrenBorn are the children's dates of birth, in order.
	ChildrenBorn []string
}

// Check reports all that is wrong with a record as one Invalid fault with the
// path of each field, below path. Nobody can be born or die after today.
func Check(path string, r Record, today calendar.Date) (born calendar.Date, err error) {
	var c checker
	born = c.past(path+".date_of_birth", r.Born, today)
	if r.Died != "" {
		died := c.past(path+".date_of_death", r.Died, today)
		if c.fault == nil && died < born {
			c.bad(path+".date_of_death", "must not be before the date of birth")
		}
	}
	seen := make(map[int32]bool, len(r.AddressTypes))
	for i, kind := range r.AddressTypes {
		if seen[kind] {
			c.bad(fmt.Sprintf("%s.addresses[%d].type", path, i), "there is another address of this type; at most one of each is allowed")
		}
		seen[kind] = true
	}
	for i, from := range r.PaidFrom {
		if from != "" {
			c.date(fmt.Sprintf("%s.payments[%d].from_date", path, i), from)
		}
	}
	for i, b := range r.ChildrenBorn {
		c.past(fmt.Sprintf("%s.children[%d].date_of_birth", path, i), b, today)
	}
	if r.PartnerCRN != "" && r.PartnerCRN == r.CRN {
		c.bad(path+".partner_crn", "must be another customer's CRN")
	}
	if c.fault != nil {
		return 0, c.fault
	}
	return born, nil
}

type checker struct{ fault *fault.Error }

func (c *checker) bad(path, description string) {
	if c.fault == nil {
		c.fault = fault.InvalidField(path, "%s", description)
		return
	}
	c.fault = c.fault.WithField(path, description)
}

// Years before this are slips of the pen, and beyond what databases store.
const firstYear = 1850

func (c *checker) date(path, s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	switch {
	case err != nil:
		c.bad(path, "must be a day of the calendar, written yyyy-mm-dd")
	case d.Year() < firstYear:
		c.bad(path, fmt.Sprintf("must not be before the year %d", firstYear))
	}
	return d
}

func (c *checker) past(path, s string, today calendar.Date) calendar.Date {
	d := c.date(path, s)
	if d > today {
		c.bad(path, "must not be after today")
	}
	return d
}
