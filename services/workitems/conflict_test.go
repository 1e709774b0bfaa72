package workitems_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

const (
	relative = "123456789A"
	stranger = "200000000B"
)

// everyRole is what somebody has who may do whatever an officer may.
var everyRole = []string{
	"contact-officer", "officer", "impact-officer", "restricted-access-officer", "social-worker", "social-work-manager", "supervisor",
}

// conflict declares that an officer must not see a record.
func (d *desk) conflict(officer, crn string) {
	d.t.Helper()
	d.exec("INSERT INTO conflict (officer_id, crn) VALUES ($1, $2)", officer, crn)
}

// related is a desk with items of alice's relative, one completed with a note, and
// of a stranger; both have a follow-up, and alice can do all that an officer can.
func related(t *testing.T) (d *desk, alice, bob workitemv1.WorkItemServiceClient, done, open, followUp string) {
	t.Helper()
	d = newDesk(t)
	ctx := context.Background()
	d.customer(relative, "QLD1", false)
	d.customer(stranger, "QLD1", false)
	bob = d.as("bob", "officer")
	done = d.place(placed{code: "I542Q1", value: secret, office: "QLD1", measure: 2})
	d.investigate(bob, done)
	if _, err := bob.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: done, Version: 2, ActionId: newAction(), Note: "School meals for " + secret}); err != nil {
		t.Fatal(err)
	}
	open = d.place(placed{code: "I542Q1", value: secret, office: "QLD1", measure: 2})
	d.place(placed{crn: stranger, code: "I542Q1", value: "Sample", office: "QLD1", measure: 2})
	followUp = newAction()
	for crn, id := range map[string]string{relative: followUp, stranger: newAction()} {
		if _, err := bob.CreateFollowUp(ctx, &workitemv1.CreateFollowUpRequest{
			Crn: crn, ActivityId: id, Title: "Ring " + secret + "'s school", Keywords: []string{strings.ToUpper(secret)}, MaturesOn: "2026-03-09",
		}); err != nil {
			t.Fatal(err)
		}
	}
	return d, d.as("alice", everyRole...), bob, done, open, followUp
}

// Of a record that is an officer's own or a relative's lists show what they show
// of a restricted one, and what names the customer is refused, in every role and
// restricted or not.
func TestAConflictOfInterestMasksItems(t *testing.T) {
	t.Parallel()
	for _, restricted := range []bool{false, true} {
		t.Run(fmt.Sprint("restricted ", restricted), func(t *testing.T) {
			t.Parallel()
			d, alice, bob, done, open, _ := related(t)
			ctx := context.Background()
			d.conflict("alice", relative)
			d.conflict("bob", "300000000C")
			d.exec("UPDATE customer SET restricted = $1 WHERE crn = $2", restricted, relative)
			var all []string
			see := func(m proto.Message, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, fmt.Sprint(m))
			}
			see(alice.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Office: "QLD1", Assignee: "-"}))
			see(alice.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: done}))
			see(alice.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: open}))
			d.exec("UPDATE work_item SET assignee = 'alice' WHERE id = $1", open)
			see(alice.ListMyWorkItems(ctx, &workitemv1.ListMyWorkItemsRequest{}))
			for i, text := range all {
				if !strings.Contains(text, "of a restricted record") || strings.Contains(text, secret) || i > 0 && strings.Contains(text, "I542Q1") {
					t.Errorf("answer %d: %s", i, text)
				}
			}
			page, err := alice.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Office: "QLD1", State: workitemv1.State_STATE_ALL, Count: true})
			if err != nil || len(page.GetWorkItems()) != 3 || page.GetTotal().GetItems() != 3 {
				t.Fatalf("found %v, %v", page, err)
			}
			for _, w := range page.GetWorkItems() {
				if (w.GetCode() == "") != (w.GetCrn() == relative) || (w.GetDueOn() == "") != (w.GetCrn() == relative) {
					t.Errorf("alice is shown %v", w)
				}
			}
			// Nobody else is kept from them.
			if got, err := bob.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: open}); err != nil || (got.GetWorkItem().GetCode() == "") != restricted {
				t.Errorf("bob is shown %v, %v", got, err)
			}
			_, err = alice.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Crn: relative})
			refusedAs(t, "search by CRN", err, fault.Denied, "CONFLICT_OF_INTEREST", "must not see")
			_, err = alice.ListCustomerWorkItems(ctx, &workitemv1.ListCustomerWorkItemsRequest{Crn: relative})
			refusedAs(t, "list of the customer", err, fault.Denied, "CONFLICT_OF_INTEREST", "must not see")
			_, err = alice.ListActivities(ctx, &workitemv1.ListActivitiesRequest{Crn: relative})
			refusedAs(t, "activities", err, fault.Denied, "CONFLICT_OF_INTEREST", "must not see")
			if list, err := alice.ListActivities(ctx, &workitemv1.ListActivitiesRequest{Crn: stranger}); err != nil || len(list.GetActivities()) != 2 {
				t.Errorf("the stranger's activities: %v, %v", list, err)
			}
		})
	}
}

