package registry_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// raised and closed are what happens to work item n of a customer.
func raised(n int, crn, code string) *eventv1.Event {
	item := id(n)
	e := fact(item, "raised", morning)
	e.Body = &eventv1.Event_WorkItemRaised{WorkItemRaised: &eventv1.WorkItemRaised{WorkItemId: item[:], Crn: crn, Code: code, DueOn: "2026-11-23"}}
	return e
}

func closed(n int, crn, code, officer string) *eventv1.Event {
	item := id(n)
	e := fact(item, "closed", morning)
	c := &eventv1.WorkItemClosed{WorkItemId: item[:], Crn: crn, Code: code, OfficerId: officer}
	if officer == "" {
		c.ClosingEventId = item[:]
	}
	e.Body = &eventv1.Event_WorkItemClosed{WorkItemClosed: c}
	return e
}

// items applies one packet as the consumer of work items does, without the bus.
func (w *world) items(ctx context.Context, list ...*eventv1.Event) error {
	data, err := proto.Marshal(&eventv1.Packet{Events: list})
	if err != nil {
		return err
	}
	in, err := events.DecodeWorkItems(bus.Delivery{Message: bus.Message{Data: data}})
	if err != nil {
		return err
	}
	return postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		_, err := events.ApplyWorkItems(store.New(w.pool, auditor))(ctx, tx, in)
		return err
	})
}

func TestAllocationsToTheCardAreHeldWhileTheItemIsOpen(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1), customer(2))
	crn := customer(1).GetCrn()
	card, other := registryv1.ExpenseKind_EXPENSE_KIND_CARD, registryv1.ExpenseKind_EXPENSE_KIND_RENT
	n := 0
	try := func(when string, held bool) {
		t.Helper()
		n++
		got := w.feeds(t, told(1, n, spends(fmt.Sprint("card-", n), card)), told(2, n+1000, spends(fmt.Sprint("card-", n), card)))
		want := codes.OK
		if held {
			want = codes.FailedPrecondition
			wantFed(t, when, got, 1, 0, 1, 0)
			if reason := reasonOf(t, got.GetErrors()[0]); reason != "CARD_ALLOCATIONS_HELD" {
				t.Errorf("%s: reason %s", when, reason)
			}
		} else {
			wantFed(t, when, got, 2, 0, 0, 0)
		}
		_, err := w.feeder(t, officer).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
			Crn: crn, ExpectedVersion: w.read(t, 1).GetRecordVersion(), Changes: []*registryv1.Change{spends(fmt.Sprint("hand-", n), card)},
		})
		wantCode(t, err, want)
	}
	apply := func(e ...*eventv1.Event) {
		t.Helper()
		if err := w.items(t.Context(), e...); err != nil {
			t.Fatal(err)
		}
	}
	try("at first", false)
	apply(raised(1, crn, "I001BC"), raised(2, crn, "I070Q1"))
	try("raised", true)
	housing := told(1, 50, spends("rent", other))
	housing.Feed = "housing"
	wantFed(t, "another expense", w.feeds(t, housing), 1, 0, 0, 0)
	apply(raised(3, crn, "I001BC"), closed(1, crn, "I001BC", "alice"))
	try("the second is open", true)
	apply(closed(3, crn, "I001BC", ""))
	try("both closed", false)
	apply(raised(1, crn, "I001BC"), raised(3, crn, "I001BC"))
	try("raised again late", false)
	apply(closed(4, crn, "I001BC", ""))
	apply(raised(4, crn, "I001BC"))
	try("closed before it was raised", false)
	// What was set aside can be tried again now.
	w.redrive(t, "held before", &registryv1.RedriveQuarantinedRequest{Reason: notApplicable, AcceptOutOfOrder: true}, 2, 0)
	if c := w.read(t, 1); len(c.GetExpenses()) != 11 {
		t.Errorf("%d expenses", len(c.GetExpenses()))
	}
}

