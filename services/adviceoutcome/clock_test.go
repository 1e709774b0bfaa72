package adviceoutcome

import (
	"testing"

	"github.com/noticehub/noticehub/proto/term"
)

// TestClockGoesBack: no second report, no line in a closed one.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.record("frc", 1)
	b.clock.Set(local(4, 0, 0))
	b.sweep()
	b.clock.Set(local(3, 23, 0)) // back over the cut-off
	b.sweep()
	b.record("frc", 2)
	b.clock.Set(local(2, 10, 0)) // and a day more
	b.record("frc", 1)
	b.sweep()
	b.clock.Set(local(5, 0, 0))
	b.sweep()
	expect(t, b.reports("frc"), `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 1 pending 0 unprocessed 0
		2 2026-11-05 covers 2026-11-04..2026-11-04 lines 3 pending 0 unprocessed 0
	`)
	b.verify(b.reports("frc")...)
}

// TestReplicasWithDifferentClocks: one is five minutes ahead and closes first.
func TestReplicasWithDifferentClocks(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 23, 57))
	b.authority("frc", term.QLD, "2026-11-04")
	ahead := b.replica(local(4, 0, 2))
	b.record("frc", 1)
	ahead.record("frc", 1) // for the 5th by its clock
	ahead.sweep()
	b.record("frc", 1) // would be for the 4th, which is closed
	b.sweep()
	b.clock.Set(local(5, 0, 0))
	b.sweep()
	expect(t, b.reports("frc"), `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 1 pending 0 unprocessed 0
		2 2026-11-05 covers 2026-11-04..2026-11-04 lines 2 pending 0 unprocessed 0
	`)
}

// TestClockJumpsAhead: a clock a week ahead makes that week's reports early;
// back in time nothing is made twice and nothing is lost.
func TestClockJumpsAhead(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.record("frc", 1)
	b.clock.Set(local(11, 10, 0))
	b.sweep()
	b.clock.Set(local(3, 11, 0))
	b.record("frc", 1)
	b.sweep()
	reports := b.reports("frc")
	if len(reports) != 6 {
		t.Fatalf("reports\n%s", summary(reports))
	}
	b.clock.Set(local(12, 0, 0))
	b.sweep()
	reports = b.reports("frc")
	if last := reports[len(reports)-1]; len(reports) != 7 || last.Lines != 1 || last.Date.String() != "2026-11-12" {
		t.Fatalf("reports\n%s", summary(reports))
	}
}

// TestDaylightSaving: in Sydney clocks went ahead at 2 on 4 October 2026, a Sunday.
func TestDaylightSaving(t *testing.T) {
	t.Parallel()
	b := setup(t, local(1, 0, 0).AddDate(0, -1, 0)) // Thursday 1 October
	b.authority("nt-cp", term.NT, "2026-10-02")
	b.clock.Set(local(1, 23, 30).AddDate(0, -1, 3)) // Sunday 4 October, half an hour before midnight
	b.record("nt-cp", 1)
	b.sweep()
	if n := len(b.reports("nt-cp")); n != 1 {
		t.Errorf("%d reports before midnight", n)
	}
	b.clock.Set(local(1, 0, 0).AddDate(0, -1, 4))
	b.sweep()
	expect(t, b.reports("nt-cp"), `
		1 2026-10-02 covers 2026-10-01..2026-10-01 lines 0 pending 0 unprocessed 0
		2 2026-10-05 covers 2026-10-02..2026-10-04 lines 1 pending 0 unprocessed 0
	`)
}
