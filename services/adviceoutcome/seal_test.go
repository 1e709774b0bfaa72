package adviceoutcome

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// summary is what matters of reports, a line each.
func summary(reports []report.Report) string {
	var b strings.Builder
	for _, r := range reports {
		fmt.Fprintf(&b, "%d %s covers %s..%s lines %d pending %d unprocessed %d\n", r.Sequence, r.Date, r.CoversFrom, r.CoversTo, r.Lines, r.Pending, r.Counts.Unprocessed)
	}
	return b.String()
}

func expect(t *testing.T, reports []report.Report, want string) {
	t.Helper()
	if got := summary(reports); got != strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", "") {
		t.Errorf("reports\n%swant%s", got, strings.ReplaceAll(want, "\t", ""))
	}
}

func TestReportsOverDaysAndWeekend(t *testing.T) {
	t.Parallel()
	b := setup(t, local(4, 9, 0)) // Wednesday
	b.authority("frc", term.QLD, "2026-11-04")
	b.sweep() // the first report, of the day reports begin
	b.record("frc", 3)
	b.clock.Set(local(4, 23, 59))
	b.record("frc", 1)
	b.sweep()
	b.clock.Set(local(5, 0, 0)) // midnight: Wednesday's report
	b.sweep()
	b.sweep()
	b.clock.Set(local(6, 0, 1)) // nothing was recorded on Thursday
	b.sweep()
	b.clock.Set(local(6, 17, 0))
	b.record("frc", 2) // Friday
	b.clock.Set(local(7, 12, 0))
	b.record("frc", 2) // Saturday
	b.sweep()
	b.clock.Set(local(8, 23, 0))
	b.record("frc", 1) // Sunday
	b.sweep()
	b.clock.Set(local(9, 7, 0))
	b.sweep()
	expect(t, b.reports("frc"), `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 0 pending 0 unprocessed 0
		2 2026-11-05 covers 2026-11-04..2026-11-04 lines 4 pending 0 unprocessed 0
		3 2026-11-06 covers 2026-11-05..2026-11-05 lines 0 pending 0 unprocessed 0
		4 2026-11-09 covers 2026-11-06..2026-11-08 lines 5 pending 0 unprocessed 0
	`)
	reports := b.reports("frc")
	b.verify(reports...)
	for i, r := range reports[1:] {
		if !bytes.Equal(r.PreviousDigest, reports[i].JSON.Sum) {
			t.Errorf("report %d is not chained to the one before", r.Sequence)
		}
	}
	if n := b.count("SELECT count(*) FROM outbox WHERE stream = 'ADVICE'"); n != 5+4 {
		t.Errorf("%d messages, want one for each batch of outcomes and each seal", n)
	}
}

func TestHolidaysAreThoseOfTheJurisdiction(t *testing.T) {
	t.Parallel()
	// 3 August 2026 is Picnic Day in the Northern Territory only.
	b := setup(t, time.Date(2026, 7, 31, 12, 0, 0, 0, sydney))
	b.authority("nt-cp", term.NT, "2026-07-31")
	b.authority("qld-cp", term.QLD, "2026-07-31")
	b.record("nt-cp", 2)
	b.record("qld-cp", 1)
	b.clock.Set(time.Date(2026, 8, 4, 1, 0, 0, 0, sydney))
	b.sweep()
	expect(t, b.reports("nt-cp"), `
		1 2026-07-31 covers 2026-07-30..2026-07-30 lines 0 pending 0 unprocessed 0
		2 2026-08-04 covers 2026-07-31..2026-08-03 lines 2 pending 0 unprocessed 0
	`)
	expect(t, b.reports("qld-cp"), `
		1 2026-07-31 covers 2026-07-30..2026-07-30 lines 0 pending 0 unprocessed 0
		2 2026-08-03 covers 2026-07-31..2026-08-02 lines 1 pending 0 unprocessed 0
		3 2026-08-04 covers 2026-08-03..2026-08-03 lines 0 pending 0 unprocessed 0
	`)
}

func TestCatchUpAfterDowntime(t *testing.T) {
	t.Parallel()
	b := setup(t, local(2, 10, 0))
	b.authority("frc", term.QLD, "2026-11-03")
	b.record("frc", 2)
	b.clock.Set(local(4, 10, 0))
	b.record("frc", 1)
	b.clock.Set(local(11, 10, 0)) // the sealer was away until the next Wednesday
	b.sweep()
	expect(t, b.reports("frc"), `
		1 2026-11-03 covers 2026-11-02..2026-11-02 lines 2 pending 0 unprocessed 0
		2 2026-11-04 covers 2026-11-03..2026-11-03 lines 0 pending 0 unprocessed 0
		3 2026-11-05 covers 2026-11-04..2026-11-04 lines 1 pending 0 unprocessed 0
		4 2026-11-06 covers 2026-11-05..2026-11-05 lines 0 pending 0 unprocessed 0
		5 2026-11-09 covers 2026-11-06..2026-11-08 lines 0 pending 0 unprocessed 0
		6 2026-11-10 covers 2026-11-09..2026-11-09 lines 0 pending 0 unprocessed 0
		7 2026-11-11 covers 2026-11-10..2026-11-10 lines 0 pending 0 unprocessed 0
	`)
	b.verify(b.reports("frc")...)
}

