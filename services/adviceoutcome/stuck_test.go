package adviceoutcome

import (
	"slices"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

func (b *bundle) finds(name string, since time.Time, ids ...string) {
	b.t.Helper()
	for _, d := range b.Detectors() {
		if d.Name != name {
			continue
		}
		found, err := d.Look(b.t.Context())
		if err != nil || found.Count != int64(len(ids)) || !found.Oldest.Equal(since) || !slices.Equal(found.Examples, ids) || d.Kind != stuck.Report {
			b.t.Errorf("%s: %v %v, want %v since %v", name, found, err, ids, since)
		}
		return
	}
	b.t.Errorf("no detector %s", name)
}

// A report is late an hour after its day begins: not closed, or closed only.
func TestStuckReportsNotSealed(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04") // a Wednesday
	id := report.IDOf("frc", calendar.DateOf(2026, 11, 4)).String()
	b.clock.Set(local(4, 0, 59))
	b.finds("reports-not-sealed", time.Time{})
	b.clock.Set(local(4, 1, 1))
	b.finds("reports-not-sealed", local(4, 0, 0), id)
	if _, closed, err := b.sealer.Close(t.Context(), "frc", b.clock.Now()); err != nil || !closed {
		t.Fatal(closed, err)
	}
	b.finds("reports-not-sealed", time.Time{}) // it has an hour from its close
	b.clock.Set(local(4, 2, 2))
	b.finds("reports-not-sealed", local(4, 0, 0), id)
	b.sweep()
	b.finds("reports-not-sealed", time.Time{})
	b.clock.Set(local(7, 12, 0)) // a Saturday: Thursday's and Friday's were not made; the first is told
	b.finds("reports-not-sealed", local(5, 0, 0), report.IDOf("frc", calendar.DateOf(2026, 11, 5)).String())
}

// One is to be fetched and acknowledged by the end of its day.
func TestStuckReportsNotAcknowledged(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.record("frc", 2)
	b.clock.Set(local(4, 10, 0))
	b.sweep()
	id := b.reports("frc")[0].ReportID
	both := func(unfetched, unacknowledged bool) {
		t.Helper()
		for name, is := range map[string]bool{"reports-not-fetched": unfetched, "reports-not-acknowledged": unacknowledged} {
			if is {
				b.finds(name, local(5, 0, 0), id.String())
			} else {
				b.finds(name, time.Time{})
			}
		}
	}
	b.clock.Set(local(4, 23, 59))
	both(false, false)
	b.clock.Set(local(5, 0, 1))
	both(true, false)
	exec := func(sql string) {
		t.Helper()
		if _, err := b.pool.Exec(t.Context(), sql, id); err != nil {
			t.Fatal(err)
		}
	}
	exec("INSERT INTO delivery (report_id, authority_id, delivered_at, actor, form) VALUES ($1, 'frc', now(), 'authority:frc', 1)")
	both(false, true)
	exec("INSERT INTO acknowledgement (report_id, authority_id, acknowledged_at, actor, digest) VALUES ($1, 'frc', now(), 'authority:frc', sha256('x'))")
	both(false, false)
}
