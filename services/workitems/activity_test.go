package workitems_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

func followUp(changes ...func(*workitemv1.CreateFollowUpRequest)) *workitemv1.CreateFollowUpRequest {
	r := &workitemv1.CreateFollowUpRequest{
		Crn: "123456789A", ActivityId: newAction(), Title: "Ask the school about meals", Keywords: []string{"EIMEND", "EIMUTL"}, MaturesOn: "2026-03-09",
	}
	for _, c := range changes {
		c(r)
	}
	return r
}

func TestAFollowUpFromCreatedToCompleted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	d.customer("123456789A", "QLD1", false)
	alice := d.as("alice", "officer")
	r := followUp()
	first, err := alice.CreateFollowUp(ctx, r)
	a := first.GetActivity()
	if err != nil || a.GetKind() != workitemv1.ActivityKind_ACTIVITY_KIND_FOLLOW_UP || a.GetStatus() != workitemv1.ActivityStatus_ACTIVITY_STATUS_OPEN ||
		a.GetOffice() != "QLD1" || a.GetMaturesOn() != "2026-03-09" || !slices.Equal(a.GetKeywords(), r.GetKeywords()) {
		t.Fatalf("created %v, %v", first, err)
	}
	d.clock.Advance(10 * 24 * time.Hour) // the day is over, the repetition is one all the same
	if again, err := alice.CreateFollowUp(ctx, r); err != nil || !proto.Equal(again, first) {
		t.Errorf("repeated: %v, %v", again, err)
	}
	other := proto.Clone(r).(*workitemv1.CreateFollowUpRequest)
	other.Title = "Ask somebody else"
	_, err = alice.CreateFollowUp(ctx, other)
	refusedAs(t, "its id for another", err, fault.Precondition, "ACTIVITY_ID_REUSED")
	_, err = alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: r.GetActivityId(), Note: "done"})
	refusedAs(t, "without a note", err, fault.Invalid, "FIELD_INVALID", "note")
	for range 2 {
		done, err := alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: r.GetActivityId(), Note: "the school confirmed the fees"})
		if err != nil || done.GetActivity().GetStatus() != workitemv1.ActivityStatus_ACTIVITY_STATUS_COMPLETED || done.GetActivity().GetClosedAt() == nil {
			t.Fatalf("completed %v, %v", done, err)
		}
	}
	_, err = alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: r.GetActivityId(), Reason: "the customer left the school"})
	refusedAs(t, "cancel what is completed", err, fault.Precondition, "ACTIVITY_CLOSED", "officer:alice", "completed")

	second := followUp()
	second.MaturesOn = "2026-03-20"
	if _, err := alice.CreateFollowUp(ctx, second); err != nil {
		t.Fatal(err)
	}
	_, err = alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: second.GetActivityId(), Reason: "n/a"})
	refusedAs(t, "without a reason", err, fault.Invalid, "FIELD_INVALID", "reason")
	gone, err := alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: second.GetActivityId(), Reason: "the customer left the school"})
	if err != nil || gone.GetActivity().GetStatus() != workitemv1.ActivityStatus_ACTIVITY_STATUS_CANCELLED {
		t.Errorf("cancelled %v, %v", gone, err)
	}
}

