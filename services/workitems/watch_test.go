package workitems_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// watching is an open stream.
type watching struct {
	d    *desk
	told chan *workitemv1.WatchWorkItemsResponse
	ends chan error
	stop context.CancelFunc
}

// watch opens a stream.
func (d *desk) watch(c workitemv1.WorkItemServiceClient, r *workitemv1.WatchWorkItemsRequest) *watching {
	d.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	d.t.Cleanup(stop)
	s, err := c.WatchWorkItems(ctx, r)
	if err != nil {
		d.t.Fatal(err)
	}
	w := &watching{d: d, told: make(chan *workitemv1.WatchWorkItemsResponse, 100), ends: make(chan error, 1), stop: stop}
	go func() {
		for {
			m, err := s.Recv()
			if err != nil {
				w.ends <- err
				return
			}
			w.told <- m
		}
	}()
	return w
}

// next is what is told next; everything is told within a fraction of a second.
func (w *watching) next(what string) *workitemv1.WatchWorkItemsResponse {
	w.d.t.Helper()
	select {
	case m := <-w.told:
		return m
	case err := <-w.ends:
		w.d.t.Fatalf("%s: the stream ended with %v", what, err)
	case <-time.After(20 * time.Second):
		w.d.t.Fatalf("%s: nothing is told", what)
	}
	return nil
}

// silent checks that nothing is told for longer than a look takes.
func (w *watching) silent(what string) {
	w.d.t.Helper()
	select {
	case m := <-w.told:
		w.d.t.Errorf("%s: told %v", what, m)
	case err := <-w.ends:
		w.d.t.Errorf("%s: the stream ended with %v", what, err)
	case <-time.After(700 * time.Millisecond):
	}
}

// counts are what CountWorkItems answers.
func (d *desk) counts(c workitemv1.WorkItemServiceClient) *workitemv1.CountWorkItemsResponse {
	d.t.Helper()
	n, err := c.CountWorkItems(context.Background(), &workitemv1.CountWorkItemsRequest{})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestWatchingTellsWhatChanged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := context.Background()
	alice := d.as("alice", "officer")
	d.customer("123456789A", "QLD1", false)
	shown, other := d.place(placed{office: "QLD1"}), d.place(placed{crn: "200000000B", office: "NT2"})
	w := d.watch(alice, &workitemv1.WatchWorkItemsRequest{WorkItemIds: []string{shown, newAction()}, Crn: "123456789A"})
	first := w.next("first")
	if !proto.Equal(first.GetCounts(), d.counts(alice)) || len(first.GetCounts().GetCounts()) != 2 || len(first.GetChanged()) > 0 || first.GetCustomerChanged() {
		t.Errorf("first: %v", first)
	}
	w.silent("at first")
	// Another item of another customer, seen by nobody here: it is as open as before.
	d.investigate(d.as("bob", "officer"), other)
	w.silent("another item is investigated")
	// An item on the screen, and so of the customer.
	d.investigate(d.as("bob", "officer"), shown)
	m := w.next("investigated")
	if c := m.GetChanged(); len(c) != 1 || c[0].GetWorkItemId() != shown || c[0].GetVersion() != 2 || c[0].GetAssignee() != "bob" ||
		c[0].GetStatus() != workitemv1.WorkItemStatus_WORK_ITEM_STATUS_INVESTIGATING || m.GetCounts() != nil || !m.GetCustomerChanged() {
		t.Errorf("investigated: %v", m)
	}
	// A new item of somebody: one number more.
	d.place(placed{crn: "200000000B", office: "NT2"})
	if m = w.next("raised"); !proto.Equal(m.GetCounts(), d.counts(alice)) || len(m.GetChanged()) > 0 || m.GetCustomerChanged() {
		t.Errorf("raised: %v", m)
	}
	// The customer's activities.
	followUp := newAction()
	for what, act := range []func() error{
		func() error {
			_, err := alice.CreateFollowUp(ctx, &workitemv1.CreateFollowUpRequest{Crn: "123456789A", ActivityId: followUp, Title: "Ring back", MaturesOn: "2026-03-09"})
			return err
		},
		func() error {
			_, err := alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: followUp, Note: goodNote})
			return err
		},
		func() error { // what may be shown of them
			d.exec("UPDATE customer SET restricted = true WHERE crn = '123456789A'")
			return nil
		},
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
		if m = w.next(fmt.Sprint("activity ", what)); !m.GetCustomerChanged() || len(m.GetChanged()) > 0 || (what < 2) != (m.GetCounts() == nil) {
			t.Errorf("activity %d: %v", what, m)
		}
	}
	// Summing up the counts changes none.
	for range 13 {
		d.exec("INSERT INTO work_item_count (code, office, open) SELECT 'I070Q1', 'NT2', n % 2 * 2 - 1 FROM generate_series(1, 400) n")
	}
	if err := store.New(d.pool, auditor(t)).SumCounts(ctx, d.clock.Now()); err != nil || d.number("SELECT count(*) FROM work_item_count") > 100 {
		t.Errorf("not summed up: %v", err)
	}
	w.silent("summed up")
}

