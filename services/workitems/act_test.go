package workitems_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

func TestAnItemFromRaisedToCompleted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	id := d.place(placed{code: "I097Q1", value: "2026-03-09", office: "QLD1", measure: 2})
	alice := d.as("alice", "officer")
	started, err := alice.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	w := started.GetWorkItem()
	if w.GetStatus() != workitemv1.WorkItemStatus_WORK_ITEM_STATUS_INVESTIGATING || w.GetAssignee() != "alice" || w.GetVersion() != 2 ||
		w.GetOffice() != "QLD1" || w.GetMeasure() != 2 || !strings.Contains(w.GetTitle(), "starting 2026-03-09") || w.GetDueOn() == "" {
		t.Errorf("investigated: %v", w)
	}
	again, err := alice.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1})
	if err != nil || again.GetWorkItem().GetVersion() != 2 {
		t.Errorf("again: %v, %v", again, err)
	}
	d.clock.Advance(time.Hour)
	request := &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: 2, ActionId: newAction(), Note: "  " + goodNote + "\n"}
	first, err := alice.CompleteWorkItem(ctx, request)
	if err != nil || first.GetWorkItem().GetStatus() != workitemv1.WorkItemStatus_WORK_ITEM_STATUS_COMPLETED || first.GetWorkItem().GetVersion() != 3 {
		t.Fatalf("completed: %v, %v", first, err)
	}
	d.clock.Advance(time.Hour)
	second, err := alice.CompleteWorkItem(ctx, request)
	if err != nil || !proto.Equal(first, second) {
		t.Errorf("repeated: %v, %v", second, err)
	}
	other := proto.Clone(request).(*workitemv1.CompleteWorkItemRequest)
	other.Note = "something else was done"
	_, err = alice.CompleteWorkItem(ctx, other)
	refusedAs(t, "the action's id for another note", err, fault.Precondition, "ACTION_ID_REUSED")
	_, err = d.as("bob", "officer").CompleteWorkItem(ctx, request)
	refusedAs(t, "the action's id of another officer", err, fault.Precondition, "ACTION_ID_REUSED")
	next := d.place(placed{})
	_, err = alice.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: next, Version: d.investigate(alice, next), ActionId: request.GetActionId(), Note: goodNote})
	refusedAs(t, "the action's id for another item", err, fault.Precondition, "ACTION_ID_REUSED")

	detail := d.get(id)
	var history []string
	for _, h := range detail.GetHistory() {
		history = append(history, fmt.Sprintf("%d %s %s %q", h.GetVersion(), h.GetAction(), h.GetActor(), h.GetNote()))
	}
	if got, want := strings.Join(history, "; "), `1 raised system ""; 2 investigation officer:alice ""; 3 completed officer:alice "`+goodNote+`"`; got != want {
		t.Errorf("history %s, want %s", got, want)
	}
	if detail.GetActionRequired() == "" {
		t.Error("nothing says what must be done")
	}
	events := d.events()
	if len(events) != 1 || len(d.told) != 1 {
		t.Fatalf("%d events, %d handed over", len(events), len(d.told))
	}
	closed := events[0].GetWorkItemClosed()
	if closed.GetOfficerId() != "alice" || closed.GetCode() != "I097Q1" || closed.GetCrn() != "123456789A" || len(closed.GetClosingEventId()) != 0 ||
		!events[0].GetOccurredAt().AsTime().Equal(first.GetWorkItem().GetClosedAt().AsTime()) {
		t.Errorf("told %v", events[0])
	}
}

func TestTwoOfficersActAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	clients := make([]workitemv1.WorkItemServiceClient, 8)
	for n := range clients {
		clients[n] = d.as(fmt.Sprint("officer", n), "officer")
	}
	for round := range 5 {
		id := d.place(placed{})
		results := make([]error, len(clients))
		var wait sync.WaitGroup
		for n, c := range clients {
			wait.Go(func() {
				_, results[n] = c.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1})
			})
		}
		wait.Wait()
		winner := -1
		for n, err := range results {
			if err == nil && winner >= 0 {
				t.Fatalf("round %d: officers %d and %d both have it", round, winner, n)
			}
			if err == nil {
				winner = n
			}
		}
		for n, err := range results {
			if n != winner {
				refusedAs(t, "the loser", err, fault.Conflict, "CLAIMED_BY_OTHER", fmt.Sprint("officer", winner))
			}
		}
		// The winner in two windows: one action each, one of them wins.
		actions := []string{newAction(), newAction()}
		for n := range results {
			wait.Go(func() {
				_, results[n] = clients[winner].CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{
					WorkItemId: id, Version: 2, ActionId: actions[n%2], Note: fmt.Sprint(goodNote, " by ", round),
				})
			})
		}
		wait.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else {
				refusedAs(t, "the other window", err, fault.Precondition, "ITEM_CLOSED", fmt.Sprint("officer", winner))
			}
		}
		if won != len(results)/2 {
			t.Errorf("round %d: %d calls succeeded, want those of one window", round, won)
		}
	}
	if n := d.number("SELECT count(*) FROM work_item_step WHERE action = 'completed'"); n != 5 {
		t.Errorf("%d completions of 5 items", n)
	}
	if n := len(d.events()); n != 5 {
		t.Errorf("%d events of 5 items", n)
	}
}

func TestTheSameNoteAtOnceIsCountedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	alice := d.as("alice", "officer")
	ids := make([]string, 8)
	for n := range ids {
		ids[n] = d.place(placed{})
		d.investigate(alice, ids[n])
	}
	var wait sync.WaitGroup
	results := make([]error, len(ids))
	for n, id := range ids {
		wait.Go(func() {
			_, results[n] = alice.CompleteWorkItem(context.Background(), &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: 2, ActionId: newAction(), Note: goodNote})
		})
	}
	wait.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else {
			refusedAs(t, "one too many", err, fault.Invalid, "FIELD_INVALID", "note")
		}
	}
	if won != 3 {
		t.Errorf("%d completions with one note, want 3", won)
	}
}

func TestReassignmentTakesTheItemFromItsOfficer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	alice, bob, sue := d.as("alice", "officer"), d.as("bob", "officer"), d.as("sue", "supervisor")
	id := d.place(placed{office: "QLD1"})
	d.investigate(alice, id)
	request := &workitemv1.ReassignWorkItemRequest{WorkItemId: id, Version: 2, Assignee: "bob", Reason: "bob knows the family"}
	for range 2 { // moving it again by the same call changes nothing
		moved, err := sue.ReassignWorkItem(ctx, request)
		if w := moved.GetWorkItem(); err != nil || w.GetAssignee() != "bob" || w.GetStatus() != workitemv1.WorkItemStatus_WORK_ITEM_STATUS_OPEN || w.GetVersion() != 3 || w.GetInvestigationStartedAt() != nil {
			t.Fatalf("moved: %v, %v", moved, err)
		}
	}
	_, err := alice.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 3})
	refusedAs(t, "whom it was taken from", err, fault.Conflict, "CLAIMED_BY_OTHER", "assigned", "bob")
	mine, err := bob.ListMyWorkItems(ctx, &workitemv1.ListMyWorkItemsRequest{})
	if err != nil || len(mine.GetWorkItems()) != 1 || mine.GetWorkItems()[0].GetWorkItemId() != id {
		t.Errorf("bob's: %v, %v", mine, err)
	}
	moved, err := sue.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: id, Version: 3, Office: "NT2", Reason: "the customer moved to the Territory"})
	if w := moved.GetWorkItem(); err != nil || w.GetAssignee() != "" || w.GetOffice() != "NT2" {
		t.Fatalf("moved to an office: %v, %v", moved, err)
	}
	counts, err := sue.CountWorkItems(ctx, &workitemv1.CountWorkItemsRequest{})
	if err != nil || len(counts.GetCounts()) != 1 || counts.GetCounts()[0].GetOffice() != "NT2" || counts.GetCounts()[0].GetOpen() != 1 {
		t.Errorf("counts %v, %v", counts, err)
	}
	if counts, err = sue.CountWorkItems(ctx, &workitemv1.CountWorkItemsRequest{Office: "QLD1"}); err != nil || len(counts.GetCounts()) != 0 {
		t.Errorf("counts of the office it left: %v, %v", counts, err)
	}
	d.investigate(alice, id)
	if d.number("SELECT count(*) FROM outbox") != 0 {
		t.Error("moving it was told as its end")
	}
}

// An officer's replica whose clock is behind the one that raised the item, or
// that another officer used, writes no step before theirs.
func TestHistoriesRunForwardWhateverTheClocks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, alice := d.place(placed{}), d.as("alice", "officer")
	version := d.investigate(alice, id)
	d.clock.Advance(-time.Hour)
	if _, err := alice.CompleteWorkItem(context.Background(), &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: version, ActionId: newAction(), Note: goodNote}); err != nil {
		t.Fatal(err)
	}
	history := d.get(id).GetHistory()
	for i := 1; i < len(history); i++ {
		if history[i].GetAt().AsTime().Before(history[i-1].GetAt().AsTime()) {
			t.Errorf("step %d is of %s, the one before of %s", i+1, history[i].GetAt().AsTime(), history[i-1].GetAt().AsTime())
		}
	}
}