func TestAFollowUpThatCannotBe(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	d.customer("123456789A", "QLD1", false)
	item := d.place(placed{})
	alice := d.as("alice", "officer")
	for _, c := range []struct {
		name   string
		change func(*workitemv1.CreateFollowUpRequest)
		kind   fault.Kind
		reason string
	}{
		{"an unknown customer", func(r *workitemv1.CreateFollowUpRequest) { r.Crn = "999999999Z" }, fault.NotFound, "CUSTOMER_NOT_FOUND"},
		{"a day gone by", func(r *workitemv1.CreateFollowUpRequest) { r.MaturesOn = "2026-03-01" }, fault.Invalid, "FIELD_INVALID"},
		{"no day", func(r *workitemv1.CreateFollowUpRequest) { r.MaturesOn = "2026-02-30" }, fault.Invalid, "FIELD_INVALID"},
		{"the id of a work item", func(r *workitemv1.CreateFollowUpRequest) { r.ActivityId = item }, fault.Precondition, "ACTIVITY_ID_REUSED"},
	} {
		_, err := alice.CreateFollowUp(ctx, followUp(c.change))
		refusedAs(t, c.name, err, c.kind, c.reason)
	}
	if n := d.number("SELECT count(*) FROM follow_up"); n != 0 {
		t.Errorf("%d follow-ups", n)
	}
	_, err := alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: item, Reason: "the customer left the school"})
	refusedAs(t, "cancel an INM/ACT", err, fault.Precondition, "ACTIVITY_CANNOT_BE_CANCELLED")
	_, err = alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: item, Note: "the school confirmed the fees"})
	refusedAs(t, "complete an INM/ACT", err, fault.Precondition, "WORK_ITEM_ACTIVITY")
	_, err = alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: newAction(), Reason: "the customer left the school"})
	refusedAs(t, "cancel what is not there", err, fault.NotFound, "ACTIVITY_NOT_FOUND")
	if w := d.get(item).GetWorkItem(); w.GetStatus() != workitemv1.WorkItemStatus_WORK_ITEM_STATUS_OPEN || w.GetVersion() != 1 {
		t.Errorf("the item became %v", w)
	}
}

func TestOneFollowUpCreatedAtOnceIsOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.customer("123456789A", "QLD1", false)
	alice := d.as("alice", "officer")
	r := followUp()
	var wait sync.WaitGroup
	results := make([]error, 8)
	for n := range results {
		wait.Go(func() { _, results[n] = alice.CreateFollowUp(context.Background(), r) })
	}
	wait.Wait()
	for _, err := range results {
		if err != nil {
			t.Error(err)
		}
	}
	if n := d.number("SELECT count(*) FROM follow_up"); n != 1 {
		t.Errorf("%d follow-ups", n)
	}
}

func TestTheActivityListIsNewestFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	d.customer("123456789A", "QLD1", false)
	d.customer("223456789A", "QLD1", false)
	alice := d.as("alice", "officer")
	want := map[string]string{}
	for n := range 60 {
		d.clock.Advance(time.Duration(n%3) * time.Hour) // some at one moment
		kind := "INM/ACT OPEN"
		var id string
		if n%3 == 0 {
			r := followUp(func(r *workitemv1.CreateFollowUpRequest) {
				r.MaturesOn, r.ActivityId = "2026-12-01", clock.NewID(d.clock.Now()).String()
			})
			if _, err := alice.CreateFollowUp(ctx, r); err != nil {
				t.Fatal(err)
			}
			kind, id = "MFU OPEN", r.GetActivityId()
		} else {
			id = d.place(placed{at: d.clock.Now()})
		}
		if n%10 == 1 && n%3 > 0 {
			if _, err := alice.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{
				WorkItemId: id, Version: d.investigate(alice, id), ActionId: newAction(), Note: fmt.Sprint("rang the customer about item ", n),
			}); err != nil {
				t.Fatal(err)
			}
			kind = "INM/ACT COMPLETED"
		}
		want[id] = kind
	}
	d.place(placed{crn: "223456789A"})
	r := &workitemv1.ListActivitiesRequest{Crn: "123456789A", PageSize: 7}
	got := map[string]string{}
	var last time.Time
	for {
		page, err := alice.ListActivities(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.GetActivities() {
			at := a.GetCreatedAt().AsTime()
			if !last.IsZero() && at.After(last) {
				t.Errorf("%s after %s", at, last)
			}
			last = at
			kind := map[workitemv1.ActivityKind]string{1: "INM/ACT ", 2: "MFU "}[a.GetKind()] + map[workitemv1.ActivityStatus]string{1: "OPEN", 2: "COMPLETED", 3: "CANCELLED"}[a.GetStatus()]
			if _, twice := got[a.GetActivityId()]; twice {
				t.Errorf("%s twice", a.GetActivityId())
			}
			got[a.GetActivityId()] = kind
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d activities, want %d: %v", len(got), len(want), got)
	}
}
