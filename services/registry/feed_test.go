package registry_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// feeder is a client for circumstances whose calls are made by the caller.
func (w *world) feeder(t testing.TB, c identity.Caller) registryv1.CircumstanceServiceClient {
	t.Helper()
	conn, err := w.server.Dial(identity.With(t.Context(), c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return registryv1.NewCircumstanceServiceClient(conn)
}

// told is a record of the feed "payments" about customer(n), number i of the
// feed and i minutes after ten hours before morning.
func told(n, i int, changes ...*registryv1.Change) *registryv1.FeedRecord {
	return &registryv1.FeedRecord{
		Feed: "payments", Reference: fmt.Sprintf("R-%d", i), Crn: customer(n).GetCrn(),
		OccurredAt: timestamppb.New(morning.Add(-10*time.Hour + time.Duration(i)*time.Minute)), Changes: changes,
	}
}

func rent(kind string) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_RentType{RentType: kind}}
}

func pays(code string, cents int64) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{
		Code: code, FortnightlyCents: cents, Status: registryv1.PaymentStatus_PAYMENT_STATUS_CURRENT,
	}}}
}

func moves(street string) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_PutAddress{PutAddress: &registryv1.Address{
		Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: street, Locality: "Hope Vale",
		State: eventv1.Jurisdiction_JURISDICTION_QLD, Postcode: "4895",
	}}}
}

// ceases is not applicable to a record without the expense.
func ceases(expense string) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: expense, On: "2026-11-20"}}}
}

// spends records an expense.
func spends(expense string, kind registryv1.ExpenseKind) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_PutExpense{PutExpense: &registryv1.Expense{
		ExpenseId: expense, Kind: kind, AllocationCents: 5000, Regular: true, FromDate: "2026-11-01",
	}}}
}

// feeds sends records and returns the answer.
func (w *world) feeds(t testing.TB, records ...*registryv1.FeedRecord) *registryv1.FeedChangesResponse {
	t.Helper()
	stream, err := w.feeder(t, feedService).FeedChanges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := stream.Send(&registryv1.FeedChangesRequest{Record: r}); err != nil {
			break // the answer says why
		}
	}
	got, err := stream.CloseAndRecv()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantFed compares what became of a feed's records.
func wantFed(t testing.TB, when string, got *registryv1.FeedChangesResponse, applied, repeated, aside, refused int64) {
	t.Helper()
	if got.GetApplied() != applied || got.GetRepeatedRecords() != repeated || got.GetQuarantined() != aside || got.GetRefused() != refused {
		t.Errorf("%s: %v, want %d applied, %d repeated, %d quarantined, %d refused", when, got, applied, repeated, aside, refused)
	}
}

func (w *world) read(t testing.TB, n int) *registryv1.Customer {
	t.Helper()
	got, err := w.as(t, officer).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: customer(n).GetCrn()})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetCustomer()
}

// reasonOf is the machine-readable reason of a reported error.
func reasonOf(t testing.TB, e *registryv1.ImportError) string {
	t.Helper()
	for _, d := range e.GetError().GetDetails() {
		m, err := d.UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		if info, ok := m.(interface{ GetReason() string }); ok {
			return info.GetReason()
		}
	}
	return ""
}

func TestAFeedSentAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, people(50)...)
	w.announced(t)
	var feed []*registryv1.FeedRecord
	for i := range 1200 { // more than two batches, each customer many times
		feed = append(feed, told(i%50, i, pays("YOUTH_ALLOWANCE", int64(1000+i))))
	}
	wantFed(t, "first", w.feeds(t, feed...), 1200, 0, 0, 0)
	events := w.announced(t)
	if len(events) != 1200 {
		t.Fatalf("%d events, want one for each record", len(events))
	}
	versions := map[string]int64{}
	for _, e := range events {
		c := e.GetCircumstanceChanged()
		if last := max(versions[c.GetCrn()], 1); c.GetRecordVersion() != last+1 {
			t.Fatalf("version %d after %d", c.GetRecordVersion(), last)
		}
		versions[c.GetCrn()] = c.GetRecordVersion()
		if c.GetActor() != "feed:payments" || !slices.Equal(c.GetChanged(), []string{"payments"}) || len(c.GetBefore()) == 0 {
			t.Fatalf("event %v", c)
		}
	}
	c := w.read(t, 7)
	if p := c.GetPayments(); c.GetRecordVersion() != 25 || len(p) != 2 || p[1].GetFortnightlyCents() != 1000+1157 {
		t.Errorf("the record is %v", c)
	}
	wantFed(t, "again", w.feeds(t, feed...), 0, 1200, 0, 0)
	wantFed(t, "backwards", w.feeds(t, reversed(feed)...), 0, 1200, 0, 0)
	if events := w.announced(t); len(events) != 0 {
		t.Errorf("%d events of records taken before", len(events))
	}
	if n := w.count(t, "feed_record"); n != 1200 {
		t.Errorf("%d records kept", n)
	}
}

func reversed[T any](list []T) []T {
	back := slices.Clone(list)
	slices.Reverse(back)
	return back
}

func TestFeedRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1))
	w.announced(t)
	good := told(1, 1, rent("PRIVATE_RENT"))
	wantFed(t, "good", w.feeds(t, good), 1, 0, 0, 0)

	reused := told(1, 1, rent("BOARD"))
	noChange, badCRN, future, badDate := told(1, 2), told(1, 3, rent("BOARD")), told(1, 4, rent("BOARD")), told(1, 5, ceases("e"))
	badCRN.Crn = "nobody"
	future.OccurredAt = timestamppb.New(morning.Add(25 * time.Hour))
	badDate.GetChanges()[0].GetCeaseExpense().On = "2026-02-30"
	got := w.feeds(t, good, reused, noChange, badCRN, nil, future, badDate, told(1, 6, rent("BOARD")), told(1, 6, rent("OWN")))
	wantFed(t, "bad", got, 1, 1, 0, 7)
	var positions []int64
	for _, e := range got.GetErrors() {
		positions = append(positions, e.GetPosition())
		code, reason := codes.InvalidArgument, "FIELD_INVALID"
		if e.GetPosition() == 2 || e.GetPosition() == 9 {
			code, reason = codes.AlreadyExists, "REFERENCE_REUSED"
		}
		if codes.Code(e.GetError().GetCode()) != code || reasonOf(t, e) != reason {
			t.Errorf("position %d: %v", e.GetPosition(), e.GetError())
		}
	}
	if !slices.Equal(positions, []int64{2, 3, 4, 5, 6, 7, 9}) {
		t.Errorf("positions %v", positions)
	}
	if c := w.read(t, 1); c.GetRentType() != "BOARD" || c.GetRecordVersion() != 3 {
		t.Errorf("the record is %v", c)
	}
	if n := w.count(t, "feed_record"); n != 2 {
		t.Errorf("%d records kept, want 2", n)
	}
	if got := w.feeds(t, make([]*registryv1.FeedRecord, 1200)...); got.GetRefused() != 1200 || len(got.GetErrors()) != 100 {
		t.Errorf("%d refused, %d reported", got.GetRefused(), len(got.GetErrors()))
	}
}

// What holds already is applied without a version and without an event.
func TestARecordThatChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1))
	w.announced(t)
	wantFed(t, "twice the same", w.feeds(t, told(1, 1, rent("BOARD")), told(1, 2, rent("BOARD"))), 2, 0, 0, 0)
	if events := w.announced(t); len(events) != 1 {
		t.Errorf("%d events", len(events))
	}
	// It is applied for the order of the feed nevertheless.
	late := told(1, 3, rent("OWN"))
	late.OccurredAt = told(1, 1).GetOccurredAt()
	wantFed(t, "before it", w.feeds(t, late), 0, 0, 1, 0)
}

// Two feeds about the same customers have orders of their own, and do not lose
// each other's changes when they run at the same time.
func TestTwoFeedsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const size, each = 40, 1000
	w.put(t, people(size)...)
	w.announced(t)
	done := make(chan *registryv1.FeedChangesResponse, 2)
	for f, feed := range []string{"payments", "housing"} {
		var records []*registryv1.FeedRecord
		for i := range each {
			r := told((i*7+f)%size, i, pays(fmt.Sprintf("%s_%d", []string{"A", "B"}[f], i%3), int64(i)))
			r.Feed = feed
			r.OccurredAt = timestamppb.New(r.GetOccurredAt().AsTime().Add(time.Duration(f) * 24 * -time.Hour))
			records = append(records, r)
		}
		go func() { done <- w.feeds(t, records...) }()
	}
	for range 2 {
		wantFed(t, "each", <-done, each, 0, 0, 0)
	}
	events := w.announced(t)
	if len(events) != 2*each {
		t.Errorf("%d events", len(events))
	}
	seen := map[string]int64{}
	for _, e := range events {
		c := e.GetCircumstanceChanged()
		seen[c.GetCrn()]++
	}
	for n := range size {
		if c := w.read(t, n); c.GetRecordVersion() != 1+seen[c.GetCrn()] {
			t.Errorf("customer %d is at version %d after %d events", n, c.GetRecordVersion(), seen[c.GetCrn()])
		}
	}
}

// The same feed sent twice at the same time is taken once.
func TestTheSameFeedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, people(30)...)
	w.announced(t)
	var records []*registryv1.FeedRecord
	for i := range 900 {
		records = append(records, told(i%35, i, pays("YOUTH_ALLOWANCE", int64(i)))) // five of the people are unknown
	}
	done := make(chan *registryv1.FeedChangesResponse, 2)
	for range 2 {
		go func() { done <- w.feeds(t, records...) }()
	}
	one, other := <-done, <-done
	aside := one.GetQuarantined() + other.GetQuarantined()
	if one.GetApplied()+other.GetApplied()+aside != 900 || one.GetRepeatedRecords()+other.GetRepeatedRecords() != 900 {
		t.Errorf("%v and %v", one, other)
	}
	if events := w.announced(t); int64(len(events)) != 900-aside || w.count(t, "feed_quarantine") != int(aside) {
		t.Errorf("%d events, %d set aside", len(events), aside)
	}
}

func TestABrokenFeedKeepsWholeBatchesOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, people(10)...)
	w.announced(t)
	var records []*registryv1.FeedRecord
	for i := range 1300 {
		records = append(records, told(i%10, i, pays("YOUTH_ALLOWANCE", int64(i))))
	}
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := w.feeder(t, feedService).FeedChanges(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[:1100] {
		if err := stream.Send(&registryv1.FeedChangesRequest{Record: r}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "two batches are committed", func() (bool, error) { return w.count(t, "feed_record") == 1000, nil })
	cancel()
	_, err = stream.CloseAndRecv()
	wantCode(t, err, codes.Canceled)
	wantFed(t, "sent again", w.feeds(t, records...), 300, 1000, 0, 0)
	if events := w.announced(t); len(events) != 1300 {
		t.Errorf("%d events", len(events))
	}
}

func TestFeedIsForFeedersOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	stream, err := w.feeder(t, officer).FeedChanges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.CloseAndRecv()
	wantCode(t, err, codes.PermissionDenied)
}