// TestCrashBetweenCloseAndSeal compares with a service that was never disturbed:
// what differs afterwards is the time of the seal, which is not in the bytes.
func TestCrashBetweenCloseAndSeal(t *testing.T) {
	t.Parallel()
	b := setup(t, local(2, 10, 0))
	b.authority("frc", term.QLD, "2026-11-03")
	b.record("frc", 50)
	b.clock.Set(local(3, 0, 0))
	head, closed, err := b.sealer.Close(t.Context(), "frc", b.clock.Now())
	if err != nil || !closed {
		t.Fatal(closed, err)
	}
	// The process dies here. Its successor records more before it seals.
	after := b.replica(local(3, 1, 0))
	after.record("frc", 5)
	if _, closed, err := after.sealer.Close(t.Context(), "frc", after.clock.Now()); err != nil || closed {
		t.Errorf("closed again: %v, %v", closed, err)
	}
	if got := after.reports("frc"); len(got) != 0 {
		t.Errorf("a report shows before it is sealed: %s", summary(got))
	}
	after.sweep()
	reports := after.reports("frc")
	if len(reports) != 1 || reports[0].ReportID != head.ReportID || reports[0].Lines != 50 || !reports[0].ClosedAt.Equal(local(3, 0, 0)) {
		t.Fatalf("%+v", reports)
	}
	b.verify(reports...)
	again, err := b.sealer.Seal(t.Context(), head.ReportID)
	if err != nil || again {
		t.Errorf("sealed twice: %v, %v", again, err)
	}
	if n := b.count("SELECT count(*) FROM outbox WHERE stream = 'ADVICE'"); n != 3 {
		t.Errorf("%d messages, want two of outcomes and one of the seal", n)
	}
}

// TestCrashWhileRendering ends the sealing transaction after chunks were written.
func TestCrashWhileRendering(t *testing.T) {
	t.Parallel()
	b := setup(t, local(2, 10, 0))
	b.authority("frc", term.QLD, "2026-11-03")
	for range 6 {
		b.record("frc", 500)
	}
	b.clock.Set(local(3, 0, 0))
	head, _, err := b.sealer.Close(t.Context(), "frc", b.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	before := rendered(t, b, head)
	b.sealer.Told = func(report.Report) []outbox.Row { panic("dies before the seal") }
	func() {
		defer func() { _ = recover() }()
		_, _ = b.sealer.Seal(t.Context(), head.ReportID)
	}()
	if n := b.count("SELECT count(*) FROM report_chunk"); n != 0 {
		t.Errorf("%d chunks of a report that is not sealed", n)
	}
	after := b.replica(local(5, 0, 0))
	after.sweep()
	r := after.reports("frc")[0]
	if !bytes.Equal(after.content(r, report.CSV), before[report.CSV]) || !bytes.Equal(after.content(r, report.JSON), before[report.JSON]) {
		t.Error("the bytes are not those that were lost")
	}
	after.verify(after.reports("frc")...)
}

// rendered are the bytes a first report's head gives now.
func rendered(t *testing.T, b *bundle, h report.Head) map[report.Form][]byte {
	t.Helper()
	forms := map[report.Form][]byte{}
	r, err := report.NewRenderer(h, report.Chain{}, func(c report.Chunk) error {
		forms[c.Form] = append(forms[c.Form], c.Content...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.Lines(t.Context(), h, r.Line); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	return forms
}

func TestSealersAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, local(2, 10, 0))
	for _, id := range []string{"a", "b", "c"} {
		b.authority(id, term.QLD, "2026-11-03")
		b.record(id, 20)
	}
	others := []*bundle{b, b.replica(local(13, 1, 0)), b.replica(local(13, 1, 0))}
	b.clock.Set(local(13, 1, 0))
	var wait sync.WaitGroup
	for _, o := range others {
		wait.Go(func() {
			for range 40 {
				if err := o.sealer.Sweep(t.Context(), o.clock.Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, id := range []string{"a", "b", "c"} {
		reports := b.reports(id)
		if len(reports) != 9 { // Tuesday 3 to Friday 13
			t.Errorf("%s has reports\n%s", id, summary(reports))
		}
		for i, r := range reports {
			if r.Sequence != int64(i+1) {
				t.Errorf("%s: report %d has sequence %d", id, i+1, r.Sequence)
			}
		}
		b.verify(reports...)
	}
}
