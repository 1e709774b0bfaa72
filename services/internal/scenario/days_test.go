package scenario

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
)

func day(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The examples of section 2.4 and more, by hand.
func TestPeriodsByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start  string
		months int32
		end    string
	}{
		{"2027-01-15", 3, "2027-04-14"},
		{"2026-08-31", 6, "2027-02-28"},
		{"2027-08-31", 6, "2028-02-29"},
		{"2026-12-01", 12, "2027-11-30"},
		{"2026-11-30", 3, "2027-02-28"},
		{"2026-11-29", 3, "2027-02-28"},
		{"2026-11-28", 3, "2027-02-27"},
		{"2026-12-31", 6, "2027-06-30"},
		{"2026-12-31", 24, "2028-12-30"},
		{"2028-02-29", 12, "2029-02-28"},
		{"2026-03-01", 3, "2026-05-31"},
		{"2026-10-01", 3, "2026-12-31"},
	} {
		if got := lastDay(day(t, c.start), c.months); got != day(t, c.end) {
			t.Errorf("%s and %d months ends on %s, not %s", c.start, c.months, got, c.end)
		}
	}
	if start, ok := startFor(day(t, "2027-05-30")); ok {
		t.Errorf("no period of 3 months ends on 30 May, but %s was found", start)
	}
	if start, ok := startFor(day(t, "2027-02-28")); !ok || start != day(t, "2026-12-01") {
		t.Errorf("found %s, %v", start, ok)
	}
}

func TestThereIsAPlanForEveryDay(t *testing.T) {
	t.Parallel()
	for first := day(t, "2026-01-01"); first < day(t, "2034-01-01"); first++ {
		p, err := NewPlan(first)
		if err != nil {
			t.Fatal(err)
		}
		if p.Days[secondDay] > first+60 || p.Days[thirdDay]-p.Days[secondDay] < 62 {
			t.Fatalf("%s: days %v", first, p.Days)
		}
	}
}
