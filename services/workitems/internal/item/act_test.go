package item

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

var (
	noon   = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) // noon in Sydney
	sydney = func() *time.Location {
		zone, err := time.LoadLocation("Australia/Sydney")
		if err != nil {
			panic(err)
		}
		return zone
	}()
	alice = Officer{ID: "alice", Roles: []string{GeneralOfficer}}
	bob   = Officer{ID: "bob", Roles: []string{ContactOfficer, ImpactOfficer}}
	sue   = Officer{ID: "sue", Roles: []string{Supervisor}}
)

// seen is an item of I070Q1's kind at version 3, changed by each change.
func seen(changes ...func(*Seen)) Seen {
	s := Seen{
		Item:  Item{ID: clock.NewID(noon), CRN: "123456789A", Code: "I070Q1", Office: "QLD1", Status: Open, RaisedAt: noon.Add(-48 * time.Hour), Version: 3},
		Last:  Step{Version: 3, Action: Raised, Actor: "system", At: noon.Add(-48 * time.Hour)},
		Terms: Terms{By: ByAny},
	}
	for _, c := range changes {
		c(&s)
	}
	return s
}

func assigned(to string) func(*Seen) {
	return func(s *Seen) {
		s.Assignee, s.Last = to, Step{Version: 3, Action: Reassigned, Actor: "officer:sue", At: noon.Add(-time.Hour), Note: "bob is on leave"}
	}
}

func investigatedBy(id string) func(*Seen) {
	return func(s *Seen) {
		since := noon.Add(-time.Hour)
		s.Status, s.Assignee, s.StartedAt = Investigating, id, &since
		s.Last = Step{Version: 3, Action: Investigation, Actor: "officer:" + id, At: since}
	}
}

func ended(status Status) func(*Seen) {
	return func(s *Seen) {
		at := noon.Add(-time.Minute)
		s.Status, s.ClosedAt, s.Last = status, &at, Step{Version: 3, Action: Done, Actor: "officer:bob", At: at}
	}
}

func by(b ActionedBy) func(*Seen) { return func(s *Seen) { s.Terms.By = b } }

func workflow(s *Seen) {
	s.Code, s.Terms.WorkflowOnly, s.Terms.Workflow = "I551Q1", true, "the service offer workflow"
}
func needs444(s *Seen) { s.Code, s.Terms.Component = "I098Q1", "444" }
func recorded(s *Seen) {
	d := calendar.DateOf(2026, 3, 1)
	s.ComponentOn = &d
}

// check compares an error with "REASON" and the words it must have.
func check(t *testing.T, what string, err error, kind fault.Kind, reason string, words ...string) {
	t.Helper()
	var f *fault.Error
	switch {
	case reason == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case reason == "":
	case !errors.As(err, &f) || f.Kind != kind || f.Reason != reason:
		t.Errorf("%s: got %v, want %s %s", what, err, kind, reason)
	default:
		for _, w := range words {
			if !strings.Contains(f.Message, w) {
				t.Errorf("%s: %q does not say %q", what, f.Message, w)
			}
		}
	}
}

func TestWhoMayActionWhat(t *testing.T) {
	t.Parallel()
	for role, may := range map[string][3]bool{
		ContactOfficer: {true, true, false}, GeneralOfficer: {true, false, false}, ImpactOfficer: {true, false, true}, RestrictedOfficer: {true, false, false},
		SocialWorker: {true, false, false}, SocialWorkManager: {true, false, false}, Supervisor: {true, false, false}, Auditor: {}, "administrator": {}, "": {},
	} {
		for i, b := range []ActionedBy{ByAny, ByIMCO, ByIMPACT} {
			want := "ROLE_REQUIRED"
			if may[i] {
				want = ""
			}
			check(t, role, Officer{ID: "x", Roles: []string{role}}.MayAction("I001XX", b), fault.Denied, want, "I001XX")
		}
	}
	check(t, "a code nobody knows", bob.MayAction("I999Q9", 0), fault.Denied, "ROLE_REQUIRED")
}

