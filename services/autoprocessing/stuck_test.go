package autoprocessing_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/telemetry"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// detecting is what the detectors of a service that does not run find: its sweeps
// would put right what they look for.
func (w *world) detecting() func(name string) stuck.Found {
	w.t.Helper()
	s, err := autoprocessing.New(autoprocessing.DefaultConfig(), autoprocessing.Deps{
		Pool: w.pool, Door: w.door, Audit: auditor(w.t), Bus: bustest.New(w.t), Clock: w.clock, Zone: sydney, Telemetry: telemetry.Discard(), Registry: w.registry,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return func(name string) stuck.Found {
		w.t.Helper()
		for _, d := range s.Detectors() {
			if d.Title == "" || d.Fix == "" {
				w.t.Errorf("%s has no words", d.Name)
			}
			if d.Name == name {
				found, err := d.Look(context.Background())
				if err != nil {
					w.t.Fatalf("%s: %v", name, err)
				}
				return found
			}
		}
		w.t.Fatalf("no detector %s", name)
		return stuck.Found{}
	}
}

func (w *world) found(what string, got stuck.Found, since time.Time, ids ...string) {
	w.t.Helper()
	if got.Count != int64(len(ids)) || !got.Oldest.Equal(since) || !slices.Equal(got.Examples, ids) {
		w.t.Errorf("%s: found %v, want %v since %v", what, got, ids, since)
	}
}

func TestStuckEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	look := w.detecting()
	ids := w.referrals(4)
	start := w.clock.Now()
	for _, id := range ids[:3] {
		if _, err := w.queue.Assign(sue(), &processingv1.AssignRequest{SubmissionId: id, OfficerId: "alice", Reason: "she knows it"}); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(24 * time.Hour)
	hold := &processingv1.HoldRequest{SubmissionId: ids[1], Until: "2026-03-20", Note: "waits for a paper", Version: 3}
	if _, err := w.queue.Hold(alice(), hold); err != nil {
		t.Fatal(err)
	}
	if _, err := w.queue.AddNote(alice(), &processingv1.AddNoteRequest{SubmissionId: ids[2], Text: "asked the case worker", ActionId: "note"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Set(start.AddDate(0, 0, 7))
	w.found("on the seventh day", look("entries-untouched"), time.Time{})
	w.clock.Advance(time.Minute)
	w.found("after it", look("entries-untouched"), start, ids[0])
	w.clock.Advance(24 * time.Hour)
	w.found("one that was noted a day later", look("entries-untouched"), start, ids[0], ids[2])

	// Holds: on their day the sweep has five minutes.
	w.clock.Set(time.Date(2026, 3, 20, 0, 4, 0, 0, sydney))
	w.found("in the first minutes of the day", look("holds-over"), time.Time{})
	w.clock.Set(time.Date(2026, 3, 20, 0, 6, 0, 0, sydney))
	w.found("after them", look("holds-over"), time.Date(2026, 3, 20, 0, 0, 0, 0, sydney), ids[1])
	if err := w.p.Claims(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.found("after the sweep", look("holds-over"), time.Time{})
}

func TestStuckLifts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	look := w.detecting()
	_, hidden := w.hiddenCustomer(disclose)
	until := w.lifted(hidden).GetUntil().AsTime()
	for _, of := range []struct {
		at   time.Time
		want int
	}{{until.Add(-time.Minute), 0}, {until.Add(4 * time.Minute), 0}, {until.Add(6 * time.Minute), 1}} {
		w.clock.Set(of.at)
		if of.want == 0 {
			w.found("not late yet", look("access-not-reinstated"), time.Time{})
		} else {
			w.found("late", look("access-not-reinstated"), until, hidden)
		}
	}
	if err := w.p.Relock(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.found("after the sweep", look("access-not-reinstated"), time.Time{})
}

func TestStuckWithdrawals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	look := w.detecting()
	ids := w.referrals(2)
	requested := w.clock.Now()
	_, err := w.pool.Exec(t.Context(), `INSERT INTO withdrawal (authority_id, reference, requested_at, note, settled)
		SELECT authority_id, reference, $1::timestamptz, '', id <> $2 FROM submission UNION ALL VALUES ('qld-cp', 'never-arrived', $1, '', false)`, requested, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(9 * time.Minute)
	w.found("within ten minutes", look("withdrawals-unsettled"), time.Time{})
	w.clock.Advance(2 * time.Minute)
	w.found("after them", look("withdrawals-unsettled"), requested, ids[0])
}

func TestStuckEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	look := w.detecting()
	var ids []string
	for _, of := range []struct {
		consumer, state string
		minutes         int
	}{{subject.AutoProcessing, "retry", 30}, {subject.AutoProcessing, "quarantined", 20}, {subject.AutoProcessing, "waiting", 9}, {"another", "retry", 30}} {
		id := clock.NewID(time.Now())
		ids = append(ids, id.String())
		_, err := w.pool.Exec(t.Context(), `INSERT INTO parked (consumer, event_id, data, next_at, state, created_at) VALUES ($1, $2, '', now(), $3, now() - make_interval(mins => $4))`,
			of.consumer, id, of.state, of.minutes)
		if err != nil {
			t.Fatal(err)
		}
	}
	oldest := one[time.Time](w, "SELECT created_at FROM parked WHERE event_id = $1", ids[0])
	w.found("older than ten minutes, of the pipeline", look("submissions-not-processed"), oldest, ids[0], ids[1])
}
