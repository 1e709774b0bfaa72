package register_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"pgregory.net/rapid"
)

var at = time.Date(2026, 5, 1, 2, 0, 0, 0, time.UTC)

func notice(n byte, start, end calendar.Date) register.Notice {
	return register.Notice{
		ID: clock.ID{15: n}, CRN: "111111111A", AuthorityID: "qld-cp", Measure: term.CPeIM,
		State: term.NoticeInactive, Start: start, End: end, Percent: 70, RecordedAt: at, Version: 1,
	}
}

func cause(today calendar.Date) register.Cause {
	return register.Cause{SubmissionID: clock.ID{1}, At: at, Today: today}
}

func kinds(changes []register.Change) (out []string) {
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%s %d %s", c.Kind, c.Notice.ID[15], c.On))
	}
	return out
}

func TestRoll(t *testing.T) {
	t.Parallel()
	d := calendar.DateOf(2026, time.May, 1)
	active := notice(1, d, d.Add(10))
	active.State = term.NoticeActive
	next := notice(2, d.Add(11), d.Add(20))
	next.Continuation, next.ContinuesID = true, active.ID
	both := []register.Notice{next, active} // not in order on purpose
	for _, c := range []struct {
		name  string
		today calendar.Date
		want  []string
	}{
		{"last day: nothing", d.Add(10), nil},
		{"day after: ended first, then active", d.Add(11), []string{"ended 1 2026-05-12", "activated 2 2026-05-12"}},
		{"five days late: effective dates are kept", d.Add(16), []string{"ended 1 2026-05-12", "activated 2 2026-05-12"}},
		{"all missed: activated and ended", d.Add(40), []string{"ended 1 2026-05-12", "activated 2 2026-05-12", "ended 2 2026-05-22"}},
	} {
		if got := kinds(register.Roll(both, c.today)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	revoked, ok := register.Revoke(next, cause(d))
	if !ok || register.Roll([]register.Notice{revoked.Notice}, d.Add(15)) != nil {
		t.Error("a revoked notice was rolled")
	}
}

func TestEnter(t *testing.T) {
	t.Parallel()
	d := calendar.DateOf(2026, time.May, 1)
	continuation := notice(2, d.Add(-3), d.Add(90))
	continuation.Continuation = true
	for _, c := range []struct {
		name string
		n    register.Notice
		want []string
	}{
		{"starts today", notice(1, d, d.Add(90)), []string{"activated 1 2026-05-01"}},
		{"starts tomorrow", notice(1, d.Add(1), d.Add(90)), []string{"recorded 1 2026-05-01"}},
		{"decided three days late", notice(1, d.Add(-3), d.Add(90)), []string{"activated 1 2026-04-28"}},
		{"continuation decided late", continuation, []string{"extended 2 2026-05-01", "activated 2 2026-04-28"}},
		{"over already", notice(1, d.Add(-100), d.Add(-9)), []string{"activated 1 2026-01-21", "ended 1 2026-04-23"}},
	} {
		got := register.Enter(c.n, cause(d))
		if !reflect.DeepEqual(kinds(got), c.want) {
			t.Errorf("%s: %v, want %v", c.name, kinds(got), c.want)
		}
		if _, ok := register.Apply(nil, got); !ok {
			t.Errorf("%s: the changes cannot be applied", c.name)
		}
	}
}

func TestShortenAndRevoke(t *testing.T) {
	t.Parallel()
	d := calendar.DateOf(2026, time.May, 1)
	n := notice(1, d, d.Add(90))
	if _, ok := register.Shorten(n, d.Add(28), true, cause(d)); ok {
		t.Error("an inactive notice was shortened")
	}
	n.State = term.NoticeActive
	for _, bad := range []calendar.Date{n.End, n.End.Add(1), n.Start.Add(-1)} {
		if _, ok := register.Shorten(n, bad, true, cause(d)); ok {
			t.Errorf("shortened to %s", bad)
		}
	}
	changes, ok := register.Shorten(n, d.Add(28), true, cause(d))
	if !ok || len(changes) != 1 || changes[0].FromEnd != n.End || changes[0].Notice.Cut.From != n.End || changes[0].Notice.State != term.NoticeActive {
		t.Errorf("shorten: %+v", changes)
	}
	late, ok := register.Shorten(n, d.Add(28), true, cause(d.Add(40)))
	if !ok || !reflect.DeepEqual(kinds(late), []string{"shortened 1 2026-06-10", "ended 1 2026-05-30"}) {
		t.Errorf("shorten late: %v", kinds(late))
	}
	r, ok := register.Revoke(n, cause(d))
	if !ok || r.Notice.End != n.End || r.Notice.RevokedAt == nil || r.Notice.Version != 2 {
		t.Errorf("revoke: %+v", r)
	}
	if _, again := register.Revoke(r.Notice, cause(d)); again {
		t.Error("revoked twice")
	}
}

func TestStateMachine(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"recorded  INACTIVE": true, "extended  INACTIVE": true, "activated  ACTIVE": true,
		"activated INACTIVE ACTIVE": true, "ended ACTIVE ENDED": true, "shortened ACTIVE ACTIVE": true,
		"revoked INACTIVE REVOKED": true, "revoked ACTIVE REVOKED": true,
	}
	for k := register.Recorded; k <= register.Shortened; k++ {
		for from := term.NoticeState(0); from <= term.NoticeRevoked; from++ {
			for to := term.NoticeState(0); to <= term.NoticeRevoked; to++ {
				name := fmt.Sprintf("%s %s %s", k, from, to)
				if register.Allowed(k, from, to) != allowed[name] {
					t.Errorf("%q allowed: %v", name, !allowed[name])
				}
			}
		}
	}
}

// Rolling day by day, in any leaps, or at once gives the same register and the
// same changes; rolling twice changes nothing; no two notices are ever ACTIVE.
func TestRollDoesNotDependOnSkippedDays(t *testing.T) {
	t.Parallel()
	first := calendar.DateOf(2026, time.January, 1)
	rapid.Check(t, func(t *rapid.T) {
		var notices []register.Notice
		start := first
		for i := range rapid.IntRange(1, 5).Draw(t, "notices") {
			start = start.Add(rapid.IntRange(0, 20).Draw(t, "gap"))
			end := start.Add(rapid.IntRange(0, 40).Draw(t, "length"))
			notices = append(notices, notice(byte(i+1), start, end))
			start = end.Add(1)
		}
		notices = rapid.Permutation(notices).Draw(t, "order")
		last := first.Add(rapid.IntRange(0, 300).Draw(t, "days"))

		want := register.Roll(notices, last)
		whole, ok := register.Apply(notices, want)
		if !ok {
			t.Fatal("the changes cannot be applied")
		}
		if len(register.Roll(whole, last)) != 0 {
			t.Fatal("rolling again changed something")
		}
		var got []register.Change
		stepped := notices
		for today := first; ; today = min(last, today.Add(rapid.IntRange(1, 60).Draw(t, "leap"))) {
			changes := register.Roll(stepped, today)
			got = append(got, changes...)
			if stepped, ok = register.Apply(stepped, changes); !ok {
				t.Fatal("a step cannot be applied")
			}
			active := 0
			for _, n := range stepped {
				if n.State == term.NoticeActive {
					active++
				}
			}
			if active > 1 {
				t.Fatalf("%d active on %s", active, today)
			}
			if today == last {
				break
			}
		}
		if !reflect.DeepEqual(whole, stepped) || !reflect.DeepEqual(kinds(want), kinds(got)) {
			t.Fatalf("at once %v, in leaps %v", kinds(want), kinds(got))
		}
	})
}

func TestAsAt(t *testing.T) {
	t.Parallel()
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	d := calendar.FromTime(at, sydney) // recorded on this day
	cut := notice(1, d, d.Add(90))
	cut.State = term.NoticeActive
	shortened, _ := register.Shorten(cut, d.Add(38), true, register.Cause{At: at.AddDate(0, 0, 10), Today: d.Add(10)})
	waiting := notice(2, d.Add(91), d.Add(180))
	revoked, _ := register.Revoke(waiting, register.Cause{At: at.AddDate(0, 0, 10), Today: d.Add(10)})
	notices := []register.Notice{revoked.Notice, shortened[0].Notice}
	for _, c := range []struct {
		on   calendar.Date
		want string
	}{
		{d.Add(-1), "[]"},
		{d, "[1 ACTIVE 90][2 INACTIVE 180]"},
		{d.Add(9), "[1 ACTIVE 90][2 INACTIVE 180]"},
		{d.Add(10), "[1 ACTIVE 38][2 REVOKED 180]"},
		{d.Add(38), "[1 ACTIVE 38][2 REVOKED 180]"},
		{d.Add(39), "[1 ENDED 38][2 REVOKED 180]"},
	} {
		got := ""
		for _, n := range register.AsAt(notices, c.on, sydney) {
			got += fmt.Sprintf("[%d %s %d]", n.ID[15], n.State, int(n.End)-int(d))
		}
		if got == "" {
			got = "[]"
		}
		if got != c.want {
			t.Errorf("as at %s: %s, want %s", c.on, got, c.want)
		}
	}
}

func TestOverlaps(t *testing.T) {
	t.Parallel()
	d := calendar.DateOf(2026, time.May, 1)
	a := notice(1, d, d.Add(10))
	ended := a
	ended.State = term.NoticeEnded
	revoked := a
	revoked.State = term.NoticeRevoked
	touching, after := notice(2, d.Add(10), d.Add(20)), notice(3, d.Add(11), d.Add(20))
	if !register.Overlaps(a, touching) || !register.Overlaps(touching, ended) || register.Overlaps(a, after) || register.Overlaps(revoked, touching) {
		t.Error("overlap is wrong")
	}
	if other, ok := register.FirstOverlap(touching, []register.Notice{touching, revoked, after}); !ok || other.ID != after.ID {
		t.Error("first overlap is wrong")
	}
	if _, ok := register.Apply([]register.Notice{a}, []register.Change{{Kind: register.Ended, Notice: ended, From: term.NoticeActive}}); ok {
		t.Error("a change from another state was applied")
	}
}
