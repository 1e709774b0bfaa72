package report

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// SealWithin is how long after its cut-off, or its close, a report is expected to be sealed. The
// largest takes minutes.
const SealWithin = time.Hour

// CutOff is when outcomes for a report of date stop being collected: as its date
// begins, which is when it becomes due to be closed.
func CutOff(date calendar.Date, zone *time.Location) time.Time { return date.Start(zone) }

// SealBy is when a report of date is late unless it is sealed. One that could be
// closed only later, such as the first of a new authority, has as long from then;
// closed is zero before it is closed.
func SealBy(date calendar.Date, closed time.Time, zone *time.Location) time.Time {
	from := CutOff(date, zone)
	if closed.After(from) {
		from = closed
	}
	return from.Add(SealWithin)
}

// AcknowledgeBy is when a report is late unless the authority acknowledged it: the
// end of its own business day or, when it was offered again (offered is nil when it
// was not), of the business day after that. Either way the authority has a whole
// business day. Where the calendar ends, it is the day after.
func (a Authority) AcknowledgeBy(c *calendar.Calendar, date calendar.Date, offered *time.Time, zone *time.Location) time.Time {
	if offered != nil {
		on := calendar.FromTime(*offered, zone)
		next, err := c.NextBusinessDay(a.Jurisdiction.String(), on)
		if err != nil {
			next = on.Add(1)
		}
		date = max(date, next)
	}
	return date.Add(1).Start(zone)
}
