package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const (
	tellsAddress  = eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_ADDRESS
	tellsPartner  = eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_PARTNER
	tellsChildren = eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_CHILDREN
)

// notifications are those that wait in the outbox, in order; they stay there.
func (w *world) notifications(t testing.TB) []*eventv1.CircumstancesNotified {
	t.Helper()
	rows, err := w.pool.Query(t.Context(), `SELECT payload FROM outbox WHERE stream = 'NOTIFIED' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	var list []*eventv1.CircumstancesNotified
	for _, b := range payloads {
		p := new(eventv1.Packet)
		if err := proto.Unmarshal(b, p); err != nil {
			t.Fatal(err)
		}
		for _, e := range p.GetEvents() {
			n := e.GetCircumstancesNotified()
			if n == nil || !slices.Equal(e.GetId(), n.GetNotificationId()) {
				t.Fatalf("on the stream: %v", e)
			}
			list = append(list, n)
		}
	}
	return list
}

func partner(n int) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_LinkPartner{LinkPartner: customer(n).GetCrn()}}
}

func child(name string) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_ChildEntered{ChildEntered: &registryv1.Child{GivenName: name, DateOfBirth: "2020-02-03"}}}
}

func TestAuthoritiesWithANoticeInForceAreTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const cp = eventv1.Measure_MEASURE_CPEIM
	crn := func(n int) string { return customer(n).GetCrn() }
	if err := w.apply(t.Context(),
		notice(1, crn(1), "activated", 2, cp, "2026-01-01"),
		notice(3, crn(3), "activated", 2, cp, "2026-01-01"), notice(3, crn(3), "revoked", 3, cp, "2026-01-01"),
		notice(4, crn(4), "recorded", 1, cp, "2027-01-01"),
	); err != nil {
		t.Fatal(err)
	}
	w.put(t, people(9)...) // new records: nothing known before has changed
	if list := w.notifications(t); len(list) != 0 {
		t.Fatalf("of new records: %v", list)
	}
	var feed []*registryv1.FeedRecord
	for n := 1; n <= 4; n++ { // 2 has no notice, that of 3 was revoked, that of 4 has not begun
		feed = append(feed, told(n, 10*n, moves("2 Side Street")), told(n, 10*n+1, rent("BOARD")),
			told(n, 10*n+2, partner(n+4), child("Kit")), told(n, 10*n+3, moves("2 Side Street")))
	}
	wantFed(t, "feed", w.feeds(t, feed...), 16, 0, 0, 0)
	list := w.notifications(t)
	if len(list) != 2 {
		t.Fatalf("notified %v", list)
	}
	number := id(1)
	for i, want := range []struct {
		label string
		kinds []eventv1.CircumstanceKind
	}{
		{"circumstances/", []eventv1.CircumstanceKind{tellsAddress}},
		{"circumstances/", []eventv1.CircumstanceKind{tellsPartner, tellsChildren}},
	} {
		n := list[i]
		if n.GetCrn() != crn(1) || n.GetAuthorityId() != "frc" || !slices.Equal(n.GetNoticeId(), number[:]) ||
			!slices.Equal(n.GetKinds(), want.kinds) || !n.GetChangedAt().AsTime().Equal(morning) {
			t.Errorf("notified %v, want %v", n, want.kinds)
		}
	}
	if slices.Equal(list[0].GetNotificationId(), list[1].GetNotificationId()) {
		t.Error("two notifications with one id")
	}

	// An officer's change is told of as well.
	_, err := w.feeder(t, officer).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
		Crn: crn(1), ExpectedVersion: w.read(t, 1).GetRecordVersion(), Changes: []*registryv1.Change{moves("3 Hill Street")},
	})
	if err != nil {
		t.Fatal(err)
	}
	list = w.notifications(t)
	if len(list) != 3 {
		t.Fatalf("notified %v", list)
	}
	want := clock.DerivedID(number, "circumstances/"+itoa(w.read(t, 1).GetRecordVersion()))
	if !slices.Equal(list[2].GetNotificationId(), want[:]) {
		t.Error("the id is not that of notice and version")
	}
	// A whole record replaced too.
	c := w.read(t, 1)
	c.Children = nil
	w.put(t, c)
	if list = w.notifications(t); len(list) != 4 || !slices.Equal(list[3].GetKinds(), []eventv1.CircumstanceKind{tellsChildren}) {
		t.Errorf("notified %v", list)
	}
}

// What changed after a notice came into force, but before that was known here,
// is told of once it is known, and once only.
func TestLateActivationTellsWhatChangedSince(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const cp = eventv1.Measure_MEASURE_CPEIM
	crn, second := customer(1).GetCrn(), customer(2).GetCrn()
	w.put(t, customer(1), customer(2))
	wantFed(t, "before", w.feeds(t, told(1, 1, moves("2 Side Street")), told(2, 2, moves("2 Side Street"))), 2, 0, 0, 0)
	w.clock.Advance(2 * time.Hour)
	wantFed(t, "after", w.feeds(t, told(1, 3, moves("3 Hill Street")), told(1, 4, rent("BOARD")), told(2, 5, child("Kit"))), 3, 0, 0, 0)
	w.clock.Advance(48 * time.Hour)
	wantFed(t, "later", w.feeds(t, told(1, 6, child("Kit")), told(2, 7, moves("3 Hill Street"))), 2, 0, 0, 0)
	if list := w.notifications(t); len(list) != 0 {
		t.Fatalf("notified %v", list)
	}

	activated := notice(1, crn, "activated", 2, cp, "2026-11-23")
	activated.OccurredAt = timestamppb.New(morning.Add(time.Hour))
	// The second notice was over on the day of its first change, and its end comes first.
	begun, over := notice(2, second, "activated", 2, cp, "2026-11-23"), notice(2, second, "ended", 3, cp, "2026-11-23")
	begun.OccurredAt = activated.GetOccurredAt()
	begun.GetNoticeActivated().GetNotice().EndDate, over.GetNoticeEnded().GetNotice().EndDate = "2026-11-23", "2026-11-23"
	w.run(t)
	publish(t, w.bus, []*eventv1.Event{activated}, []*eventv1.Event{over})
	publish(t, w.bus, []*eventv1.Event{activated, begun})
	publish(t, w.bus, []*eventv1.Event{begun, activated})
	w.drained(t, 4)
	// A message that is a repetition tells again, under the same ids.
	told, ids := map[string][]eventv1.CircumstanceKind{}, map[string]bool{}
	for _, n := range w.notifications(t) {
		if !ids[string(n.GetNotificationId())] {
			ids[string(n.GetNotificationId())] = true
			told[n.GetCrn()] = append(told[n.GetCrn()], n.GetKinds()...)
		}
	}
	if len(ids) != 3 || !slices.Equal(told[crn], []eventv1.CircumstanceKind{tellsAddress, tellsChildren}) ||
		!slices.Equal(told[second], []eventv1.CircumstanceKind{tellsChildren}) {
		t.Errorf("notified %v", w.notifications(t))
	}
}