// A watch of a restricted record's customer is let in, as the list is, and tells
// as little; its items count for the Restricted Access officer only.
func TestWatchingTellsNothingOfARestrictedRecord(t *testing.T) {
	t.Parallel()
	d, keeper, _, open, _ := secretive(t)
	alice := d.as("alice", "officer")
	request := &workitemv1.WatchWorkItemsRequest{WorkItemIds: []string{open}, Crn: "123456789A"}
	hers, his := d.watch(alice, request), d.watch(keeper, request)
	if m := hers.next("hers"); m.GetCounts() == nil || len(m.GetCounts().GetCounts()) != 0 {
		t.Errorf("an officer is told %v", m)
	}
	if m := his.next("his"); len(m.GetCounts().GetCounts()) != 1 {
		t.Errorf("the Restricted Access officer is told %v", m)
	}
	if _, err := d.as("boss", "supervisor").ReassignWorkItem(context.Background(), &workitemv1.ReassignWorkItemRequest{
		WorkItemId: open, Version: 1, Assignee: "rao", Office: "NT2", Reason: "to whom may see the record",
	}); err != nil {
		t.Fatal(err)
	}
	m := hers.next("moved")
	if c := m.GetChanged(); len(c) != 1 || c[0].GetAssignee() != "rao" || !m.GetCustomerChanged() || m.GetCounts() != nil {
		t.Errorf("an officer is told %v", m)
	}
	if m = his.next("moved"); len(m.GetChanged()) != 1 || !proto.Equal(m.GetCounts(), d.counts(keeper)) {
		t.Errorf("the Restricted Access officer is told %v", m)
	}
}

func TestWatchesAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	alice := d.as("alice", "officer")
	var all []*watching
	for n := range 20 {
		w := d.watch(alice, &workitemv1.WatchWorkItemsRequest{})
		w.next(fmt.Sprint("stream ", n))
		all = append(all, w)
	}
	refused := func() error {
		s, err := alice.WatchWorkItems(context.Background(), &workitemv1.WatchWorkItemsRequest{})
		if err == nil {
			_, err = s.Recv()
		}
		return err
	}
	refusedAs(t, "one more", refused(), fault.Exhausted, "WATCHES_EXHAUSTED")
	d.watch(d.as("bob", "officer"), &workitemv1.WatchWorkItemsRequest{}).next("somebody else's")
	all[0].stop()
	<-all[0].ends
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ctx, stop := context.WithCancel(context.Background())
		s, err := alice.WatchWorkItems(ctx, &workitemv1.WatchWorkItemsRequest{})
		if err == nil {
			_, err = s.Recv()
		}
		stop()
		if err == nil {
			break
		}
		if fault.KindOf(rpc.Fault(err)) != fault.Exhausted || time.Now().After(end) {
			t.Fatalf("after one ended: %v", err)
		}
	}
	s, err := alice.WatchWorkItems(context.Background(), &workitemv1.WatchWorkItemsRequest{WorkItemIds: []string{"00000000-0000-0000-0000-000000000000"}})
	if err == nil {
		_, err = s.Recv()
	}
	refusedAs(t, "no id", err, fault.Invalid, "FIELD_INVALID", "work_item_ids")
}
