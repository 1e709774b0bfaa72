package registry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const (
	unknownCustomer = registryv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_CUSTOMER
	outOfOrder      = registryv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_ORDER
	notApplicable   = registryv1.QuarantineReason_QUARANTINE_REASON_NOT_APPLICABLE
)

// aside lists what is set aside, page by page.
func (w *world) aside(t testing.TB, req *registryv1.ListQuarantinedRequest) []*registryv1.QuarantinedRecord {
	t.Helper()
	client := w.feeder(t, supervisor)
	req = proto.CloneOf(req)
	req.PageSize = 3
	var list []*registryv1.QuarantinedRecord
	for {
		page, err := client.ListQuarantined(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page.GetRecords()...)
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return list
		}
		if len(page.GetRecords()) != 3 {
			t.Fatalf("a page of %d that is not the last", len(page.GetRecords()))
		}
	}
}

// redrive tries again and compares what became of it.
func (w *world) redrive(t testing.TB, when string, req *registryv1.RedriveQuarantinedRequest, applied, remaining int64) *registryv1.RedriveQuarantinedResponse {
	t.Helper()
	got, err := w.feeder(t, supervisor).RedriveQuarantined(t.Context(), req)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if got.GetApplied() != applied || got.GetRemaining() != remaining || len(got.GetStill()) != int(min(remaining, 100)) {
		t.Errorf("%s: %v, want %d applied, %d remaining", when, got, applied, remaining)
	}
	return got
}

