package decision_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"pgregory.net/rapid"
)

var authorities = []string{"frc", "qld-cp", "nt-cp", "nt-spar"}

func functionOf(authority string) term.BusinessFunction {
	return map[string]term.BusinessFunction{"frc": cape, "qld-cp": child, "nt-cp": child, "nt-spar": risk}[authority]
}

// A customer's register through years of submissions of four authorities, days
// that pass with and without the day roll, late decisions, officers and
// repetitions: no two notices ever overlap, a revocation touches no other
// authority's notice, every change fits the register, replaying gives the same.
func TestRegisterHoldsWhateverComes(t *testing.T) {
	t.Parallel()
	ev := evaluator(t)
	rapid.Check(t, func(t *rapid.T) {
		who := customer(child)
		day, at := today, now
		var notices []register.Notice
		var lodgedIDs byte
		apply := func(changes []register.Change) {
			after, ok := register.Apply(notices, changes)
			if !ok {
				t.Fatalf("changes do not fit the register: %s", show(changes))
			}
			notices = after
		}
		pass := func(n int) { day, at = day.Add(n), at.AddDate(0, 0, n) }
		submission := func() decision.Submission {
			lodgedIDs++
			authority := rapid.SampledFrom(authorities).Draw(t, "authority")
			s := lodged(functionOf(authority), nil)
			s.ID, s.AuthorityID, s.LodgedAt, s.LodgedOn = clock.ID{lodgedIDs}, authority, at, day
			return s
		}
		decideIt := func(s decision.Submission) decision.Result {
			pass(rapid.SampledFrom([]int{0, 0, 0, 1, 3, 40}).Draw(t, "late"))
			in := decision.Input{Submission: s, Customer: who, Notices: notices, Moment: decision.Moment{At: at, Today: day}}
			r, err := decision.Decide(ev, in)
			if err != nil {
				t.Fatal(err)
			}
			again, err := decision.Decide(ev, in)
			if err != nil || !reflect.DeepEqual(r, again) {
				t.Fatal("deciding again gave another result")
			}
			if (r.Outcome == 0) != (len(r.Reasons) > 0) {
				t.Fatalf("%s with %v", r.Outcome, r.Reasons)
			}
			return r
		}
		t.Repeat(map[string]func(*rapid.T){
			"days pass": func(rt *rapid.T) { pass(rapid.IntRange(1, 90).Draw(rt, "days")) },
			"day roll":  func(*rapid.T) { apply(register.Roll(notices, day)) },
			"commence": func(rt *rapid.T) {
				s := submission()
				asked := decision.Commence{Customer: subject, Start: day.Add(rapid.IntRange(-2, 62).Draw(rt, "ahead")), Months: rapid.SampledFrom([]int{3, 6, 12}).Draw(rt, "months")}
				if s.Function == cape {
					asked.Percent = 90
				}
				s.Content = asked
				who.Addresses[0].State = term.QLD
				if s.Function == risk {
					who.Addresses[0].State = term.NT
				}
				apply(decideIt(s).Changes)
			},
			"revoke": func(*rapid.T) {
				s := submission()
				s.Content = decision.Revoke{Customer: subject}
				r := decideIt(s)
				for _, c := range r.Changes {
					if c.Notice.AuthorityID != s.AuthorityID && c.SubmissionID == s.ID {
						t.Fatalf("a revocation of %s touched a notice of %s", s.AuthorityID, c.Notice.AuthorityID)
					}
					if byDate := c.Kind == register.Ended || c.Kind == register.Activated; byDate == (c.SubmissionID == s.ID) {
						t.Fatalf("%s is caused by %s", c.Kind, c.SubmissionID)
					}
					if s.Function == cape && c.Kind == register.Revoked && c.From == term.NoticeActive {
						t.Fatal("a machine revoked an active Cape York notice")
					}
				}
				apply(r.Changes)
			},
			"officer": func(rt *rapid.T) {
				s := submission()
				asked := decision.Commence{Customer: subject, Start: day, Months: 6, Percent: map[bool]int{true: 60}[s.Function == cape]}
				s.Content = asked
				start := day.Add(rapid.IntRange(0, 200).Draw(rt, "start"))
				m := decision.Manual{
					Submission: s, Customer: who, Notices: notices, Moment: decision.Moment{At: at, Today: day},
					Outcome: term.Commenced, Change: decision.ChangeAsked{Start: &start},
					Reasons: rapid.SampledFrom([][]term.Reason{nil, {term.MeasureTransferReview}}).Draw(rt, "reasons"),
				}
				if rapid.Bool().Draw(rt, "extend") {
					m.Outcome, m.Change.Start = term.Extended, nil
				}
				if r, err := decision.ManualChanges(ev.Policy(), m); err == nil {
					apply(r.Changes)
				}
			},
			"": func(*rapid.T) {
				active := 0
				for i, a := range notices {
					if a.State == term.NoticeActive {
						active++
					}
					for _, b := range notices[:i] {
						if register.Overlaps(a, b) {
							t.Fatalf("%s to %s (%s) overlaps %s to %s (%s)", a.Start, a.End, a.State, b.Start, b.End, b.State)
						}
					}
				}
				if active > 1 {
					t.Fatalf("%d notices are active", active)
				}
			},
		})
	})
}

// However long the decision takes, a notice lodged in time follows without a gap.
func TestContinuationHasNoGap(t *testing.T) {
	t.Parallel()
	ev := evaluator(t)
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(functions).Draw(t, "function")
		left := rapid.IntRange(0, 60).Draw(t, "days left")
		late := rapid.IntRange(0, 120).Draw(t, "decided days later")
		current := notice(1, f, -30, left)
		in := decision.Input{
			Submission: commence(f, rapid.IntRange(-400, 400).Draw(t, "asked")), Customer: customer(f),
			Notices: []register.Notice{current}, Moment: decision.Moment{At: now.Add(time.Duration(late) * 24 * time.Hour), Today: today.Add(late)},
		}
		if rapid.Bool().Draw(t, "rolled") {
			in.Notices, _ = register.Apply(in.Notices, register.Roll(in.Notices, in.Moment.Today))
		}
		r, err := decision.Decide(ev, in)
		if err != nil || r.Outcome != term.Extended || *r.Start != current.End.Add(1) {
			t.Fatalf("%s from %v (%v %v)", r.Outcome, r.Start, r.Reasons, err)
		}
	})
}

func BenchmarkDecideCommence(b *testing.B) {
	ev := evaluator(b)
	in := decision.Input{Submission: commence(child, 3), Customer: customer(child), Moment: moment}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := decision.Decide(ev, in); err != nil || r.Outcome != term.Commenced {
			b.Fatal(r.Reasons, err)
		}
	}
}
