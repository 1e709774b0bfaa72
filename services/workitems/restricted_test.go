package workitems_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// secret is in whatever the desk keeps of a restricted record.
const secret = "Tallulah"

// secretive is a desk with a restricted customer's items, completed by the
// keeper (done) and open, and the keeper's follow-up.
func secretive(t *testing.T) (d *desk, keeper workitemv1.WorkItemServiceClient, done, open, followUp string) {
	t.Helper()
	d = newDesk(t)
	ctx := context.Background()
	d.customer("123456789A", "QLD1", true)
	done = d.place(placed{code: "I542Q1", value: secret, office: "QLD1", measure: 2})
	keeper = d.as("rao", "restricted-access-officer")
	d.investigate(keeper, done)
	if _, err := keeper.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: done, Version: 2, ActionId: newAction(), Note: "School meals for " + secret}); err != nil {
		t.Fatal(err)
	}
	open = d.place(placed{code: "I542Q1", value: secret, office: "QLD1", measure: 2})
	followUp = newAction()
	if _, err := keeper.CreateFollowUp(ctx, &workitemv1.CreateFollowUpRequest{
		Crn: "123456789A", ActivityId: followUp, Title: "Ring " + secret + "'s school", Keywords: []string{strings.ToUpper(secret)}, MaturesOn: "2026-03-09",
	}); err != nil {
		t.Fatal(err)
	}
	return d, keeper, done, open, followUp
}

func TestARestrictedRecordsItemsTellNothing(t *testing.T) {
	t.Parallel()
	d, keeper, done, open, _ := secretive(t)
	ctx := context.Background()
	texts := func(c workitemv1.WorkItemServiceClient) string {
		t.Helper()
		var all []string
		see := func(m proto.Message, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(m))
		}
		see(c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Crn: "123456789A", State: workitemv1.State_STATE_ALL}))
		see(c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Office: "QLD1"}))
		see(c.ListCustomerWorkItems(ctx, &workitemv1.ListCustomerWorkItemsRequest{Crn: "123456789A", IncludeClosed: true}))
		see(c.ListActivities(ctx, &workitemv1.ListActivitiesRequest{Crn: "123456789A"}))
		see(c.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: done}))
		see(c.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: open}))
		for _, text := range all {
			if !strings.Contains(text, "123456789A") && !strings.Contains(text, "of a restricted record") { // auditors are shown no CRN
				t.Errorf("that there are items is hidden, too: %s", text)
			}
		}
		return strings.Join(all, "\n")
	}
	telling := []string{secret, strings.ToUpper(secret), "I542Q1", "MEASURE_", "due_on", "matures_on", "School", "school"}
	full := texts(keeper)
	for _, word := range telling {
		if !strings.Contains(full, word) {
			t.Errorf("the Restricted Access officer does not see %s", word)
		}
	}
	for _, who := range []string{"officer", "contact-officer", "impact-officer", "social-worker", "social-work-manager", "supervisor", "auditor"} {
		text := texts(d.as("alice", who))
		for _, word := range telling {
			if strings.Contains(text, word) {
				t.Errorf("a person with role %s sees %s in %s", who, word, text)
			}
		}
	}
}

