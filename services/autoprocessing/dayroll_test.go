package autoprocessing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// day is ten in the morning of a day in the agency's zone.
func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 10, 0, 0, 0, sydney)
}

func TestDayRollCatchesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), inTerritory)
	w.decide(w.lodgings.lodge(ntSpar, commence(p, "2026-03-10", 3))) // to 2026-06-09
	w.clock.Set(day(2026, 3, 10))
	roll := func() {
		t.Helper()
		// Several replicas at once, twice: the second finds nothing.
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if err := w.replica().p.DayRoll(context.Background(), w.clock.Now()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	roll()
	w.clock.Set(day(2026, 5, 1))
	w.decide(w.lodgings.lodge(ntSpar, commence(p, "2026-05-20", 6))) // continues: 2026-06-10 to 2026-12-09
	// The service was down over the change, and over the end.
	w.clock.Set(day(2027, 1, 20))
	roll()
	equal(t, "told", kinds(w.outboxEvents()), []string{
		"decided COMMENCED", "notice recorded", "notice activated", "decided EXTENDED", "notice extended",
		"notice ended", "notice activated", "notice ended",
	})
	for i, want := range map[int]time.Time{
		2: time.Date(2026, 3, 10, 0, 0, 0, 0, sydney), 5: time.Date(2026, 6, 10, 0, 0, 0, 0, sydney),
		6: time.Date(2026, 6, 10, 0, 0, 0, 0, sydney), 7: time.Date(2026, 12, 10, 0, 0, 0, 0, sydney),
	} {
		if got := w.outboxEvents()[i].GetOccurredAt().AsTime(); !got.Equal(want) {
			t.Errorf("event %d took effect at %s, want %s", i, got.In(sydney), want)
		}
	}
	w.sound()
}

func TestADecisionDoesNotWaitForTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), inTerritory)
	w.decide(w.lodgings.lodge(ntSpar, commence(p, "2026-03-02", 3))) // to 2026-06-01
	w.clock.Set(day(2026, 6, 2))
	before := len(w.told)
	w.decide(w.lodgings.lodge(ntSpar, commence(p, "2026-06-02", 3)))
	equal(t, "told", kinds(w.told[before:]), []string{"notice ended", "decided COMMENCED", "notice activated"})
	w.sound()
}

func TestRegisterAsAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-03-10", 6))) // to 2026-09-09
	w.clock.Set(day(2026, 4, 1))
	w.decide(w.lodgings.lodge(qldCP, revoke(p))) // ends 2026-04-29; the sweep was never there
	w.clock.Set(day(2026, 6, 1))
	for _, c := range []struct {
		day, end string
		state    eventv1.NoticeState
	}{
		{"2026-03-01", "", 0},
		{"2026-03-02", "2026-09-09", eventv1.NoticeState_NOTICE_STATE_INACTIVE},
		{"2026-03-09", "2026-09-09", eventv1.NoticeState_NOTICE_STATE_INACTIVE},
		{"2026-03-10", "2026-09-09", eventv1.NoticeState_NOTICE_STATE_ACTIVE},
		{"2026-03-31", "2026-09-09", eventv1.NoticeState_NOTICE_STATE_ACTIVE},
		{"2026-04-01", "2026-04-29", eventv1.NoticeState_NOTICE_STATE_ACTIVE},
		{"2026-04-29", "2026-04-29", eventv1.NoticeState_NOTICE_STATE_ACTIVE},
		{"2026-04-30", "2026-04-29", eventv1.NoticeState_NOTICE_STATE_ENDED},
		{"", "2026-04-29", eventv1.NoticeState_NOTICE_STATE_ENDED},
	} {
		// The same before and after the sweep.
		for _, swept := range []bool{false, true} {
			if swept && c.day == "" {
				if err := w.p.DayRoll(context.Background(), w.clock.Now()); err != nil {
					t.Fatal(err)
				}
			}
			r, err := w.register.ListNotices(as("alice", "contact-officer"), &processingv1.ListNoticesRequest{Crn: p.crn, AsAt: c.day})
			if err != nil {
				t.Fatal(err)
			}
			if c.state == 0 {
				if len(r.GetNotices()) != 0 {
					t.Errorf("as at %s: %v", c.day, r.GetNotices())
				}
				continue
			}
			if n := r.GetNotices(); len(n) != 1 || n[0].GetState() != c.state || n[0].GetEndDate() != c.end {
				t.Errorf("as at %q: %v, want %s until %s", c.day, n, c.state, c.end)
			}
		}
	}
	if _, err := w.register.ListNotices(as("alice"), &processingv1.ListNoticesRequest{Crn: p.crn, AsAt: "2026-06-02"}); err == nil {
		t.Error("a day that lies ahead was answered")
	}
	w.sound()
}