func TestCompletedItemsPlaceADocument(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1))
	crn := customer(1).GetCrn()
	w.run(t)
	send := func(list ...*eventv1.Event) {
		t.Helper()
		data, err := proto.Marshal(&eventv1.Packet{Events: list})
		if err != nil {
			t.Fatal(err)
		}
		acks, err := w.bus.Publish(t.Context(), []bus.Message{{ID: clock.NewID(morning).String(), Subject: subject.Of(subject.WorkItem, 0), Data: data}})
		if err != nil || acks[0].Err != nil {
			t.Fatal(err, acks)
		}
	}
	for range 2 {
		send(raised(1, crn, "I070Q1"), closed(1, crn, "I070Q1", "alice"), raised(2, crn, "I098Q1"), closed(2, crn, "I098Q1", ""))
		send(closed(1, crn, "I070Q1", "alice"))
	}
	eventually(t, "the work items are consumed", func() (bool, error) {
		floor, err := w.bus.Floor(t.Context(), subject.WorkItem, []string{subject.RegistryWorkItems})
		return floor.Sequence >= 4, err
	})
	got, err := w.as(t, officer).ListDocuments(t.Context(), &registryv1.ListDocumentsRequest{Crn: crn})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.GetDocuments()) != 1 {
		t.Fatalf("documents %v", got.GetDocuments())
	}
	d := got.GetDocuments()[0]
	if d.GetDocumentId() != clock.DerivedID(id(1), "document").String() || d.GetTitle() != "Work item I070Q1: completed" ||
		d.GetOfficerId() != "alice" || !strings.Contains(d.GetText(), "alice") || !d.GetCreatedAt().AsTime().Equal(morning) {
		t.Errorf("document %v", d)
	}
}

// Whatever order events of work items come in, and however often, the same
// holds and documents result.
func TestWorkItemsInAnyOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	run := func(t *rapid.T, list []*eventv1.Event, cut func() int) string {
		if _, err := w.pool.Exec(ctx, `DELETE FROM card_hold`); err != nil {
			t.Fatal(err)
		}
		if _, err := w.pool.Exec(ctx, `DELETE FROM document`); err != nil {
			t.Fatal(err)
		}
		for len(list) > 0 {
			n := min(cut(), len(list))
			if err := w.items(ctx, list[:n]...); err != nil {
				t.Fatal(err)
			}
			list = list[n:]
		}
		var state string
		if err := w.pool.QueryRow(ctx, `SELECT coalesce((SELECT string_agg(h::text, E'\n' ORDER BY work_item_id) FROM card_hold h), '') || E'\n--\n' ||
			coalesce((SELECT string_agg(d::text, E'\n' ORDER BY document_id) FROM document d), '')`).Scan(&state); err != nil {
			t.Fatal(err)
		}
		return state
	}
	rapid.Check(t, func(t *rapid.T) {
		var list []*eventv1.Event
		for n := range rapid.IntRange(1, 5).Draw(t, "items") {
			crn := customer(rapid.IntRange(1, 2).Draw(t, "customer")).GetCrn()
			code := rapid.SampledFrom([]string{"I001BC", "I070Q1"}).Draw(t, "code")
			list = append(list, raised(n, crn, code))
			if rapid.Bool().Draw(t, "closed") {
				list = append(list, closed(n, crn, code, rapid.SampledFrom([]string{"", "alice"}).Draw(t, "officer")))
			}
		}
		want := run(t, list, func() int { return len(list) })
		again := append(list, rapid.SliceOfN(rapid.SampledFrom(list), 0, 6).Draw(t, "duplicates")...)
		again = rapid.Permutation(again).Draw(t, "order")
		if got := run(t, again, func() int { return rapid.IntRange(1, 4).Draw(t, "packet") }); got != want {
			t.Fatalf("in order:\n%s\nin another:\n%s", want, got)
		}
	})
}
