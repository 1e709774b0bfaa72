package registry_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// changes makes an officer's call for a record as it stands.
func (w *world) changes(t testing.TB, n int, list ...*registryv1.Change) (*registryv1.Customer, error) {
	t.Helper()
	got, err := w.feeder(t, officer).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
		Crn: customer(n).GetCrn(), ExpectedVersion: w.read(t, n).GetRecordVersion(), Changes: list, Reason: "as told by phone",
	})
	return got.GetCustomer(), err
}

func (w *world) must(t testing.TB, n int, list ...*registryv1.Change) *registryv1.Customer {
	t.Helper()
	c, err := w.changes(t, n, list...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// complete is a customer with what the registry keeps itself made up.
func complete() *registryv1.Customer {
	c := customer(1)
	at := timestamppb.New(morning)
	c.RegisterMeasure, c.RecordVersion = eventv1.Measure_MEASURE_CYEIM, 99
	c.NomineeFor, c.NomineeDeceased, c.LeftDeclaredAreaOn = []string{"100000009J"}, true, "2020-01-01"
	c.PartnerCarerAllowance = registryv1.CarerAllowanceStatus_CARER_ALLOWANCE_STATUS_CURRENT
	c.MeasureHistory = []*registryv1.MeasureSpell{{Measure: eventv1.Measure_MEASURE_CPEIM, FromDate: "2020-01-01"}}
	c.Expenses = []*registryv1.Expense{{
		ExpenseId: "e1", Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 100, FromDate: "2026-01-01",
		ConsecutiveFailures: 7, ProviderFeeCents: 7, ProviderEndsOn: "2026-01-01",
	}}
	c.Card = &registryv1.Card{
		AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_PARTIAL, MethodSince: "2020-01-01",
		PreviousMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_RESIDUAL,
		Declined:       []*registryv1.CardTransaction{{TransactionId: "t", At: at}}, VaryBalanceRejections: []*registryv1.CardTransaction{{TransactionId: "t", At: at}},
	}
	return c
}

func TestPutCustomerIgnoresWhatTheRegistryKeeps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, officer)
	got, err := client.PutCustomer(t.Context(), put(complete(), 0))
	if err != nil {
		t.Fatal(err)
	}
	want := customer(1)
	want.RecordVersion = 1
	want.Expenses = []*registryv1.Expense{{ExpenseId: "e1", Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 100, FromDate: "2026-01-01"}}
	want.Card = &registryv1.Card{AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_PARTIAL, MethodSince: "2026-11-23"}
	if !proto.Equal(got.GetCustomer(), want) {
		t.Fatalf("kept %v, want %v", got.GetCustomer(), want)
	}
	// What has come about by changes stays when the record is put.
	w.clock.Advance(48 * time.Hour)
	residual := registryv1.AllocationMethod_ALLOCATION_METHOD_RESIDUAL
	changed := w.must(t, 1,
		&registryv1.Change{Change: &registryv1.Change_SetCard{SetCard: &registryv1.SetCard{AllocationMethod: &residual}}},
		&registryv1.Change{Change: &registryv1.Change_CardDeclined{CardDeclined: &registryv1.CardTransaction{TransactionId: "d", At: timestamppb.New(morning)}}},
		&registryv1.Change{Change: &registryv1.Change_ExpensePayment{ExpensePayment: &registryv1.ExpensePayment{ExpenseId: "e1", Failed: true}}},
		&registryv1.Change{Change: &registryv1.Change_OtherMeasure{OtherMeasure: eventv1.Measure_MEASURE_VWPR}},
	)
	if card := changed.GetCard(); card.GetMethodSince() != "2026-11-25" || card.GetPreviousMethod() != registryv1.AllocationMethod_ALLOCATION_METHOD_PARTIAL {
		t.Errorf("card %v", card)
	}
	again := complete()
	again.Card.AllocationMethod, again.OtherMeasure, again.Gender = residual, eventv1.Measure_MEASURE_VWPR, "X"
	got, err = client.PutCustomer(t.Context(), put(again, 2))
	if err != nil {
		t.Fatal(err)
	}
	changed.Gender, changed.RecordVersion = "X", 3
	if !proto.Equal(got.GetCustomer(), changed) {
		t.Errorf("put again %v, want %v", got.GetCustomer(), changed)
	}
}

