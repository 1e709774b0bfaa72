package calendar

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Date is a day of the calendar without time or zone: the number of days since
// 1 January 1970. Dates compare and subtract as numbers. The zero value is that
// first day, not "unset": use *Date, or a Date with a bool, where a date may be
// missing. Years 1 to 9999 can be written.
type Date int32

// layout is ISO 8601, the only form read and written.
const layout = "2006-01-02"

const secondsPerDay = 24 * 60 * 60

// DateOf returns a date; days and months out of range roll over as in time.Date.
func DateOf(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// ParseDate reads a date such as "2026-11-22". Anything else, such as 30
// February, is refused (Invalid).
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1 {
		return 0, fault.New(fault.Invalid, "DATE_INVALID", "%q is not a date of the calendar written as 2026-11-22", shorten(s))
	}
	return FromTime(t, time.UTC), nil
}

// FromTime returns the date that clocks in zone show at t.
func FromTime(t time.Time, zone *time.Location) Date {
	return DateOf(t.In(zone).Date())
}

// String writes the date as "2026-11-22".
func (d Date) String() string { return d.Time().Format(layout) }

// Add returns the date so many days later, or earlier if negative.
func (d Date) Add(days int) Date { return d + Date(days) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday {
	const first = Date(time.Thursday) // 1 January 1970
	return time.Weekday(((d+first)%7 + 7) % 7)
}

// Year returns the year.
func (d Date) Year() int { return d.Time().Year() }

// Month returns the month.
func (d Date) Month() time.Month { return d.Time().Month() }

// Day returns the day of the month.
func (d Date) Day() int { return d.Time().Day() }

// Time returns midnight UTC of the date; see Start for the day in a zone.
func (d Date) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Start returns the first instant of the date in zone. Mostly that is midnight;
// in some zones the clocks are changed at midnight, so that there is none, or
// two. For a date a zone has left out altogether it is the next one's.
func (d Date) Start(zone *time.Location) time.Time {
	y, m, day := d.Time().Date()
	noon := time.Date(y, m, day, 12, 0, 0, 0, zone)
	change, _ := noon.ZoneBounds()
	_, after := noon.Zone()
	before := after
	if !change.IsZero() {
		_, before = change.Add(-time.Nanosecond).Zone()
	}
	// Midnight by the clock before the last change comes first if it exists.
	for _, offset := range []int{max(before, after), min(before, after)} {
		if t := d.Time().Add(-time.Duration(offset) * time.Second).In(zone); FromTime(t, zone) == d && FromTime(t.Add(-time.Nanosecond), zone) < d {
			return t
		}
	}
	return change
}

// MarshalText writes the date as "2026-11-22", also in JSON.
func (d Date) MarshalText() ([]byte, error) {
	if y := d.Year(); y < 1 || y > 9999 {
		return nil, fault.New(fault.Invalid, "DATE_INVALID", "year %d cannot be written", y)
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads a date as ParseDate does.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// ScanDate reads a PostgreSQL date. NULL needs a *Date to scan into; infinite
// dates are refused.
func (d *Date) ScanDate(v pgtype.Date) error {
	switch {
	case !v.Valid:
		return fmt.Errorf("cannot scan NULL into %T", d)
	case v.InfinityModifier != pgtype.Finite:
		return fmt.Errorf("cannot scan %v into %T", v.InfinityModifier, d)
	}
	*d = FromTime(v.Time, time.UTC)
	return nil
}

// DateValue is the date for PostgreSQL.
func (d Date) DateValue() (pgtype.Date, error) {
	return pgtype.Date{Time: d.Time(), Valid: true}, nil
}

var (
	_ pgtype.DateScanner = (*Date)(nil)
	_ pgtype.DateValuer  = Date(0)
)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// shorten keeps hostile input out of messages.
func shorten(s string) string {
	const most = 32
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
