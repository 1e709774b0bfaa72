package workitems_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

const goodNote = "rang the customer, rent expense lowered"

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	id := d.place(placed{})
	auditor := d.as("audrey", "auditor")
	if _, err := auditor.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{}); err != nil {
		t.Errorf("an auditor reads: %v", err)
	}
	_, err := auditor.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1})
	refusedAs(t, "an auditor acts", err, fault.Denied, "METHOD_DENIED")
	_, err = d.as("ada", "administrator").SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{})
	refusedAs(t, "an administrator reads", err, fault.Denied, "METHOD_DENIED")
	_, err = d.as("olive", "officer", "contact-officer").ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{
		WorkItemId: id, Version: 1, Assignee: "bob", Reason: "bob knows the family",
	})
	refusedAs(t, "an officer moves an item", err, fault.Denied, "METHOD_DENIED")
}

func TestEveryCodeIsActionedByItsOfficersOnly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	answer, err := d.as("olive", "officer").ListCatalogue(ctx, &workitemv1.ListCatalogueRequest{})
	if err != nil || len(answer.GetEntries()) != 44 {
		t.Fatalf("%d entries, %v", len(answer.GetEntries()), err)
	}
	clients := map[string]workitemv1.WorkItemServiceClient{}
	for _, role := range []string{"officer", "contact-officer", "impact-officer"} {
		clients[role] = d.as("of-"+role, role)
	}
	may := map[workitemv1.ActionedBy]string{2: "contact-officer", 3: "impact-officer"}
	for _, e := range answer.GetEntries() {
		for role, client := range clients {
			id := d.place(placed{code: e.GetCode()})
			_, err := client.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1})
			switch {
			case e.GetActionedBy() == workitemv1.ActionedBy_ACTIONED_BY_ANY || may[e.GetActionedBy()] == role:
				if err != nil {
					t.Errorf("%s by %s: %v", e.GetCode(), role, err)
				}
			default:
				refusedAs(t, e.GetCode()+" by "+role, err, fault.Denied, "ROLE_REQUIRED", e.GetCode())
			}
		}
	}
}

func TestWhatCompletionNeeds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	alice, bob := d.as("alice", "officer"), d.as("bob", "contact-officer")
	complete := func(c workitemv1.WorkItemServiceClient, id string, version int32, note string) error {
		_, err := c.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: version, ActionId: newAction(), Note: note})
		return err
	}
	id := d.place(placed{})
	refusedAs(t, "not investigated", complete(alice, id, 1, goodNote), fault.Precondition, "INVESTIGATION_REQUIRED")
	version := d.investigate(alice, id)
	for _, note := range []string{"", "   ", "short", "no action required", "done done done", "..............", "N/A - not applicable"} {
		f := refusedAs(t, fmt.Sprintf("note %q", note), complete(alice, id, version, note), fault.Invalid, "FIELD_INVALID", "note")
		if len(f.Fields) != 1 || f.Fields[0].Path != "note" {
			t.Errorf("note %q: fields %v", note, f.Fields)
		}
	}
	f := refusedAs(t, "another's", complete(bob, id, version, goodNote), fault.Conflict, "CLAIMED_BY_OTHER", "alice", "2026-03-01T23:00:00Z")
	if f.Meta["assignee"] != "alice" || f.Meta["since"] != "2026-03-01T23:00:00Z" {
		t.Errorf("told %v", f.Meta)
	}
	refusedAs(t, "another version", complete(alice, id, version-1, goodNote), fault.Conflict, "ITEM_CHANGED")
	refusedAs(t, "an unknown item", complete(alice, newAction(), 1, goodNote), fault.NotFound, "WORK_ITEM_NOT_FOUND")
	if err := complete(alice, id, version, goodNote); err != nil {
		t.Fatal(err)
	}
	refusedAs(t, "completed", complete(alice, id, version+1, goodNote), fault.Precondition, "ITEM_CLOSED", "officer:alice", "2026-03-01T23:00:00Z")
	refusedAs(t, "completed, by another", complete(bob, id, version+1, goodNote), fault.Precondition, "ITEM_CLOSED", "officer:alice")

	offer := d.place(placed{code: "I551Q1"})
	version = d.investigate(alice, offer)
	refusedAs(t, "a workflow's", complete(alice, offer, version, goodNote), fault.Precondition, "WORKFLOW_ONLY", "I551Q1", "service offer workflow")

	balance := d.place(placed{code: "I098Q1"})
	version = d.investigate(alice, balance)
	refusedAs(t, "without component", complete(alice, balance, version, goodNote), fault.Precondition, "SERVICE_COMPONENT_MISSING", "444")
	component := &workitemv1.RecordServiceComponentRequest{WorkItemId: balance, Version: version, Number: "444", Status: "COM", On: "2026-03-03"}
	_, err := alice.RecordServiceComponent(ctx, component)
	refusedAs(t, "component done tomorrow", err, fault.Invalid, "FIELD_INVALID", "on:")
	component.On = "2026-02-30"
	_, err = alice.RecordServiceComponent(ctx, component)
	refusedAs(t, "component done on no day", err, fault.Invalid, "FIELD_INVALID", "on:")
	component.On = "2026-03-02"
	for range 2 { // recording the same again changes nothing
		answer, err := alice.RecordServiceComponent(ctx, component)
		if err != nil || !answer.GetWorkItem().GetServiceComponentRecorded() || answer.GetWorkItem().GetVersion() != version+1 {
			t.Fatalf("component: %v, %v", answer, err)
		}
	}
	if err := complete(alice, balance, version+1, "rang the customer about the balance"); err != nil {
		t.Error(err)
	}
}

func TestTheSameNoteForOneItemAfterTheOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	alice, bob := d.as("alice", "officer"), d.as("bob", "officer")
	complete := func(c workitemv1.WorkItemServiceClient, note string) error {
		id := d.place(placed{})
		_, err := c.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: d.investigate(c, id), ActionId: newAction(), Note: note})
		return err
	}
	for i, note := range []string{goodNote, "Rang the customer: rent expense lowered!", "RANG the customer rent expense lowered"} {
		if err := complete(alice, note); err != nil {
			t.Fatalf("completion %d: %v", i+1, err)
		}
		d.clock.Advance(time.Hour)
	}
	refusedAs(t, "the fourth", complete(alice, goodNote), fault.Invalid, "FIELD_INVALID", "note", "3 completions")
	if err := complete(bob, goodNote); err != nil {
		t.Errorf("another officer: %v", err)
	}
	if err := complete(alice, goodNote+" to $250"); err != nil {
		t.Errorf("another note: %v", err)
	}
	d.clock.Advance(21*time.Hour + time.Second) // the first was 24 hours ago
	if err := complete(alice, goodNote); err != nil {
		t.Errorf("the day after: %v", err)
	}
}

func TestItemsAreNotMovedInBulk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	sue := d.as("sue", "supervisor")
	move := func(reason string) error {
		_, err := sue.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: d.place(placed{}), Version: 1, Assignee: "bob", Reason: reason})
		return err
	}
	refusedAs(t, "without a reason", move(" "), fault.Invalid, "FIELD_INVALID", "reason")
	refusedAs(t, "without much of a reason", move("as needed, done"), fault.Invalid, "FIELD_INVALID", "reason")
	for i := range 5 {
		if err := move("alice is on leave"); err != nil {
			t.Fatalf("item %d: %v", i+1, err)
		}
	}
	refusedAs(t, "the sixth", move("Alice is on leave."), fault.Precondition, "REASON_PER_ITEM")
	if err := move("bob speaks the customer's language"); err != nil {
		t.Errorf("another reason: %v", err)
	}
	d.clock.Advance(time.Hour)
	if err := move("alice is on leave"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	_, err := sue.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: d.place(placed{}), Version: 1, Assignee: "bob smith", Reason: "bob knows the family"})
	refusedAs(t, "to nobody's id", err, fault.Invalid, "FIELD_INVALID", "assignee")
}