func TestInvestigate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		seen    Seen
		officer Officer
		version int
		kind    fault.Kind
		reason  string
		words   []string
	}{
		{"open", seen(), alice, 3, 0, "", nil},
		{"assigned to the officer", seen(assigned("alice")), alice, 3, 0, "", nil},
		{"workflow only", seen(workflow), alice, 3, 0, "", nil},
		{"imco without the role", seen(by(ByIMCO)), alice, 3, fault.Denied, "ROLE_REQUIRED", []string{"I070Q1", "IMCO"}},
		{"impact without the role", seen(by(ByIMPACT)), alice, 3, fault.Denied, "ROLE_REQUIRED", []string{"IMPACT"}},
		{"imco with the role", seen(by(ByIMCO)), bob, 3, 0, "", nil},
		{"another's", seen(investigatedBy("bob")), alice, 3, fault.Conflict, "CLAIMED_BY_OTHER", []string{"bob", "2026-03-02T00:00:00Z", "investigated"}},
		{"another's, seen before", seen(investigatedBy("bob")), alice, 2, fault.Conflict, "CLAIMED_BY_OTHER", []string{"bob"}},
		{"assigned to another", seen(assigned("bob")), alice, 3, fault.Conflict, "CLAIMED_BY_OTHER", []string{"assigned", "bob", "2026-03-02T00:00:00Z"}},
		{"another version", seen(), alice, 2, fault.Conflict, "ITEM_CHANGED", []string{"version 2", "raised", "system"}},
		{"completed", seen(ended(Completed)), alice, 3, fault.Precondition, "ITEM_CLOSED", []string{"completed", "officer:bob", "2026-03-02T00:59:00Z"}},
		{"closed", seen(ended(Closed)), alice, 2, fault.Precondition, "ITEM_CLOSED", []string{"closed"}},
	} {
		after, step, changed, err := c.seen.Investigate(c.officer, c.version, noon)
		check(t, c.name, err, c.kind, c.reason, c.words...)
		if err != nil {
			if after != c.seen.Item {
				t.Errorf("%s: refused, but the item became %+v", c.name, after)
			}
			continue
		}
		if !changed || after.Status != Investigating || after.Assignee != c.officer.ID || !after.StartedAt.Equal(noon) || after.Version != 4 {
			t.Errorf("%s: became %+v", c.name, after)
		}
		if step != (Step{Version: 4, Action: Investigation, Actor: c.officer.Actor(), At: noon}) {
			t.Errorf("%s: step %+v", c.name, step)
		}
	}
	if after, _, changed, err := seen(investigatedBy("alice")).Investigate(alice, 2, noon); err != nil || changed || after.Version != 3 {
		t.Errorf("again: %v, changed %t, %+v", err, changed, after)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	mine := investigatedBy("alice")
	for _, c := range []struct {
		name    string
		seen    Seen
		officer Officer
		version int
		kind    fault.Kind
		reason  string
		words   []string
	}{
		{"investigated", seen(mine), alice, 3, 0, "", nil},
		{"not investigated", seen(), alice, 3, fault.Precondition, "INVESTIGATION_REQUIRED", nil},
		{"assigned, not investigated", seen(assigned("alice")), alice, 3, fault.Precondition, "INVESTIGATION_REQUIRED", nil},
		{"another's", seen(mine), bob, 3, fault.Conflict, "CLAIMED_BY_OTHER", []string{"alice", "2026-03-02T00:00:00Z"}},
		{"without the role", seen(mine, by(ByIMCO)), alice, 3, fault.Denied, "ROLE_REQUIRED", nil},
		{"workflow only", seen(mine, workflow), alice, 3, fault.Precondition, "WORKFLOW_ONLY", []string{"I551Q1", "the service offer workflow"}},
		{"another version", seen(mine), alice, 2, fault.Conflict, "ITEM_CHANGED", nil},
		{"component missing", seen(mine, needs444), alice, 3, fault.Precondition, "SERVICE_COMPONENT_MISSING", []string{"444", "I098Q1"}},
		{"component recorded", seen(mine, needs444, recorded), alice, 3, 0, "", nil},
		{"completed", seen(ended(Completed)), alice, 3, fault.Precondition, "ITEM_CLOSED", []string{"officer:bob"}},
		{"closed", seen(ended(Closed)), alice, 3, fault.Precondition, "ITEM_CLOSED", nil},
		{"a supervisor on another's behalf", seen(mine), sue, 3, fault.Conflict, "CLAIMED_BY_OTHER", nil},
	} {
		after, step, err := c.seen.Complete(c.officer, c.version, "rent lowered", noon)
		check(t, c.name, err, c.kind, c.reason, c.words...)
		if err == nil && (after.Status != Completed || after.Assignee != "alice" || !after.ClosedAt.Equal(noon) || after.Version != 4 ||
			step != Step{Version: 4, Action: Done, Actor: "officer:alice", At: noon, Note: "rent lowered"}) {
			t.Errorf("%s: became %+v, %+v", c.name, after, step)
		}
	}
}