func TestEachReasonIsSetAsideAndRedriven(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1), customer(2))
	w.announced(t)
	late := told(1, 1, rent("BOARD"))
	late.Reference = "LATE"
	got := w.feeds(t,
		told(1, 5, rent("PRIVATE_RENT")),
		late, // happened before the first
		told(2, 6, ceases("no-such")),
		told(3, 7, rent("BOARD")), // unknown
		told(2, 8, rent("OWN")),   // goes on behind what was set aside
		told(3, 9, rent("OWN")),
	)
	wantFed(t, "feed", got, 2, 0, 4, 0)
	for i, want := range []struct {
		position int64
		code     codes.Code
		reason   string
	}{
		{2, codes.FailedPrecondition, "OUT_OF_ORDER"},
		{3, codes.FailedPrecondition, "NOT_APPLICABLE"},
		{4, codes.NotFound, "CUSTOMER_UNKNOWN"},
		{6, codes.NotFound, "CUSTOMER_UNKNOWN"},
	} {
		if e := got.GetErrors()[i]; e.GetPosition() != want.position || codes.Code(e.GetError().GetCode()) != want.code || reasonOf(t, e) != want.reason {
			t.Errorf("error %d: %v", i, e)
		}
	}
	list := w.aside(t, &registryv1.ListQuarantinedRequest{})
	if len(list) != 4 {
		t.Fatalf("%d set aside", len(list))
	}
	for i, want := range []struct {
		reference string
		reason    registryv1.QuarantineReason
	}{{"LATE", outOfOrder}, {"R-6", notApplicable}, {"R-7", unknownCustomer}, {"R-9", unknownCustomer}} {
		q := list[i]
		if q.GetRecord().GetReference() != want.reference || q.GetReason() != want.reason || q.GetTries() != 1 || q.GetDetail() == "" ||
			!q.GetQuarantinedAt().AsTime().Equal(morning) {
			t.Errorf("set aside %d: %v", i, q)
		}
	}
	if !proto.Equal(list[0].GetRecord(), late) {
		t.Errorf("kept as %v", list[0].GetRecord())
	}
	wantFed(t, "again", w.feeds(t, late, told(2, 6, ceases("no-such")), told(3, 7, rent("BOARD"))), 0, 3, 0, 0)
	for n, req := range []*registryv1.ListQuarantinedRequest{
		{Feed: "housing"}, {Reason: outOfOrder}, {Feed: "payments", Reason: unknownCustomer}, {Crn: customer(3).GetCrn(), Feed: "payments"}, {Feed: "payments"},
	} {
		if got := w.aside(t, req); len(got) != []int{0, 1, 2, 2, 4}[n] {
			t.Errorf("%v lists %d", req, len(got))
		}
	}

	w.redrive(t, "nothing is better", &registryv1.RedriveQuarantinedRequest{}, 0, 4)
	w.put(t, customer(3))
	wantFed(t, "the expense", w.feeds(t, told(2, 10, spends("no-such", registryv1.ExpenseKind_EXPENSE_KIND_RENT))), 1, 0, 0, 0)
	w.announced(t)
	still := w.redrive(t, "unknown", &registryv1.RedriveQuarantinedRequest{Reason: unknownCustomer}, 2, 0)
	if len(still.GetStill()) != 0 || w.read(t, 3).GetRentType() != "OWN" || w.read(t, 3).GetRecordVersion() != 3 {
		t.Errorf("redriven to %v", w.read(t, 3))
	}
	events := w.announced(t)
	if len(events) != 2 || events[0].GetCircumstanceChanged().GetActor() != "feed:payments" {
		t.Errorf("events %v", events)
	}
	// The other is older than what was applied meanwhile.
	still = w.redrive(t, "by id", &registryv1.RedriveQuarantinedRequest{RecordIds: []string{list[1].GetRecordId()}}, 0, 1)
	if q := still.GetStill()[0]; q.GetReason() != outOfOrder || q.GetTries() != 3 || q.GetRecordId() != list[1].GetRecordId() {
		t.Errorf("still %v", q)
	}
	w.redrive(t, "any order", &registryv1.RedriveQuarantinedRequest{Feed: "payments", AcceptOutOfOrder: true}, 2, 0)
	if c := w.read(t, 1); c.GetRentType() != "BOARD" {
		t.Errorf("the record is %v", c)
	}
	if c := w.read(t, 2); c.GetRentType() != "OWN" || c.GetExpenses()[0].GetCeasedOn() != "2026-11-20" {
		t.Errorf("the record is %v", c)
	}
	versions, err := w.feeder(t, officer).ListCustomerVersions(t.Context(), &registryv1.ListCustomerVersionsRequest{Crn: customer(1).GetCrn(), PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if v := versions.GetVersions()[0]; v.GetActor() != "feed:payments" || v.GetReason() != "record LATE, tried again by "+supervisor.Actor() {
		t.Errorf("the version tells %v", v)
	}
	w.redrive(t, "nothing is left", &registryv1.RedriveQuarantinedRequest{}, 0, 0)
	wantFed(t, "after all", w.feeds(t, late, told(3, 7, rent("BOARD"))), 0, 2, 0, 0)
	// What was accepted out of order leaves the order as it was.
	wantFed(t, "before the newest", w.feeds(t, told(1, 3, rent("OWN"))), 0, 0, 1, 0)
}

// Many records set aside are redriven in batches, in the order they came.
func TestManyAreRedriven(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var feed []*registryv1.FeedRecord
	for i := range 1300 {
		feed = append(feed, told(i%20, i, pays("YOUTH_ALLOWANCE", int64(i))))
	}
	wantFed(t, "unknown", w.feeds(t, feed...), 0, 0, 1300, 0)
	w.put(t, people(18)...) // two stay unknown
	w.announced(t)
	w.redrive(t, "known", &registryv1.RedriveQuarantinedRequest{Feed: "payments"}, 1170, 130)
	for n := range 18 {
		want := int64(1300 - 20 + n)
		if c := w.read(t, n); c.GetPayments()[1].GetFortnightlyCents() != want || c.GetRecordVersion() != 66 {
			t.Errorf("customer %d: version %d, %v", n, c.GetRecordVersion(), c.GetPayments()[1])
		}
	}
	if events := w.announced(t); len(events) != 1170 {
		t.Errorf("%d events", len(events))
	}
}

// A call without the time for another batch ends after one; nothing is lost.
func TestRedriveEndsInTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var feed []*registryv1.FeedRecord
	for i := range 501 {
		feed = append(feed, told(1, i, rent("BOARD")))
	}
	wantFed(t, "unknown", w.feeds(t, feed...), 0, 0, 501, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 3900*time.Millisecond)
	defer cancel()
	got, err := w.feeder(t, supervisor).RedriveQuarantined(ctx, &registryv1.RedriveQuarantinedRequest{Reason: unknownCustomer})
	if err != nil || got.GetApplied() != 0 || got.GetRemaining() != 501 || len(got.GetStill()) != 100 {
		t.Fatalf("%v, %v", got, err)
	}
	tries := map[int32]int{}
	for _, q := range w.aside(t, &registryv1.ListQuarantinedRequest{}) {
		tries[q.GetTries()]++
	}
	if tries[2] != 500 || tries[1] != 1 {
		t.Errorf("tries %v", tries)
	}
}

