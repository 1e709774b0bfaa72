package workitems_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

func splitParts(parts string) []string { return strings.Split(parts, ",") }

func one(e *eventv1.Event) []*eventv1.Event { return []*eventv1.Event{e} }

// A change that comes before its predecessor waits, and has its turn as soon as
// that has come.
func TestAGapWaitsAndIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	moved := r.moves("2 High Street")
	linked := r.change("partner_crn", func(c *registryv1.Customer) { c.PartnerCrn = "100000002C" })
	w.send(subject.Customer, one(linked), one(r.events[0]))
	w.consumed()
	w.eventually("the early change waits", func() (bool, error) { return w.count(`parked WHERE state = 'waiting'`) == 1, nil })
	w.wants(r.crn())
	w.send(subject.Customer, one(moved))
	w.settled()
	w.wants(r.crn(), "I070Q1 open", "I077Q1 open")
	if w.count("parked") != 0 || w.count(`customer WHERE record_version = 3 AND office = 'DARWIN'`) != 1 {
		t.Error("the last version is not known")
	}
}

// Everything again, with nothing remembered, changes nothing and tells nothing.
func TestReplayRaisesNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	r.moves("2 High Street")
	r.moves("3 High Street") // covered by the first
	r.change("account", func(c *registryv1.Customer) {
		c.Account = &registryv1.IncomeManagementAccount{BalanceCents: 300_001}
	})
	revoked := revocation(r.crn(), "2026-12-31", false, false)
	for range 2 {
		w.send(subject.Customer, r.events)
		w.send(subject.Decided, one(revoked), one(revoked))
		w.settled()
		w.wants(r.crn(), "I070Q1 open", "I098Q1 open", "I291Q1 open")
		if n := len(w.announced()); n != 3 {
			t.Fatalf("%d events tell of 3 items", n)
		}
		w.exec(`DELETE FROM inbox`)
	}
	raised := w.announced()[0].GetWorkItemRaised()
	if raised.GetCrn() != r.crn() || raised.GetDueOn() != "2026-11-23" || len(raised.GetWorkItemId()) != 16 {
		t.Errorf("told %v", raised)
	}
}

// What an open item covered stays covered when it is completed; what happens
// later raises a new one.
func TestCoveredStaysCovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	r.moves("2 High Street")
	r.moves("3 High Street")
	w.send(subject.Customer, r.events)
	w.settled()
	w.complete(r.crn(), "I070Q1")
	w.exec(`DELETE FROM inbox`)
	w.send(subject.Customer, r.events)
	w.settled()
	w.wants(r.crn(), "I070Q1 completed")
	w.send(subject.Customer, one(r.moves("4 High Street")))
	w.settled()
	w.wants(r.crn(), "I070Q1 completed", "I070Q1 open")
	if w.count("covered") != 1 {
		t.Error("the second move is not noted as covered")
	}
}

// A related activity closes the item, also while an officer investigates it; the
// officer is told.
func TestARelatedActivityClosesWhatIsInvestigated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	r.change("card", func(c *registryv1.Customer) {
		c.Card = &registryv1.Card{AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_PARTIAL, MethodSince: "2026-11-20"}
	})
	w.send(subject.Customer, r.events)
	w.settled()
	w.wants(r.crn(), "I010BC open")
	alice := w.alice()
	list, err := alice.ListCustomerWorkItems(t.Context(), &workitemv1.ListCustomerWorkItemsRequest{Crn: r.crn()})
	if err != nil || len(list.GetWorkItems()) != 1 {
		t.Fatal(list, err)
	}
	id := list.GetWorkItems()[0].GetWorkItemId()
	if _, err := alice.StartInvestigation(t.Context(), &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1}); err != nil {
		t.Fatal(err)
	}
	coded := r.change("expenses", func(c *registryv1.Customer) {
		c.Expenses = []*registryv1.Expense{{ExpenseId: "card-1", Kind: registryv1.ExpenseKind_EXPENSE_KIND_CARD, AllocationCents: 5_000, Regular: true, FromDate: "2026-11-23"}}
	})
	w.send(subject.Customer, one(coded))
	w.settled()
	w.wants(r.crn(), "I010BC closed")
	got, err := alice.GetWorkItem(t.Context(), &workitemv1.GetWorkItemRequest{WorkItemId: id})
	if err != nil {
		t.Fatal(err)
	}
	last := got.GetHistory()[len(got.GetHistory())-1]
	if last.GetVersion() != 3 || last.GetAction() != "closed" || last.GetActor() != "system" || !strings.Contains(last.GetNote(), "alice") || last.GetEventId() == "" {
		t.Errorf("last step %v", last)
	}
	if _, err := alice.CompleteWorkItem(t.Context(), &workitemv1.CompleteWorkItemRequest{
		WorkItemId: id, Version: 2, ActionId: newAction(), Note: "coded the expense with the customer",
	}); err == nil {
		t.Error("a closed item was completed")
	}
	told := w.announced()
	closed := told[len(told)-1].GetWorkItemClosed()
	if closed.GetCode() != "I010BC" || closed.GetOfficerId() != "" || !slices.Equal(closed.GetClosingEventId(), coded.GetId()) {
		t.Errorf("told %v", told[len(told)-1])
	}
}

