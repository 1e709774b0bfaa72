package decision_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

const (
	cape  = term.CapeYork
	child = term.ChildProtection
	risk  = term.SupportingPeopleAtRisk
)

// today is a Friday; every test counts days from it.
var (
	today   = calendar.DateOf(2026, time.May, 1)
	now     = time.Date(2026, time.May, 1, 0, 30, 0, 0, time.UTC)
	moment  = decision.Moment{At: now, Today: today}
	subject = decision.Identity{CRN: "111111111A", FamilyName: "O'Brien", BirthDate: calendar.DateOf(1990, time.January, 2)}
)

// loaded is read-only and shared; evaluators are not.
var loaded = sync.OnceValues(policy.Load)

func evaluator(t testing.TB) *policy.Evaluator {
	t.Helper()
	set, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.On(today)
	if err != nil {
		t.Fatal(err)
	}
	return p.NewEvaluator()
}

// customer passes every rule for every measure: she lives in Hope Vale, or for
// supporting people at risk in Darwin.
func customer(f term.BusinessFunction) *decision.Customer {
	c := &decision.Customer{
		CRN: subject.CRN, FamilyName: "OBRIEN", GivenName: "Mary", BirthDate: subject.BirthDate,
		Addresses: []decision.Address{{Use: decision.Home, Street: "1 Main Street", Locality: "Hope Vale", State: term.QLD, Postcode: "4895"}},
		Payments:  []decision.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 70000}},
	}
	if f == term.SupportingPeopleAtRisk {
		c.Addresses = []decision.Address{{Use: decision.Home, Locality: "Darwin", State: term.NT}}
	}
	return c
}

func authority(f term.BusinessFunction) string {
	return map[term.BusinessFunction]string{term.CapeYork: "frc", term.ChildProtection: "qld-cp", term.SupportingPeopleAtRisk: "nt-spar"}[f]
}

var functions = []term.BusinessFunction{term.CapeYork, term.ChildProtection, term.SupportingPeopleAtRisk}

func measure(f term.BusinessFunction) term.Measure {
	return map[term.BusinessFunction]term.Measure{term.CapeYork: term.CYeIM, term.ChildProtection: term.CPeIM, term.SupportingPeopleAtRisk: term.SPaReIM}[f]
}

func lodged(f term.BusinessFunction, c decision.Content) decision.Submission {
	return decision.Submission{
		ID: clock.ID{1, 2, 3}, AuthorityID: authority(f), Function: f, Jurisdiction: term.QLD, Reference: "R-1",
		CaseWorker: "J. Doe", LodgedAt: now, LodgedOn: today, Content: c,
	}
}

// commence asks for six months, starting so many days ahead.
func commence(f term.BusinessFunction, ahead int) decision.Submission {
	asked := decision.Commence{Customer: subject, Start: today.Add(ahead), Months: 6}
	if f == term.CapeYork {
		asked.Percent = 75
	}
	return lodged(f, asked)
}

// notice of an authority from and to days counted from today, in the state the dates say.
func notice(n byte, f term.BusinessFunction, from, to int) register.Notice {
	out := register.Notice{
		ID: clock.ID{15: n}, CRN: subject.CRN, AuthorityID: authority(f), Measure: measure(f), Percent: 70, Version: 1,
		Start: today.Add(from), End: today.Add(to), State: term.NoticeActive, RecordedAt: now.AddDate(0, -1, 0),
	}
	switch {
	case from > 0:
		out.State = term.NoticeInactive
	case to < 0:
		out.State = term.NoticeEnded
	}
	return out
}

func continuation(n register.Notice) register.Notice { n.Continuation = true; return n }

func foreign(n register.Notice) register.Notice { n.AuthorityID = "nt-cp"; return n }

func decide(t testing.TB, in decision.Input) decision.Result {
	t.Helper()
	if in.Moment.Today == 0 {
		in.Moment = moment
	}
	r, err := decision.Decide(evaluator(t), in)
	if err != nil {
		t.Fatal(err)
	}
	check(t, in, r)
	return r
}

// check is what must hold of every decision.
func check(t testing.TB, in decision.Input, r decision.Result) {
	t.Helper()
	if (r.Status == term.Unprocessed) != (len(r.Reasons) > 0) || (r.Status == term.Unprocessed) == (r.Outcome != 0) {
		t.Errorf("status %s with outcome %s and reasons %v", r.Status, r.Outcome, r.Reasons)
	}
	switch r.Outcome {
	case term.NotMatched, term.NotEligible, term.NotDisclosed, term.NotAccepted, term.ReferralNoted:
		t.Errorf("a machine said %s", r.Outcome)
	}
	after, ok := register.Apply(in.Notices, r.Changes)
	if !ok {
		t.Fatalf("the changes cannot be applied: %s", show(r.Changes))
	}
	for i, a := range after {
		for _, b := range after[:i] {
			if a.CRN == b.CRN && register.Overlaps(a, b) {
				t.Errorf("%s to %s overlaps %s to %s", a.Start, a.End, b.Start, b.End)
			}
		}
	}
}

// show writes changes with days counted from today: "revoked 2", "shortened 1→28".
func show(changes []register.Change) string {
	var out []string
	for _, c := range changes {
		s := fmt.Sprintf("%s %d", c.Kind, c.Notice.ID[15])
		switch {
		case c.Notice.ID == decision.NoticeID(lodged(child, nil).ID) && !c.New():
			s = c.Kind.String() + " new"
		case c.New():
			s = fmt.Sprintf("%s %d..%d", c.Kind, int(c.Notice.Start)-int(today), int(c.Notice.End)-int(today))
		case c.Kind == register.Shortened:
			s += fmt.Sprintf("→%d", int(c.Notice.End)-int(today))
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func reasons(r []term.Reason) string {
	names := make([]string, len(r))
	for i, x := range r {
		names[i] = x.String()
	}
	return strings.Join(names, " ")
}