func TestRecordComponent(t *testing.T) {
	t.Parallel()
	mine := investigatedBy("alice")
	day := func(text string) calendar.Date {
		d, err := calendar.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name               string
		seen               Seen
		version            int
		number, status, on string
		kind               fault.Kind
		reason             string
		words              []string
	}{
		{"today", seen(mine, needs444), 3, "444", "COM", "2026-03-02", 0, "", nil},
		{"the day it was raised", seen(mine, needs444), 3, "444", "COM", "2026-02-28", 0, "", nil},
		{"before it was raised", seen(mine, needs444), 3, "444", "COM", "2026-02-27", fault.Invalid, "FIELD_INVALID", []string{"on:", "2026-02-28"}},
		{"tomorrow", seen(mine, needs444), 3, "444", "COM", "2026-03-03", fault.Invalid, "FIELD_INVALID", []string{"on:", "today"}},
		{"another status", seen(mine, needs444), 3, "444", "CAN", "2026-03-02", fault.Invalid, "FIELD_INVALID", []string{"status:", "COM"}},
		{"another number", seen(mine, needs444), 3, "445", "COM", "2026-03-02", fault.Invalid, "FIELD_INVALID", []string{"number:", "444"}},
		{"none needed", seen(mine), 3, "444", "COM", "2026-03-02", fault.Precondition, "SERVICE_COMPONENT_NOT_NEEDED", nil},
		{"not investigated", seen(needs444), 3, "444", "COM", "2026-03-02", fault.Precondition, "INVESTIGATION_REQUIRED", nil},
		{"another's", seen(investigatedBy("bob"), needs444), 3, "444", "COM", "2026-03-02", fault.Conflict, "CLAIMED_BY_OTHER", nil},
		{"another version", seen(mine, needs444), 1, "444", "COM", "2026-03-02", fault.Conflict, "ITEM_CHANGED", nil},
		{"completed", seen(ended(Completed), needs444), 3, "444", "COM", "2026-03-02", fault.Precondition, "ITEM_CLOSED", nil},
		{"corrected", seen(mine, needs444, recorded), 3, "444", "COM", "2026-03-02", 0, "", nil},
	} {
		after, step, changed, err := c.seen.RecordComponent(alice, c.version, c.number, c.status, day(c.on), noon, sydney)
		check(t, c.name, err, c.kind, c.reason, c.words...)
		if err == nil && (!changed || *after.ComponentOn != day(c.on) || after.Version != 4 || step.Action != Component || step.Note != "444 COM on "+c.on) {
			t.Errorf("%s: became %+v, %+v", c.name, after, step)
		}
	}
	if after, _, changed, err := seen(mine, needs444, recorded).RecordComponent(alice, 2, "444", "COM", day("2026-03-01"), noon, sydney); err != nil || changed || after.Version != 3 {
		t.Errorf("again: %v, changed %t", err, changed)
	}
}