// Filters by what is hidden, counts and totals leave the items out, once.
func TestFiltersAndCountsTellNothingOfAConflictingRecord(t *testing.T) {
	t.Parallel()
	d, alice, bob, _, _, _ := related(t)
	ctx := context.Background()
	numbers := func(c workitemv1.WorkItemServiceClient, found, open int64) {
		t.Helper()
		for i, r := range []*workitemv1.SearchWorkItemsRequest{{Codes: []string{"I542Q1"}}, {Codes: []string{"I542Q1"}, Office: "QLD1"}, {Measure: 2}, {Measure: 2, Assignee: "-"}} {
			r.State, r.Count = workitemv1.State_STATE_ALL, true
			want := found
			if r.GetAssignee() != "" { // bob has the completed one
				want = open
			}
			page, err := c.SearchWorkItems(ctx, r)
			if err != nil || int64(len(page.GetWorkItems())) != want || page.GetTotal().GetItems() != want {
				t.Errorf("search %d: %v, %v; want %d", i, page, err, want)
			}
		}
		for _, office := range []string{"", "QLD1"} {
			counts, err := c.CountWorkItems(ctx, &workitemv1.CountWorkItemsRequest{Office: office})
			if err != nil || len(counts.GetCounts()) != 1 || counts.GetCounts()[0].GetOpen() != open {
				t.Errorf("counted %v, %v; want %d", counts, err, open)
			}
		}
	}
	numbers(alice, 3, 2)
	d.conflict("alice", relative)
	numbers(alice, 1, 1)
	numbers(bob, 3, 2)
	d.exec("UPDATE customer SET restricted = true WHERE crn = $1", relative)
	numbers(alice, 1, 1)
	numbers(bob, 1, 1)
}

