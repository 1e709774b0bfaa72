package report

import (
	"fmt"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// Next is the date of the authority's next report after closed, the date of its
// last one: the next business day, or, before the first report (nil), the first
// business day from ReportsFrom on.
func (a Authority) Next(c *calendar.Calendar, closed *calendar.Date) (calendar.Date, error) {
	after := a.ReportsFrom.Add(-1)
	if closed != nil {
		after = *closed
	}
	next, err := c.NextBusinessDay(a.Jurisdiction.String(), after)
	if err != nil {
		return 0, fmt.Errorf("next report of %s after %s: %w", a.ID, after, err)
	}
	return next, nil
}

// DateFor is the report date of an outcome recorded on the local day: the next
// business day strictly after it, but never a date whose report is closed
// already. The latter only matters when clocks disagree or go back.
func (a Authority) DateFor(c *calendar.Calendar, day calendar.Date, closed *calendar.Date) (calendar.Date, error) {
	date, err := c.NextBusinessDay(a.Jurisdiction.String(), day)
	if err != nil {
		return 0, fmt.Errorf("report date of %s for %s: %w", a.ID, day, err)
	}
	earliest, err := a.Next(c, closed)
	if err != nil {
		return 0, err
	}
	return max(date, earliest), nil
}

// CoversFrom is the first local day a report covers: the date of the previous
// report, or for the first one the last business day before its date.
func (a Authority) CoversFrom(c *calendar.Calendar, date calendar.Date, previous *calendar.Date) calendar.Date {
	if previous != nil {
		return *previous
	}
	from := date.Add(-1)
	for date-from < 30 {
		business, err := c.IsBusinessDay(a.Jurisdiction.String(), from)
		if err != nil || business {
			// Before the calendar's first year nothing was recorded.
			break
		}
		from = from.Add(-1)
	}
	return from
}

// Carrier is the date of the report that will carry an outcome whose stored
// report date has no report yet: that date, or the next business day when it
// became a holiday meanwhile.
func (a Authority) Carrier(c *calendar.Calendar, date calendar.Date) (calendar.Date, error) {
	carrier, err := c.NextBusinessDay(a.Jurisdiction.String(), date.Add(-1))
	if err != nil {
		return 0, fmt.Errorf("report that carries %s for %s: %w", date, a.ID, err)
	}
	return carrier, nil
}