// Items follow the record to another office; those given elsewhere stay.
func TestItemsFollowTheRecordsOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	r.moves("2 High Street")
	r.change("partner_crn", func(c *registryv1.Customer) { c.PartnerCrn = "100000002C" })
	w.send(subject.Customer, r.events)
	w.settled()
	w.exec(`UPDATE work_item SET office = 'ELSEWHERE' WHERE code = 'I077Q1'`)
	w.send(subject.Customer, one(r.change("office,restricted_access", func(c *registryv1.Customer) { c.Office, c.RestrictedAccess = "ALICE", true })))
	w.settled()
	if w.count(`work_item WHERE (code, office, version) IN (('I070Q1', 'ALICE', 2), ('I077Q1', 'ELSEWHERE', 1))`) != 2 ||
		w.count(`customer WHERE restricted AND office = 'ALICE'`) != 1 ||
		w.count(`(SELECT office FROM work_item_count GROUP BY office HAVING sum(open) = 1) AS x`) != 2 {
		t.Error("an item is at the wrong office, or counted there")
	}
}

// A damaged change is set aside with the later ones of its customer; everybody
// else's go on. A schema of the future is refused at once.
func TestAPoisonedEventHoldsUpItsCustomerOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	good, bad, later := newRecord(1), newRecord(2), newRecord(3)
	good.moves("2 High Street")
	bad.moves("2 High Street").GetCircumstanceChanged().After = []byte{0xff}
	bad.moves("3 High Street")
	future := proto.CloneOf(later.moves("2 High Street"))
	future.SchemaVersion = 9
	w.send(subject.Customer, slices.Concat(good.events[:1], bad.events, later.events[:1], one(future), good.events[1:]))
	w.eventually("all is applied or set aside", func() (bool, error) {
		return w.count(`customer WHERE record_version > 0`) == 3 && w.count(`parked`) == 3, nil
	})
	w.wants(good.crn(), "I070Q1 open")
	w.wants(bad.crn())
	if w.count(`parked WHERE state = 'quarantined'`) != 1 || w.count(`parked WHERE key = '`+bad.crn()+`' AND state = 'retry'`) != 2 {
		t.Error("set aside in another way")
	}
	if n := w.count(`parked WHERE cause LIKE '%High%'`); n != 0 {
		t.Error("a cause quotes the record")
	}
	w.send(subject.Customer, one(good.change("partner_crn", func(c *registryv1.Customer) { c.PartnerCrn = "100000002C" })))
	w.consumed()
	w.wants(good.crn(), "I070Q1 open", "I077Q1 open")
}

// The service may end at any moment and start again; two replicas may share the
// work. Nothing is lost or doubled.
func TestRestartsInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people = 200
	var packets [][]*eventv1.Event
	records := make([]*record, people)
	for i := range records {
		records[i] = newRecord(i)
		records[i].moves("2 High Street")
		records[i].change("partner_crn", func(c *registryv1.Customer) { c.PartnerCrn = "100000002C" })
	}
	for version := range 3 {
		for i := 0; i < people; i += 10 {
			var list []*eventv1.Event
			for _, r := range records[i : i+10] {
				list = append(list, r.events[version])
			}
			packets = append(packets, list)
		}
	}
	for i := 0; i < len(packets); i += 20 {
		stop, also := w.run(), w.run()
		w.send(subject.Customer, packets[i:i+20]...)
		w.eventually("some of it is applied", func() (bool, error) { return w.count(`customer WHERE record_version > 0`) > 0, nil })
		stop()
		also()
	}
	w.run()
	w.settled()
	if n := w.count(`(SELECT crn FROM work_item WHERE status = 1 AND code IN ('I070Q1', 'I077Q1') GROUP BY crn HAVING count(*) = 2) AS x`); n != people || w.count("work_item") != 2*people {
		t.Errorf("%d of %d customers have their items, %d items in all", n, people, w.count("work_item"))
	}
	if n := len(w.announced()); n != 2*people {
		t.Errorf("%d events tell of them", n)
	}
}
