package workitems_test

import (
	"slices"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
	"github.com/noticehub/noticehub/services/workitems"
)

// Items stand still after 35 days; one of a restricted record is not named.
func TestStuckItems(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	s, err := workitems.New(workitems.Defaults(), workitems.Deps{
		Pool: d.pool, Bus: bustest.New(t), Clock: d.clock, Zone: zone, Telemetry: telemetry.Discard(), Audit: auditor(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	look := func() stuck.Found {
		t.Helper()
		all := s.Detectors()
		if len(all) != 1 || all[0].Name != "work-items-old" || all[0].Kind != stuck.WorkItem {
			t.Fatalf("%v", all)
		}
		found, err := all[0].Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	d.customer("987654321B", "QLD1", true)
	raised := d.clock.Now()
	old := d.place(placed{at: raised})
	d.place(placed{crn: "987654321B", at: raised.Add(time.Hour)})
	closed := d.place(placed{code: "I217Q1", at: raised})
	d.exec("UPDATE work_item SET status = 4, closed_at = $2 WHERE id = $1", closed, raised)
	d.clock.Set(raised.AddDate(0, 0, 35))
	if found := look(); found.Count != 0 || !found.Oldest.IsZero() {
		t.Errorf("after 35 days: %v", found)
	}
	d.clock.Advance(2 * time.Hour)
	d.place(placed{code: "I289Q1", at: d.clock.Now().AddDate(0, 0, -34)})
	if found := look(); found.Count != 2 || !found.Oldest.Equal(raised) || !slices.Equal(found.Examples, []string{old}) {
		t.Errorf("later: %v, want %s of two", found, old)
	}
}
