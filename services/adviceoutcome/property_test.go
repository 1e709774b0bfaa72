package adviceoutcome

import (
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

func init() {
	// A check lives through some weeks on a database: a few by default, more with
	// -rapid.checks on the command line.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
}

// linesOf returns the submission ids of a sealed report's lines, read from its
// CSV form.
func (b *bundle) linesOf(r report.Report) []string {
	b.t.Helper()
	var ids []string
	for i, row := range parseCSV(b.t, b.content(r, report.CSV)) {
		if i > 0 {
			ids = append(ids, row[0])
		}
	}
	return ids
}

// TestEachOutcomeInOneReport drives random outcomes, notifications, repetitions,
// sweeps and moves of the clock, and compares with what the rules say.
func TestEachOutcomeInOneReport(t *testing.T) {
	t.Parallel()
	b := setup(t, local(1, 0, 0))
	var round atomic.Int64
	rapid.Check(t, func(r *rapid.T) {
		prefix := fmt.Sprintf("a%d-", round.Add(1))
		jurisdictions := map[string]term.Jurisdiction{prefix + "q": term.QLD, prefix + "n": term.NT, prefix + "w": term.WA}
		start := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(r, "month")), rapid.IntRange(1, 28).Draw(r, "day"), 12, 0, 0, 0, sydney)
		b.clock.Set(start)
		for id, j := range jurisdictions {
			b.authority(id, j, calendar.FromTime(start, sydney).String())
		}
		sweep := func(r *rapid.T) {
			for id := range jurisdictions { // earlier checks left theirs in the database
				if err := b.sealer.SweepOne(t.Context(), id, b.clock.Now()); err != nil {
					r.Fatal(err)
				}
			}
		}
		want := map[string]map[string]string{} // authority → submission → report date
		var old, oldChanges []*eventv1.Event
		for range rapid.IntRange(3, 12).Draw(r, "steps") {
			b.clock.Advance(time.Duration(rapid.IntRange(0, 40*60).Draw(r, "minutes")) * time.Minute)
			if rapid.IntRange(0, 2).Draw(r, "sweep") == 0 {
				sweep(r)
			}
			id := prefix + rapid.SampledFrom([]string{"q", "n", "w"}).Draw(r, "authority")
			var events []*eventv1.Event
			date, err := b.cal.NextBusinessDay(jurisdictions[id].String(), calendar.FromTime(b.clock.Now(), sydney))
			if err != nil {
				r.Fatal(err)
			}
			for range rapid.IntRange(0, 4).Draw(r, "outcomes") {
				e := b.decided(id)
				events = append(events, e)
				if want[id] == nil {
					want[id] = map[string]string{}
				}
				want[id][submission(e)] = date.String()
			}
			if len(old) > 0 && rapid.Bool().Draw(r, "again") {
				events = append(events, rapid.SampledFrom(old).Draw(r, "old"))
			}
			if len(events) > 0 {
				events = append(events, events[0])
			}
			b.apply(events...)
			old = append(old, events...)
			var changes []*eventv1.Event
			for range rapid.IntRange(0, 3).Draw(r, "changes") {
				e := b.changed(id, eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_ADDRESS)
				changes = append(changes, e)
				if want[id] == nil {
					want[id] = map[string]string{}
				}
				want[id][notification(e)] = date.String()
			}
			if len(oldChanges) > 0 && rapid.Bool().Draw(r, "changes again") {
				changes = append(changes, rapid.SampledFrom(oldChanges).Draw(r, "old change"))
			}
			b.notify(changes...)
			oldChanges = append(oldChanges, changes...)
		}
		b.clock.Advance(6 * 24 * time.Hour)
		sweep(r)
		for id, j := range jurisdictions {
			checkReports(r, b, id, j, want[id])
		}
	})
}

func submission(e *eventv1.Event) string {
	id, err := clock.IDFromBytes(e.GetSubmissionDecided().GetSubmissionId())
	if err != nil {
		panic(err)
	}
	return id.String()
}