// Nothing of the customer's is changed by the officer, nor given to the officer.
func TestAConflictOfInterestShutsActions(t *testing.T) {
	t.Parallel()
	d, alice, bob, _, open, followUp := related(t)
	ctx := context.Background()
	own, mine := newAction(), &workitemv1.CreateFollowUpRequest{Crn: relative, Title: "Ring back", MaturesOn: "2026-03-09"}
	mine.ActivityId = own
	if _, err := alice.CreateFollowUp(ctx, mine); err != nil {
		t.Fatal(err)
	}
	d.conflict("alice", relative)
	for what, call := range map[string]func() error{
		"investigate": func() error {
			_, err := alice.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: open, Version: 1})
			return err
		},
		"complete": func() error {
			_, err := alice.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: open, Version: 1, ActionId: newAction(), Note: goodNote})
			return err
		},
		"record": func() error {
			_, err := alice.RecordServiceComponent(ctx, &workitemv1.RecordServiceComponentRequest{WorkItemId: open, Version: 1, Number: "444", Status: "COM", On: "2026-03-01"})
			return err
		},
		"reassign": func() error {
			_, err := alice.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: open, Version: 1, Assignee: "bob", Reason: "he knows the family well"})
			return err
		},
		"take": func() error {
			_, err := alice.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: open, Version: 1, Assignee: "alice", Reason: "I know the family well"})
			return err
		},
		"be given": func() error {
			_, err := d.as("boss", "supervisor").ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: open, Version: 1, Assignee: "alice", Reason: "she knows the family"})
			return err
		},
		"follow up": func() error {
			_, err := alice.CreateFollowUp(ctx, &workitemv1.CreateFollowUpRequest{Crn: relative, ActivityId: newAction(), Title: "Ring back", MaturesOn: "2026-03-09"})
			return err
		},
		"follow up again": func() error {
			_, err := alice.CreateFollowUp(ctx, mine)
			return err
		},
		"complete a follow-up": func() error {
			_, err := alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: followUp, Note: goodNote})
			return err
		},
		"complete an own follow-up": func() error {
			_, err := alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: own, Note: goodNote})
			return err
		},
		"cancel": func() error {
			_, err := alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: followUp, Reason: goodNote})
			return err
		},
	} {
		refusedAs(t, what, call(), fault.Denied, "CONFLICT_OF_INTEREST", "must not see")
	}
	if n := d.number("SELECT count(*) FROM work_item WHERE version > 1 AND status < 3") + d.number("SELECT count(*) FROM follow_up WHERE status > 1"); n != 0 {
		t.Errorf("%d things were changed", n)
	}
	d.investigate(bob, open)
}

// A watch of the customer is refused, and ends once the conflict is known; counts
// are told without the customer's items from then on.
func TestAConflictOfInterestEndsWatching(t *testing.T) {
	t.Parallel()
	d, alice, _, _, open, _ := related(t)
	request := &workitemv1.WatchWorkItemsRequest{Crn: relative}
	theirs, counts := d.watch(alice, request), d.watch(alice, &workitemv1.WatchWorkItemsRequest{WorkItemIds: []string{open}})
	his := d.watch(d.as("bob", "officer"), request)
	told := func(w *watching, what string, want int64) {
		t.Helper()
		m := w.next(what)
		if c := m.GetCounts().GetCounts(); len(c) != 1 || c[0].GetOpen() != want || m.GetCustomerChanged() {
			t.Errorf("%s: %v, want %d", what, m, want)
		}
	}
	told(theirs, "the customer's", 2)
	told(counts, "counts", 2)
	told(his, "bob's", 2)
	d.conflict("alice", relative)
	refusedAs(t, "the open watch", <-theirs.ends, fault.Denied, "CONFLICT_OF_INTEREST", "must not see")
	told(counts, "after the conflict", 1)
	his.silent("bob's, after the conflict")
	d.place(placed{crn: stranger, code: "I542Q1", office: "QLD1", measure: 2})
	told(counts, "the stranger's item", 2)
	told(his, "bob's, the stranger's item", 3)
	refusedAs(t, "another watch", <-d.watch(alice, request).ends, fault.Denied, "CONFLICT_OF_INTEREST", "must not see")
}

// What is told on the bus shuts the record, however often it is told, and
// whatever else is in the message.
func TestADeclaredConflictIsTakenFromTheBus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	id := clock.NewID(morning)
	declared := &eventv1.Event{Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_ConflictDeclared{ConflictDeclared: &eventv1.ConflictDeclared{Crn: r.crn(), OfficerId: "alice"}}}
	// Told before anything is known of the customer, twice.
	w.send(subject.Decided, []*eventv1.Event{declared}, []*eventv1.Event{declared})
	w.send(subject.Customer, r.events)
	w.settled()
	if n := w.count("conflict WHERE officer_id = 'alice'"); n != 1 {
		t.Fatalf("%d conflicts are kept", n)
	}
	_, err := w.alice().ListCustomerWorkItems(context.Background(), &workitemv1.ListCustomerWorkItemsRequest{Crn: r.crn()})
	refusedAs(t, "the customer's items", err, fault.Denied, "CONFLICT_OF_INTEREST")
}
