package adviceoutcome

import (
	"testing"
	"testing/fstest"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/proto/term"
)

func table(t *testing.T, more string) *calendar.Calendar {
	t.Helper()
	c, err := calendar.LoadFS(fstest.MapFS{"qld.yaml": {Data: []byte(`region: QLD
name: Queensland
as_of: 2026-01-01
years:
  2026:
    - {date: 2026-01-01, name: "New Year's Day", source: "test"}
` + more)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestHolidayAddedLate: Thursday becomes a holiday on Wednesday afternoon.
func TestHolidayAddedLate(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t, Schema())
	key := t.TempDir() + "/key.pem"
	b := setupWith(t, local(3, 10, 0), url, table(t, ""), key)
	b.authority("frc", term.QLD, "2026-11-03")
	b.record("frc", 1)
	b.clock.Set(local(4, 10, 0))
	b.sweep()
	b.record("frc", 2) // given the 5th
	sealed := b.reports("frc")
	b = setupWith(t, local(4, 16, 0), url, table(t, "    - {date: 2026-11-05, name: \"Day of Mourning\", source: \"test\"}\n"), key)
	b.record("frc", 4) // given the 6th
	as := b.serve()
	for date, want := range map[string]int{"2026-11-05": 0, "2026-11-06": 6} {
		page, err := as(frc).ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{ReportDate: date})
		if err != nil || len(page.GetOutcomes()) != want {
			t.Errorf("%d outcomes will be in the report of %s, want %d, %v", len(page.GetOutcomes()), date, want, err)
		}
		for _, o := range page.GetOutcomes() {
			if o.GetReportDate() != date {
				t.Errorf("report date %s in the list of %s", o.GetReportDate(), date)
			}
		}
	}
	b.clock.Set(local(5, 10, 0))
	b.sweep()
	b.clock.Set(local(6, 10, 0))
	b.sweep()
	reports := b.reports("frc")
	expect(t, reports, `
		1 2026-11-03 covers 2026-11-02..2026-11-02 lines 0 pending 0 unprocessed 0
		2 2026-11-04 covers 2026-11-03..2026-11-03 lines 1 pending 0 unprocessed 0
		3 2026-11-06 covers 2026-11-04..2026-11-05 lines 6 pending 0 unprocessed 0
	`)
	for i, r := range sealed {
		if string(r.JSON.Sum) != string(reports[i].JSON.Sum) {
			t.Errorf("report %s changed", r.Date)
		}
	}
	b.verify(reports...)
}

// TestMissingCalendarIsNoLoss: the year after the table's last one cannot be
// dated; what arrives waits instead of being dated wrongly or dropped.
func TestMissingCalendarIsNoLoss(t *testing.T) {
	t.Parallel()
	b := setupWith(t, local(60, 10, 0), postgrestest.URL(t, Schema()), table(t, ""), t.TempDir()+"/key.pem") // 30 December
	b.authority("frc", term.QLD, "2026-12-30")
	b.record("frc", 1)
	b.clock.Set(local(61, 10, 0))
	_, err := b.tryApply(t.Context(), b.decided("frc"))
	refused(t, "no calendar for 2027", err, 9, "CALENDAR_MISSING")
	b.sweep()
	if n := len(b.reports("frc")); n != 2 {
		t.Errorf("%d reports", n)
	}
}