// checkReports compares an authority's reports with the date each submission is
// due: one report a business day, gapless, each line once.
func checkReports(t rapid.TB, b *bundle, id string, in term.Jurisdiction, want map[string]string) {
	t.Helper()
	found := 0
	var last report.Report
	for i, r := range b.reports(id) {
		if r.Sequence != int64(i+1) {
			t.Errorf("%s: report %s has sequence %d, want %d", id, r.Date, r.Sequence, i+1)
		}
		if business, err := b.cal.IsBusinessDay(in.String(), r.Date); err != nil || !business {
			t.Errorf("%s: report on %s, %v", id, r.Date, err)
		}
		if i > 0 {
			if next, err := b.cal.NextBusinessDay(in.String(), last.Date); err != nil || next != r.Date {
				t.Errorf("%s: report %s follows %s, %v", id, r.Date, last.Date, err)
			}
		}
		lines := b.linesOf(r)
		if int64(len(lines)) != r.Lines {
			t.Errorf("%s: report %s has %d lines and says %d", id, r.Date, len(lines), r.Lines)
		}
		for _, line := range lines {
			found++
			if want[line] != r.Date.String() {
				t.Errorf("%s: %s is in report %s, want %q", id, line, r.Date, want[line])
			}
			delete(want, line)
		}
		if err := b.sealer.Verify(b.t.Context(), r); err != nil {
			t.Error(err)
		}
		last = r
	}
	if len(want) != 0 {
		t.Errorf("%s: %d outcomes are in no report: %v", id, len(want), want)
	}
	// Σ lines = Σ outcomes + notifications (invariant I19).
	outcomes := b.count("SELECT count(*) FROM outcome WHERE authority_id = $1 AND outcome > 0", id)
	changes := b.count("SELECT count(*) FROM outcome WHERE authority_id = $1 AND information_type = 6", id)
	if outcomes+changes != found {
		t.Errorf("%s: %d outcomes, %d notifications, %d lines", id, outcomes, changes, found)
	}
}

// TestRecordingWhileClosing records from several places, some with clocks that
// are behind, while others close day after day.
func TestRecordingWhileClosing(t *testing.T) {
	t.Parallel()
	b := setup(t, local(2, 12, 0))
	ids := []string{"x", "y"}
	for _, id := range ids {
		b.authority(id, term.QLD, "2026-11-03")
	}
	behind := b.replica(local(2, 12, 0))
	sealers := []*bundle{b, b.replica(local(2, 12, 0))}
	var stop atomic.Bool
	var recorded atomic.Int64
	var recorders, closers sync.WaitGroup
	for n := range 4 {
		from := b
		if n%2 == 1 {
			from = behind
		}
		recorders.Go(func() {
			var before *eventv1.Event
			for !stop.Load() {
				events := []*eventv1.Event{from.decided("x"), from.decided("y"), from.decided("x")}
				recorded.Add(3)
				if before != nil {
					events = append(events, before)
				}
				before = events[1]
				if _, err := from.tryApply(t.Context(), events...); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, s := range sealers {
		closers.Go(func() {
			for !stop.Load() {
				if err := s.sealer.Sweep(t.Context(), s.clock.Now()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 30 { // 30 days, each some milliseconds
		time.Sleep(20 * time.Millisecond)
		for _, s := range sealers {
			s.clock.Advance(24 * time.Hour)
		}
		behind.clock.Set(b.clock.Now().Add(-13 * time.Hour))
	}
	stop.Store(true)
	recorders.Wait()
	closers.Wait()
	b.clock.Advance(7 * 24 * time.Hour)
	b.sweep()
	var lines int64
	for _, id := range ids {
		seen := map[string]bool{}
		for i, r := range b.reports(id) {
			if r.Sequence != int64(i+1) {
				t.Errorf("report %d has sequence %d", i+1, r.Sequence)
			}
			for _, line := range b.linesOf(r) {
				if seen[line] {
					t.Errorf("%s is reported twice", line)
				}
				seen[line] = true
			}
			b.verify(r)
			lines += r.Lines
		}
	}
	if n := int64(b.count("SELECT count(*) FROM outcome")); n != recorded.Load() || lines != n {
		t.Errorf("%d decided, %d recorded, %d reported", recorded.Load(), n, lines)
	}
	t.Logf("%d outcomes", lines)
}
