package report

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
)

func day(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func loaded(t testing.TB) *calendar.Calendar {
	t.Helper()
	c, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReportDates(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for _, x := range []struct {
		what         string
		jurisdiction term.Jurisdiction
		recorded     string
		closed       string
		want         string
	}{
		{"a weekday", term.QLD, "2026-11-24", "2026-11-24", "2026-11-25"},
		{"Friday", term.QLD, "2026-11-20", "2026-11-20", "2026-11-23"},
		{"Saturday", term.NT, "2026-11-21", "2026-11-20", "2026-11-23"},
		{"before Christmas in Queensland", term.QLD, "2026-12-24", "2026-12-24", "2026-12-29"},
		{"before Labour Day in Queensland", term.QLD, "2026-05-01", "2026-05-01", "2026-05-05"},
		{"Picnic Day in the Northern Territory", term.NT, "2026-07-31", "2026-07-31", "2026-08-04"},
		{"the same day in Queensland", term.QLD, "2026-07-31", "2026-07-31", "2026-08-03"},
		{"over the end of the year", term.WA, "2026-12-31", "2026-12-31", "2027-01-04"},
		{"a clock that went back a day", term.QLD, "2026-11-23", "2026-11-25", "2026-11-26"},
		{"a clock that went back over a weekend", term.QLD, "2026-11-20", "2026-11-27", "2026-11-30"},
		{"before the first report", term.QLD, "2026-11-02", "", "2026-11-16"},
	} {
		a := Authority{ID: "a", Jurisdiction: x.jurisdiction, ReportsFrom: day(t, "2026-11-14")}
		var closed *calendar.Date
		if x.closed != "" {
			d := day(t, x.closed)
			closed = &d
		}
		if got, err := a.DateFor(c, day(t, x.recorded), closed); err != nil || got != day(t, x.want) {
			t.Errorf("%s: recorded %s after %s, reported %v, %v; want %s", x.what, x.recorded, x.closed, got, err, x.want)
		}
	}
}

// TestEveryDayIsCoveredOnce walks through all reports of a year.
func TestEveryDayIsCoveredOnce(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	rapid.Check(t, func(r *rapid.T) {
		a := Authority{
			ID: "a", Jurisdiction: term.Jurisdiction(rapid.Int16Range(1, 8).Draw(r, "jurisdiction")),
			ReportsFrom: day(t, "2026-01-05").Add(rapid.IntRange(0, 200).Draw(r, "from")),
		}
		var closed *calendar.Date
		var coveredTo calendar.Date
		for range 100 {
			date, err := a.Next(c, closed)
			if err != nil {
				r.Fatal(err)
			}
			if business, err := c.IsBusinessDay(a.Jurisdiction.String(), date); err != nil || !business || date < a.ReportsFrom {
				r.Fatalf("report on %s, %v", date, err)
			}
			from, to := a.CoversFrom(c, date, closed), date.Add(-1)
			if closed != nil && from != coveredTo.Add(1) || from > to {
				r.Fatalf("report %s covers %s to %s, the one before ended %s", date, from, to, coveredTo)
			}
			for d := from; d <= to; d++ {
				if got, err := a.DateFor(c, d, closed); err != nil || got != date {
					r.Fatalf("recorded %s, reported %s, %v; but %s covers it", d, got, err, date)
				}
			}
			coveredTo, closed = to, &date
		}
	})
}