func TestReassign(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		seen             Seen
		officer          Officer
		version          int
		assignee, office string
		kind             fault.Kind
		reason           string
		wantAssignee     string
		wantOffice       string
	}{
		{"to an officer", seen(), sue, 3, "bob", "", 0, "", "bob", "QLD1"},
		{"from one who investigates", seen(investigatedBy("alice")), sue, 3, "bob", "", 0, "", "bob", "QLD1"},
		{"to an office", seen(investigatedBy("alice")), sue, 3, "", "NT2", 0, "", "", "NT2"},
		{"to both", seen(), sue, 3, "bob", "NT2", 0, "", "bob", "NT2"},
		{"from whoever has it", seen(assigned("bob")), sue, 3, "", "", 0, "", "", "QLD1"},
		{"a workflow's", seen(workflow), sue, 3, "bob", "", 0, "", "bob", "QLD1"},
		{"nowhere", seen(), sue, 3, "", "QLD1", fault.Invalid, "FIELD_INVALID", "", ""},
		{"by no supervisor", seen(), bob, 3, "alice", "", fault.Denied, "SUPERVISOR_REQUIRED", "", ""},
		{"another version", seen(), sue, 2, "bob", "", fault.Conflict, "ITEM_CHANGED", "", ""},
		{"completed", seen(ended(Completed)), sue, 3, "bob", "", fault.Precondition, "ITEM_CLOSED", "", ""},
	} {
		after, step, changed, err := c.seen.Reassign(c.officer, c.version, c.assignee, c.office, "bob knows the family", noon)
		check(t, c.name, err, c.kind, c.reason)
		if err == nil && (!changed || after.Status != Open || after.Assignee != c.wantAssignee || after.Office != c.wantOffice || after.StartedAt != nil ||
			after.Version != 4 || step.Action != Reassigned || step.Note != "bob knows the family" || step.Actor != "officer:sue") {
			t.Errorf("%s: became %+v, %+v", c.name, after, step)
		}
	}
	if _, _, changed, err := seen(assigned("bob")).Reassign(sue, 2, "bob", "", "bob is on leave", noon); err != nil || changed {
		t.Errorf("again: %v, changed %t", err, changed)
	}
	_, _, _, err := seen(assigned("bob")).Reassign(sue, 2, "bob", "", "another reason", noon)
	check(t, "again for another reason", err, fault.Conflict, "ITEM_CHANGED")
}

func TestFollowUpEndsOnce(t *testing.T) {
	t.Parallel()
	f := FollowUp{ID: clock.NewID(noon), CRN: "123456789A", Title: "Ring the school", Status: FollowUpOpen, CreatedBy: "officer:alice", CreatedAt: noon}
	after, changed, err := f.End(alice, FollowUpCompleted, "rang the school", noon)
	if err != nil || !changed || after.Status != FollowUpCompleted || after.ClosedBy != "officer:alice" || !after.ClosedAt.Equal(noon) {
		t.Fatalf("%+v, %t, %v", after, changed, err)
	}
	if _, changed, err := after.End(alice, FollowUpCompleted, "rang the school", noon); err != nil || changed {
		t.Errorf("again: %t, %v", changed, err)
	}
	_, _, err = after.End(bob, FollowUpCompleted, "rang the school", noon)
	check(t, "by another", err, fault.Precondition, "ACTIVITY_CLOSED", "officer:alice", "completed")
	_, _, err = after.End(alice, FollowUpCancelled, "rang the school", noon)
	check(t, "cancel what is completed", err, fault.Precondition, "ACTIVITY_CLOSED")
}
