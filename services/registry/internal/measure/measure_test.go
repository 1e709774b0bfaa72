package measure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func notice(n byte, m term.Measure, state term.NoticeState, start, end, revoked string) Notice {
	v := Notice{ID: clock.ID{n}, Measure: m, State: state, Start: day(start), End: day(end)}
	if revoked != "" {
		d := day(revoked)
		v.Revoked = &d
	}
	return v
}

func words(spells []Spell) string {
	var list []string
	for _, s := range spells {
		to := ""
		if s.To != nil {
			to = s.To.String()
		}
		list = append(list, fmt.Sprintf("%v %v..%s", s.Measure, s.From, to))
	}
	return strings.Join(list, ", ")
}

func TestRegister(t *testing.T) {
	t.Parallel()
	const (
		waits, active, ended, revoked = term.NoticeInactive, term.NoticeActive, term.NoticeEnded, term.NoticeRevoked
		cp, cy                        = term.CPeIM, term.CYeIM
	)
	for name, c := range map[string]struct {
		notices []Notice
		want    string
	}{
		"none":                    {nil, ""},
		"waits":                   {[]Notice{notice(1, cp, waits, "2026-03-01", "2026-05-31", "")}, ""},
		"in force":                {[]Notice{notice(1, cp, active, "2026-03-01", "2026-05-31", "")}, "CPEIM 2026-03-01.."},
		"over":                    {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", "")}, "CPEIM 2026-03-01..2026-05-31"},
		"revoked":                 {[]Notice{notice(1, cp, revoked, "2026-03-01", "2026-05-31", "2026-04-02")}, "CPEIM 2026-03-01..2026-04-02"},
		"revoked on its last day": {[]Notice{notice(1, cp, revoked, "2026-03-01", "2026-05-31", "2026-05-31")}, "CPEIM 2026-03-01..2026-05-31"},
		"revoked before it began": {[]Notice{notice(1, cp, revoked, "2026-03-01", "2026-05-31", "2026-02-28")}, ""},
		"continued":               {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", ""), notice(2, cp, active, "2026-06-01", "2026-08-31", "")}, "CPEIM 2026-03-01.."},
		"continuation waits":      {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", ""), notice(2, cp, waits, "2026-06-01", "2026-08-31", "")}, "CPEIM 2026-03-01.."},
		"continuation revoked":    {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", ""), notice(2, cp, revoked, "2026-06-01", "2026-08-31", "2026-05-30")}, "CPEIM 2026-03-01..2026-05-31"},
		"a later one waits":       {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", ""), notice(2, cp, waits, "2026-06-02", "2026-08-31", "")}, "CPEIM 2026-03-01..2026-05-31"},
		"again after a gap":       {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", ""), notice(2, cp, active, "2026-06-02", "2026-08-31", "")}, "CPEIM 2026-03-01..2026-05-31, CPEIM 2026-06-02.."},
		"transferred":             {[]Notice{notice(1, cp, ended, "2026-03-01", "2026-05-31", ""), notice(2, cy, active, "2026-06-01", "2026-08-31", "")}, "CPEIM 2026-03-01..2026-05-31, CYEIM 2026-06-01.."},
		"transferred by a revoke": {[]Notice{notice(1, cp, revoked, "2026-03-01", "2026-05-31", "2026-04-02"), notice(2, cy, active, "2026-04-02", "2026-08-31", "")}, "CPEIM 2026-03-01..2026-04-02, CYEIM 2026-04-02.."},
		"its end is on the way":   {[]Notice{notice(1, cp, active, "2026-03-01", "2026-05-31", ""), notice(2, cy, active, "2026-04-02", "2026-08-31", "")}, "CPEIM 2026-03-01..2026-04-01, CYEIM 2026-04-02.."},
	} {
		if got := words(Register(c.notices)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOlderProgrammes(t *testing.T) {
	t.Parallel()
	spells := Older(nil, term.VWPR, day("2026-01-01"))
	spells = History([]Notice{notice(1, term.CPeIM, term.NoticeActive, "2026-03-01", "2026-05-31", "")}, spells)
	if got := words(spells); got != "VWPR 2026-01-01.., CPEIM 2026-03-01.." {
		t.Errorf("with the register: %q", got)
	}
	spells = Older(spells, term.DEY, day("2026-02-01"))
	if got := words(spells); got != "VWPR 2026-01-01..2026-02-01, DEY 2026-02-01.." {
		t.Errorf("moved: %q", got)
	}
	if got := words(Older(spells, 0, day("2026-02-02"))); got != "VWPR 2026-01-01..2026-02-01, DEY 2026-02-01..2026-02-02" {
		t.Errorf("ended: %q", got)
	}
}

// The spells never overlap by more than the day of a transfer, do not depend on
// the order of the notices, and agree with the measure in force.
func TestSpellsAreInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := day("2026-01-01")
		var notices []Notice
		for i := range rapid.IntRange(0, 60).Draw(t, "notices") {
			at = at.Add(rapid.IntRange(0, 2).Draw(t, "gap"))
			n := Notice{ID: clock.ID{byte(i)}, Measure: term.Measure(rapid.IntRange(1, 3).Draw(t, "measure")), State: term.NoticeEnded, Start: at, End: at.Add(9)}
			if rapid.Bool().Draw(t, "revoked") {
				left := at.Add(rapid.IntRange(0, 9).Draw(t, "left"))
				n.State, n.Revoked = term.NoticeRevoked, &left
			}
			notices, at = append(notices, n), at.Add(10)
		}
		if len(notices) > 0 && rapid.Bool().Draw(t, "in force") {
			notices[len(notices)-1].State, notices[len(notices)-1].Revoked = term.NoticeActive, nil
		}
		spells := History(notices, nil)
		if len(spells) > Kept {
			t.Fatalf("%d spells", len(spells))
		}
		for i := range spells[:max(0, len(spells)-1)] {
			if spells[i].To == nil || *spells[i].To >= spells[i+1].From || *spells[i].To < spells[i].From {
				t.Fatalf("spells %s", words(spells))
			}
		}
		var open term.Measure
		if len(spells) > 0 && spells[len(spells)-1].To == nil {
			open = spells[len(spells)-1].Measure
		}
		if m := InForce(notices); m != open {
			t.Fatalf("%v in force, spells %s", m, words(spells))
		}
		if again := History(rapid.Permutation(notices).Draw(t, "order"), nil); words(again) != words(spells) {
			t.Fatalf("in another order %s, want %s", words(again), words(spells))
		}
		if len(notices) > 0 && !slices.ContainsFunc(spells, func(s Spell) bool { return s.Register }) {
			t.Fatal("no spell of the register")
		}
	})
}