func TestRecordsAsAtADay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, officer)
	crn := customer(1).GetCrn()
	w.put(t, customer(1)) // the 23rd
	w.must(t, 1, rent("BOARD"))
	w.clock.Advance(24 * time.Hour) // the 24th
	if err := w.apply(t.Context(), notice(1, crn, "activated", 1, eventv1.Measure_MEASURE_CPEIM, "2026-11-24")); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(15*time.Hour - time.Minute) // 23:59
	w.must(t, 1, moves("2 Side Street"))
	w.clock.Advance(time.Minute) // the 25th begins
	w.must(t, 1, rent("PRIVATE_RENT"))
	for day, want := range map[string]struct {
		version int64
		measure eventv1.Measure
	}{
		"2026-11-23": {2, 0}, "2026-11-24": {4, eventv1.Measure_MEASURE_CPEIM},
		"2026-11-25": {5, eventv1.Measure_MEASURE_CPEIM}, "2030-01-01": {5, eventv1.Measure_MEASURE_CPEIM}, "": {5, eventv1.Measure_MEASURE_CPEIM},
	} {
		got, err := client.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn, AsAt: day})
		if err != nil || got.GetCustomer().GetRecordVersion() != want.version || got.GetCustomer().GetRegisterMeasure() != want.measure {
			t.Errorf("as at %q: %v, %v", day, got, err)
		}
	}
	_, err := client.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn, AsAt: "2026-11-22"})
	wantCode(t, err, codes.NotFound)
	_, err = client.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn, AsAt: "2026-11-31"})
	wantCode(t, err, codes.InvalidArgument)

	var list []*registryv1.CustomerVersion
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		page, err := w.feeder(t, officer).ListCustomerVersions(t.Context(), &registryv1.ListCustomerVersionsRequest{Crn: crn, PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		list, token = append(list, page.GetVersions()...), page.GetNextPageToken()
	}
	actors := []string{"officer:alice", "officer:alice", "system", "officer:alice", "service:feeder"}
	changed := []string{"rent_type", "addresses", "register_measure", "rent_type", "crn"}
	if len(list) != 5 {
		t.Fatalf("%d versions", len(list))
	}
	for i, v := range list {
		if v.GetRecordVersion() != int64(5-i) || v.GetActor() != actors[i] || v.GetChanged()[0] != changed[i] || (v.GetReason() != "") != (actors[i] == "officer:alice") {
			t.Errorf("version %v", v)
		}
	}
	_, err = w.feeder(t, officer).ListCustomerVersions(t.Context(), &registryv1.ListCustomerVersionsRequest{Crn: crn, PageToken: "nonsense"})
	wantCode(t, err, codes.InvalidArgument)
	for _, statement := range []string{`UPDATE customer_version SET actor = 'x'`, `DELETE FROM customer_version`, `TRUNCATE customer_version`} {
		if _, err := w.pool.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s was possible", statement)
		}
	}
}

func TestChangeCustomerIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	w.put(t, customer(1))
	_, err := w.changes(t, 1, rent("BOARD"), ceases("none"))
	if status.Code(err) != codes.FailedPrecondition || !slices.Contains(fields(err), "changes[1].cease_expense") {
		t.Errorf("what does not fit: %v, %q", err, fields(err))
	}
	_, err = w.changes(t, 1, rent("BOARD"), &registryv1.Change{Change: &registryv1.Change_DateOfDeath{DateOfDeath: "2026-02-30"}})
	if status.Code(err) != codes.InvalidArgument || !slices.Contains(fields(err), "changes[1].date_of_death") {
		t.Errorf("malformed: %v, %q", err, fields(err))
	}
	request := &registryv1.ChangeCustomerRequest{Crn: customer(1).GetCrn(), ExpectedVersion: 2, Changes: []*registryv1.Change{rent("BOARD")}}
	_, err = w.feeder(t, officer).ChangeCustomer(ctx, request)
	wantCode(t, err, codes.Aborted)
	request.Crn = customer(2).GetCrn()
	_, err = w.feeder(t, officer).ChangeCustomer(ctx, request)
	wantCode(t, err, codes.NotFound)
	if c := w.read(t, 1); c.GetRecordVersion() != 1 || c.GetRentType() != "" {
		t.Errorf("kept %v", c)
	}
	restrict := &registryv1.Change{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: true}}
	_, err = w.changes(t, 1, restrict)
	wantCode(t, err, codes.PermissionDenied)
	request = &registryv1.ChangeCustomerRequest{Crn: customer(1).GetCrn(), ExpectedVersion: 1, Changes: []*registryv1.Change{restrict}}
	if _, err = w.feeder(t, keyholder).ChangeCustomer(ctx, request); err != nil {
		t.Fatal(err)
	}
	request.ExpectedVersion, request.Changes = 2, []*registryv1.Change{rent("BOARD")}
	_, err = w.feeder(t, officer).ChangeCustomer(ctx, request)
	wantCode(t, err, codes.PermissionDenied)
	_, err = w.feeder(t, officer).ListCustomerVersions(ctx, &registryv1.ListCustomerVersionsRequest{Crn: request.GetCrn()})
	wantCode(t, err, codes.PermissionDenied)
	_, err = w.as(t, officer).GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: request.GetCrn(), AsAt: "2026-11-23"})
	wantCode(t, err, codes.PermissionDenied)
}

// Whoever writes, versions of a record have no gaps, and each has one entry in
// the history and one event that begins where the one before ended.
func TestVersionsHaveNoGaps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	crn := customer(1).GetCrn()
	w.put(t, customer(1), customer(2))
	var wg sync.WaitGroup
	for writer := range 8 {
		wg.Go(func() {
			for i := range 6 {
				switch writer % 4 {
				case 0:
					c := customer(1)
					c.Office = fmt.Sprintf("A%d%d", writer, i)
					w.put(t, c, customer(2))
				case 1:
					// Notices one after the other, of one writer before those of the other.
					month, what := fmt.Sprintf("%d-%02d", 2026-writer/5, i/2+1), []string{"activated", "ended"}[i%2]
					if err := w.apply(t.Context(), period(writer*10+i/2, crn, what, int32(i%2+1), cpeim, month+"-01", month+"-28")); err != nil {
						t.Error(err)
					}
				case 2:
					r := told(1, writer*100+i, rent(fmt.Sprintf("R%d%d", writer, i)))
					r.Feed = fmt.Sprint("feed", writer)
					wantFed(t, "fed", w.feeds(t, r), 1, 0, 0, 0)
				default:
					for {
						_, err := w.changes(t, 1, &registryv1.Change{Change: &registryv1.Change_PaydayCode{PaydayCode: fmt.Sprintf("P%d%d", writer, i)}})
						if status.Code(err) != codes.Aborted {
							wantCode(t, err, codes.OK)
							break
						}
					}
				}
			}
		})
	}
	wg.Wait()
	last := w.read(t, 1)
	var events []*eventv1.CircumstanceChanged
	for _, e := range w.announced(t) {
		if c := e.GetCircumstanceChanged(); c.GetCrn() == crn {
			events = append(events, c)
		}
	}
	slices.SortFunc(events, func(a, b *eventv1.CircumstanceChanged) int { return int(a.GetRecordVersion() - b.GetRecordVersion()) })
	if int64(len(events)) != last.GetRecordVersion() || w.count(t, "customer_version WHERE crn = '"+crn+"'") != len(events) {
		t.Fatalf("version %d, %d events", last.GetRecordVersion(), len(events))
	}
	for i, e := range events {
		if e.GetRecordVersion() != int64(i+1) || e.GetActor() == "" || len(e.GetChanged()) == 0 {
			t.Errorf("event %d: %v", i, e)
		}
		if i > 0 && !slices.Equal(e.GetBefore(), events[i-1].GetAfter()) {
			t.Errorf("version %d does not begin where %d ended", i+1, i)
		}
	}
	if !proto.Equal(decode(t, events[len(events)-1].GetAfter()), last) {
		t.Errorf("the last event tells %v, the record is %v", decode(t, events[len(events)-1].GetAfter()), last)
	}
}
