package registry_test

import (
	"testing"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// A notice is over after its last day, also while the event that says so is on
// its way: its authority is not told any more.
func TestAuthoritiesAreToldUpToTheLastDay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const cp = eventv1.Measure_MEASURE_CPEIM
	last := notice(1, customer(1).GetCrn(), "activated", 2, cp, "2026-08-24")
	last.GetNoticeActivated().GetNotice().EndDate = "2026-11-23" // the day of the clock in Sydney
	over := notice(2, customer(2).GetCrn(), "activated", 2, cp, "2026-08-23")
	over.GetNoticeActivated().GetNotice().EndDate = "2026-11-22"
	cut := notice(3, customer(3).GetCrn(), "shortened", 3, cp, "2026-08-23")
	cut.GetNoticeShortened().GetNotice().EndDate = "2026-11-22"
	w.put(t, people(4)...)
	if err := w.apply(t.Context(), last, over, notice(3, customer(3).GetCrn(), "activated", 2, cp, "2026-08-23"), cut); err != nil {
		t.Fatal(err)
	}
	wantFed(t, "feed", w.feeds(t, told(1, 1, moves("2 Side Street")), told(2, 2, moves("2 Side Street")), told(3, 4, moves("2 Side Street"))), 3, 0, 0, 0)
	if list := w.notifications(t); len(list) != 1 || list[0].GetCrn() != customer(1).GetCrn() {
		t.Fatalf("on the last day of one and the day after the others': %v", list)
	}
	w.clock.Advance(24 * time.Hour)
	wantFed(t, "feed", w.feeds(t, told(1, 3, moves("3 Hill Street"))), 1, 0, 0, 0)
	if list := w.notifications(t); len(list) != 1 {
		t.Fatalf("the day after: %v", list)
	}
}