// Nor do filters and counts tell what is hidden.
func TestFiltersAndCountsTellNothingOfARestrictedRecord(t *testing.T) {
	t.Parallel()
	d, keeper, _, _, _ := secretive(t)
	ctx := context.Background()
	d.place(placed{crn: "200000000B", code: "I542Q1", office: "QLD1", measure: 2})
	alice := d.as("alice", "officer")
	found := func(c workitemv1.WorkItemServiceClient, r *workitemv1.SearchWorkItemsRequest) int {
		t.Helper()
		r.State, r.Count = workitemv1.State_STATE_ALL, true
		page, err := c.SearchWorkItems(ctx, r)
		if err != nil || page.GetTotal().GetItems() != int64(len(page.GetWorkItems())) {
			t.Fatalf("%v, %v", page, err)
		}
		return len(page.GetWorkItems())
	}
	group := workitemv1.Group(0)
	for _, e := range d.catalogue() {
		if e.GetCode() == "I542Q1" {
			group = e.GetGroup()
		}
	}
	for i, r := range []*workitemv1.SearchWorkItemsRequest{
		{Codes: []string{"I542Q1"}}, {Codes: []string{"I542Q1"}, Office: "QLD1"}, {Group: group}, {Measure: 2}, {Measure: 2, Crn: "200000000B"}, {Codes: []string{"I542Q1", "I070Q1"}},
	} {
		if all, some := found(keeper, r), found(alice, r); some != 1 || (all != 3 && r.GetCrn() == "") {
			t.Errorf("search %d finds %d for the Restricted Access officer and %d for an officer", i, all, some)
		}
	}
	if n := found(alice, &workitemv1.SearchWorkItemsRequest{Codes: []string{"I542Q1"}, Crn: "123456789A"}); n != 0 {
		t.Errorf("asking for the code finds %d", n)
	}
	for c, want := range map[workitemv1.WorkItemServiceClient]int64{alice: 1, keeper: 2} {
		for _, office := range []string{"", "QLD1"} {
			counts, err := c.CountWorkItems(ctx, &workitemv1.CountWorkItemsRequest{Office: office})
			if err != nil || len(counts.GetCounts()) != 1 || counts.GetCounts()[0].GetOpen() != want {
				t.Errorf("counted %v, %v; want %d", counts, err, want)
			}
		}
	}
}

// What nobody else may see nobody else may action; the Restricted Access officer
// may, whatever other role the item is for. A supervisor moves it unseen.
func TestOnlyTheRestrictedAccessOfficerActionsARestrictedRecordsItems(t *testing.T) {
	t.Parallel()
	d, keeper, _, open, followUp := secretive(t)
	ctx := context.Background()
	alice := d.as("alice", "officer", "contact-officer", "impact-officer")
	refused := func(what string, err error) {
		t.Helper()
		refusedAs(t, what, err, fault.Denied, "RESTRICTED_ACCESS")
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := alice.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: open, Version: 1})
	refused("investigated", err)
	_, err = alice.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: open, Version: 1, ActionId: newAction(), Note: goodNote})
	refused("completed", err)
	_, err = alice.RecordServiceComponent(ctx, &workitemv1.RecordServiceComponentRequest{WorkItemId: open, Version: 1, Number: "444", Status: "COM", On: "2026-03-01"})
	refused("recorded", err)
	_, err = alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: followUp, Note: goodNote})
	refused("follow-up completed", err)
	_, err = alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: followUp, Reason: goodNote})
	refused("follow-up cancelled", err)

	moved, err := d.as("boss", "supervisor").ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: open, Version: 1, Assignee: "rao", Reason: "to whom may see the record"})
	if err != nil || moved.GetWorkItem().GetCode() != "" || moved.GetWorkItem().GetAssignee() != "rao" {
		t.Errorf("moved: %v, %v", moved, err)
	}
	own := newAction()
	mine, err := alice.CreateFollowUp(ctx, &workitemv1.CreateFollowUpRequest{Crn: "123456789A", ActivityId: own, Title: "Ring back", MaturesOn: "2026-03-09"})
	if err != nil || mine.GetActivity().GetTitle() != "Ring back" {
		t.Errorf("an officer's own words: %v, %v", mine, err)
	}
	if _, err := alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: own, Note: goodNote}); err != nil {
		t.Error(err)
	}
	for _, code := range []string{"I289Q1", "I551Q1"} { // reserved for contact officers, and for its workflow
		id := d.place(placed{code: code})
		if _, err := keeper.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1}); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		_, err := d.as("rao", "restricted-access-officer").CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: 2, ActionId: newAction(), Note: goodNote + code})
		if code == "I551Q1" {
			refusedAs(t, code, err, fault.Precondition, "WORKFLOW_ONLY")
		} else if err != nil && !strings.Contains(err.Error(), "service component") {
			t.Errorf("%s: %v", code, err)
		}
	}
}
