// Package calendar counts dates and business days.
//
// Date is a day without time or zone. Calendar knows the public holidays of the
// Australian states and territories ("ACT" … "WA") from dated tables under
// data/, one file each, and from them which days are business days: Monday to
// Friday without the holidays that hold in the whole state or territory.
//
// Guarantees: a year without a table is an error that names it, never a guess,
// also for a weekend in it. The tables are checked whole when loaded. Part-day
// holidays (such as Christmas Eve from 7 pm) stay business days: offices are
// open for the day.
//
// Not guaranteed: regional holidays (show days, cup days of some councils) and
// bank holidays are left out; each file says which. Holidays proclaimed after a
// file's as_of date are missing until it is changed. The tables were compiled
// from statutes and published lists: a person confirms each year's dates against
// the gazettes before relying on them, above all those marked as expected.
package calendar

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Holiday is a public holiday of a whole state or territory.
type Holiday struct {
	// Date of the holiday.
	Date Date
	// Name, such as "Boxing Day (additional day)".
	Name string
	// PartDayFrom is the time of day, such as "18:00", from which a part-day
	// holiday holds; "" for a whole day.
	PartDayFrom string
	// Source is the law or notice that makes the day a holiday.
	Source string
}

// Calendar knows holidays by region and year. It never changes; share it.
type Calendar struct {
	regions map[string]*region
}

type region struct {
	name  string
	asOf  Date
	years map[int][]Holiday // in order of date
	off   map[Date]bool     // whole-day holidays
}

// IsBusinessDay reports whether d is a business day in region.
func (c *Calendar) IsBusinessDay(region string, d Date) (bool, error) {
	r, err := c.at(region, d.Year())
	if err != nil {
		return false, err
	}
	return r.business(d), nil
}

// NextBusinessDay returns the first business day strictly after d.
func (c *Calendar) NextBusinessDay(region string, d Date) (Date, error) {
	return c.AddBusinessDays(region, d, 1)
}

// AddBusinessDays returns the n-th business day after d, or before d if n is
// negative. d itself never counts; with n = 0 it comes back as it is.
func (c *Calendar) AddBusinessDays(region string, d Date, n int) (Date, error) {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.Add(step)
		business, err := c.IsBusinessDay(region, d)
		if err != nil {
			return 0, err
		}
		if business {
			n--
		}
	}
	return d, nil
}

// Holidays lists a year's holidays, part days included, in order of date.
func (c *Calendar) Holidays(region string, year int) ([]Holiday, error) {
	r, err := c.at(region, year)
	if err != nil {
		return nil, err
	}
	return slices.Clone(r.years[year]), nil
}

// AsOf returns the day on which a region's table was right.
func (c *Calendar) AsOf(region string) (Date, error) {
	r, err := c.region(region)
	if err != nil {
		return 0, err
	}
	return r.asOf, nil
}

// Regions lists the regions with a table, in order.
func (c *Calendar) Regions() []string {
	all := make([]string, 0, len(c.regions))
	for code := range c.regions {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}

// Require returns an error that names each of the years the region has no table
// for. Call it at start with the years about to be needed.
func (c *Calendar) Require(region string, years ...int) error {
	r, err := c.region(region)
	if err != nil {
		return err
	}
	var missing []string
	for _, year := range years {
		if r.years[year] == nil {
			missing = append(missing, strconv.Itoa(year))
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.Precondition, "CALENDAR_YEAR_MISSING", "the public holidays of %s for %s are missing", r.name, strings.Join(missing, ", ")).
			WithMeta("region", region).WithMeta("years", strings.Join(missing, " ")).
			WithHelp("Add the year to " + strings.ToLower(region) + ".yaml of the calendar's data.")
	}
	return nil
}

func (c *Calendar) region(code string) (*region, error) {
	if r := c.regions[code]; r != nil {
		return r, nil
	}
	return nil, fault.New(fault.Invalid, "CALENDAR_REGION_UNKNOWN", "there is no calendar for region %q; known are %s", shorten(code), strings.Join(c.Regions(), ", "))
}

func (c *Calendar) at(code string, year int) (*region, error) {
	if r := c.regions[code]; r != nil && r.years[year] != nil {
		return r, nil
	}
	if err := c.Require(code, year); err != nil {
		return nil, err
	}
	return c.regions[code], nil
}

func (r *region) business(d Date) bool {
	switch d.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	default:
		return !r.off[d]
	}
}
