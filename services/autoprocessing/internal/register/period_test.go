package register_test

import (
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"pgregory.net/rapid"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPeriodEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start  string
		months int
		end    string
	}{
		{"2026-01-15", 3, "2026-04-14"},
		{"2026-08-31", 6, "2027-02-28"},
		{"2027-08-31", 6, "2028-02-29"}, // leap year
		{"2026-12-01", 12, "2027-11-30"},
		{"2026-01-01", 12, "2026-12-31"},
		{"2026-01-31", 1, "2026-02-28"},
		{"2026-08-29", 6, "2027-02-28"}, // no 29 Feb
		{"2027-08-29", 6, "2028-02-28"}, // the day before 29 Feb
		{"2027-08-30", 6, "2028-02-29"}, // no 30 Feb
		{"2028-02-29", 12, "2029-02-28"},
		{"2028-02-29", 24, "2030-02-28"},
		{"2028-02-29", 3, "2028-05-28"},
		{"2026-03-31", 6, "2026-09-30"},
		{"2026-10-31", 3, "2027-01-30"},
		{"2026-11-30", 3, "2027-02-28"},
		{"2026-12-31", 24, "2028-12-30"},
		{"2026-12-15", 9, "2027-09-14"},
	} {
		if got := register.PeriodEnd(day(t, c.start), c.months).String(); got != c.end {
			t.Errorf("%s + %d months ends %s, want %s", c.start, c.months, got, c.end)
		}
	}
}

// A period ends the day before the same day number, or on the last day of the
// final month; so it is never shorter than the shortest run of such months.
func TestPeriodEndLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := calendar.DateOf(2020, time.January, 1).Add(rapid.IntRange(0, 20000).Draw(t, "start"))
		months := rapid.IntRange(1, 24).Draw(t, "months")
		end := register.PeriodEnd(start, months)
		after := end.Add(1)
		if after.Day() != start.Day() && after.Day() != 1 {
			t.Fatalf("%s + %d ends %s: the next day is neither the corresponding day nor a first", start, months, end)
		}
		whole := (after.Year()-start.Year())*12 + int(after.Month()) - int(start.Month())
		if after.Day() == 1 && start.Day() != 1 {
			whole-- // the final month ended
		}
		if whole != months {
			t.Fatalf("%s + %d ends %s", start, months, end)
		}
	})
}
