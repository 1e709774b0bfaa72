package calendar_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/au"
)

// theirs are the whole-day holidays by the rules of an independent library, last
// released in April 2023.
var theirs = map[string][]*cal.Holiday{
	"ACT": au.HolidaysACT, "NSW": au.HolidaysNSW, "NT": au.HolidaysNT, "QLD": au.HolidaysQLD,
	"SA": au.HolidaysSA, "TAS": au.HolidaysTAS, "VIC": au.HolidaysVIC, "WA": au.HolidaysWA,
}

// Why the two differ. Each difference of each region and year needs an entry in
// justified, and each entry a difference.
const (
	nswOrder     = "Public Holidays Amendment (Anzac Day) Order 2026: younger than the library"
	easterSunday = "became a public holiday (WA 2022, NT by yearly notice, SA 2024): the library lacks it"
	saAct        = "the Public Holidays Act 2023 (SA) has no Monday for an Anzac Day on a Sunday"
	anzacMoves   = "the Monday takes the place of the Sunday; the library keeps both"
	boxingMoves  = "Tasmania moves Boxing Day to the weekday; the library keeps both"
)

// justified differences: + is a holiday of ours only, - of the library's only.
var justified = map[string]string{
	"+NSW 2026-04-27": nswOrder, "+NSW 2027-04-26": nswOrder,
	"+NT 2026-04-05": easterSunday, "+NT 2027-03-28": easterSunday,
	"+SA 2026-04-05": easterSunday, "+SA 2027-03-28": easterSunday,
	"+WA 2026-04-05": easterSunday, "+WA 2027-03-28": easterSunday,
	"-SA 2027-04-26":  saAct,
	"-ACT 2027-04-25": anzacMoves, "-NT 2027-04-25": anzacMoves, "-QLD 2027-04-25": anzacMoves,
	"-TAS 2026-12-26": boxingMoves, "-TAS 2027-12-26": boxingMoves,
}

func TestAgreesWithLibrary(t *testing.T) {
	t.Parallel()
	c := load(t)
	found := make(map[string]bool)
	for _, region := range regions {
		for _, year := range []int{2026, 2027} {
			ours := make(map[calendar.Date]bool)
			holidays, err := c.Holidays(region, year)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range holidays {
				if h.PartDayFrom == "" { // the library has no part days
					ours[h.Date] = true
				}
			}
			library := libraryDates(theirs[region], year)
			for d := range ours {
				if !library[d] {
					found["+"+region+" "+d.String()] = true
				}
			}
			for d := range library {
				if !ours[d] {
					found["-"+region+" "+d.String()] = true
				}
			}
		}
	}
	for _, difference := range slices.Sorted(maps.Keys(found)) {
		if justified[difference] == "" {
			t.Errorf("unjustified difference %s", difference)
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(justified)) {
		if !found[entry] {
			t.Errorf("stale entry %s: there is no such difference", entry)
		}
	}
}

// libraryDates are the days themselves and those they are observed on.
func libraryDates(holidays []*cal.Holiday, year int) map[calendar.Date]bool {
	dates := make(map[calendar.Date]bool)
	for _, h := range holidays {
		actual, observed := h.Calc(year)
		if actual.Year() != year { // a holiday of other years, such as the mourning of 2022
			continue
		}
		dates[calendar.DateOf(actual.Date())] = true
		dates[calendar.DateOf(observed.Date())] = true
	}
	return dates
}

// Part days are the only other difference; they are not in the library at all.
func TestPartDays(t *testing.T) {
	t.Parallel()
	c := load(t)
	found := make(map[string]string)
	for _, region := range regions {
		for _, year := range []int{2026, 2027} {
			holidays, err := c.Holidays(region, year)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range holidays {
				if h.PartDayFrom == "" {
					continue
				}
				found[region+" "+h.Date.String()] = h.PartDayFrom
				if business, err := c.IsBusinessDay(region, h.Date); err != nil || !business {
					t.Errorf("%s %v is no business day: %v", region, h.Date, err)
				}
			}
		}
	}
	want := map[string]string{
		"QLD 2026-12-24": "18:00", "QLD 2027-12-24": "18:00",
		"NT 2026-12-24": "19:00", "NT 2026-12-31": "19:00", "NT 2027-12-24": "19:00", "NT 2027-12-31": "19:00",
		"SA 2026-12-24": "19:00", "SA 2026-12-31": "19:00", "SA 2027-12-24": "19:00", "SA 2027-12-31": "19:00",
	}
	if !maps.Equal(found, want) {
		t.Errorf("part days %v, want %v", found, want)
	}
}