func TestRecordsOfRestrictedCustomersAreNotShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	c.RestrictedAccess = true
	w.put(t, c)
	wantFed(t, "feed", w.feeds(t, told(1, 1, ceases("no-such"))), 0, 0, 1, 0)
	hidden := w.aside(t, &registryv1.ListQuarantinedRequest{})
	still := w.redrive(t, "again", &registryv1.RedriveQuarantinedRequest{}, 0, 1).GetStill()
	for _, q := range append(hidden, still...) {
		if len(q.GetRecord().GetChanges()) != 0 || q.GetRecord().GetReference() != "" {
			t.Errorf("a supervisor is shown %v", q)
		}
	}
	page, err := w.feeder(t, feedService).ListQuarantined(t.Context(), &registryv1.ListQuarantinedRequest{})
	if err != nil || len(page.GetRecords()) != 1 || len(page.GetRecords()[0].GetRecord().GetChanges()) != 1 {
		t.Errorf("the feed's service is shown %v, %v", page, err)
	}
}

func TestQuarantineBadCalls(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.feeder(t, supervisor)
	ids := make([]string, 501)
	for i := range ids {
		ids[i] = clock.DerivedID(clock.ID{}, fmt.Sprint(i)).String()
	}
	for _, req := range []*registryv1.RedriveQuarantinedRequest{{RecordIds: []string{"x"}}, {RecordIds: ids}, {Feed: "X"}, {Reason: 9}} {
		if _, err := client.RedriveQuarantined(t.Context(), req); len(fields(err)) == 0 {
			t.Errorf("%v: %v", req, err)
		}
	}
	for _, req := range []*registryv1.ListQuarantinedRequest{{PageToken: "!"}, {PageToken: "AAAA"}, {PageSize: 501}, {Crn: "x"}} {
		if _, err := client.ListQuarantined(t.Context(), req); len(fields(err)) == 0 {
			t.Errorf("%v: %v", req, err)
		}
	}
	w.redrive(t, "an id of nothing", &registryv1.RedriveQuarantinedRequest{RecordIds: ids[:1]}, 0, 0)
	_, err := w.feeder(t, officer).RedriveQuarantined(t.Context(), &registryv1.RedriveQuarantinedRequest{})
	wantCode(t, err, codes.PermissionDenied)
}

// The order of one feed is judged against what was applied of it alone.
func TestOrderIsOfOneFeedAndCustomer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1), customer(2))
	same := told(1, 2, rent("BOARD"))
	same.Reference, same.OccurredAt = "SAME", told(1, 5).GetOccurredAt()
	other := told(1, 3, rent("OWN"))
	other.Feed = "housing"
	aside := told(1, 60, ceases("no-such")) // not applied, so nothing comes before it
	almost := told(1, 5, rent("OWN"))
	almost.Reference, almost.OccurredAt = "ALMOST", timestamppb.New(same.GetOccurredAt().AsTime().Add(-time.Microsecond))
	got := w.feeds(t, told(1, 5, rent("PRIVATE_RENT")), same, other, told(2, 1, rent("OWN")), aside, told(1, 6, rent("BOARD")), almost)
	wantFed(t, "feed", got, 5, 0, 2, 0)
	if e := got.GetErrors(); len(e) != 2 || e[0].GetPosition() != 5 || e[1].GetPosition() != 7 {
		t.Errorf("errors %v", e)
	}
}
