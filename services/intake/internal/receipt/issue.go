package receipt

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Issuer makes receipts: first their dates, then, for all of a transaction, the seal.
type Issuer struct {
	// Key signs.
	Key *Key
	// Calendar knows the business days.
	Calendar *calendar.Calendar
	// Zone is the agency's; a local date is a date there.
	Zone *time.Location
}

// Date sets the earliest report date, the next business day of the region ("QLD")
// after the local date it was lodged on. The receipt is complete when its batch
// is sealed.
func (i *Issuer) Date(r *Receipt, region string) error {
	day, err := i.Calendar.NextBusinessDay(region, i.Today(r.LodgedAt))
	if err != nil {
		return fault.New(fault.Internal, "CALENDAR_INCOMPLETE", "the business calendar does not reach far enough").Wrap(err)
	}
	r.EarliestReportDate = day
	return nil
}

// Today is the local date at a time.
func (i *Issuer) Today(at time.Time) calendar.Date { return calendar.FromTime(at, i.Zone) }
