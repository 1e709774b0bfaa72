package registry_test

import (
	"slices"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

func put(c *registryv1.Customer, version int64) *registryv1.PutCustomerRequest {
	return &registryv1.PutCustomerRequest{Customer: c, ExpectedVersion: version}
}

func TestPutCustomerChecksTheVersion(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, officer)
	ctx := t.Context()
	first := customer(1)

	_, err := client.PutCustomer(ctx, put(first, 1))
	wantCode(t, err, codes.NotFound)
	first.RegisterMeasure, first.RecordVersion = eventv1.Measure_MEASURE_CYEIM, 99 // ignored on input
	got, err := client.PutCustomer(ctx, put(first, 0))
	if err != nil || got.GetCustomer().GetRecordVersion() != 1 || got.GetCustomer().GetRegisterMeasure() != 0 {
		t.Fatalf("created %v, %v", got, err)
	}
	_, err = client.PutCustomer(ctx, put(first, 0))
	wantCode(t, err, codes.AlreadyExists)

	second := proto.CloneOf(got.GetCustomer())
	second.Payments[0].Stopped = true
	got, err = client.PutCustomer(ctx, put(second, 1))
	if err != nil || got.GetCustomer().GetRecordVersion() != 2 || !got.GetCustomer().GetPayments()[0].GetStopped() {
		t.Fatalf("replaced %v, %v", got, err)
	}
	_, err = client.PutCustomer(ctx, put(first, 1))
	wantCode(t, err, codes.Aborted)

	got, err = client.PutCustomer(ctx, put(second, 2)) // the same again
	if err != nil || got.GetCustomer().GetRecordVersion() != 2 {
		t.Fatalf("unchanged %v, %v", got, err)
	}
	read, err := client.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: first.GetCrn()})
	if err != nil || !proto.Equal(read.GetCustomer(), got.GetCustomer()) {
		t.Errorf("read %v, %v; kept %v", read, err, got)
	}
	_, err = client.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: "999999999Z"})
	wantCode(t, err, codes.NotFound)
}

func TestPutCustomerTellsOfChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, officer)
	created, err := client.PutCustomer(t.Context(), put(customer(1), 0))
	if err != nil {
		t.Fatal(err)
	}
	next := proto.CloneOf(created.GetCustomer())
	next.Addresses[0].Locality, next.Children = "Coen", []*registryv1.Child{{GivenName: "Kim", DateOfBirth: "2020-02-29"}}
	replaced, err := client.PutCustomer(t.Context(), put(next, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutCustomer(t.Context(), put(next, 2)); err != nil { // no change
		t.Fatal(err)
	}
	if _, err := client.PutCustomer(t.Context(), put(customer(1), 1)); err == nil { // refused
		t.Fatal("a stale version was accepted")
	}
	events := w.announced(t)
	if len(events) != 2 {
		t.Fatalf("%d events, want 2: %v", len(events), events)
	}
	for i, want := range []struct {
		changed       []string
		before, after *registryv1.Customer
	}{
		{[]string{"crn", "name", "date_of_birth", "gender", "addresses", "payments"}, nil, created.GetCustomer()},
		{[]string{"addresses", "children"}, created.GetCustomer(), replaced.GetCustomer()},
	} {
		e := events[i].GetCircumstanceChanged()
		if !slices.Equal(e.GetChanged(), want.changed) || e.GetRecordVersion() != int64(i+1) || e.GetCrn() != customer(1).GetCrn() {
			t.Errorf("event %d tells of %q in version %d of %s", i, e.GetChanged(), e.GetRecordVersion(), e.GetCrn())
		}
		if (want.before == nil) != (len(e.GetBefore()) == 0) || (want.before != nil && !proto.Equal(decode(t, e.GetBefore()), want.before)) {
			t.Errorf("event %d: before is %v", i, decode(t, e.GetBefore()))
		}
		if !proto.Equal(decode(t, e.GetAfter()), want.after) {
			t.Errorf("event %d: after is %v, want %v", i, decode(t, e.GetAfter()), want.after)
		}
		if !events[i].GetOccurredAt().AsTime().Equal(morning) || events[i].GetSchemaVersion() != 1 {
			t.Errorf("event %d occurred at %v, schema %d", i, events[i].GetOccurredAt().AsTime(), events[i].GetSchemaVersion())
		}
	}
}

func decode(t *testing.T, b []byte) *registryv1.Customer {
	t.Helper()
	c := new(registryv1.Customer)
	if err := proto.Unmarshal(b, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPutCustomerRefusesBadInput(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, officer)
	for name, c := range map[string]struct {
		change func(*registryv1.Customer)
		path   string
	}{
		"CRN":             {func(c *registryv1.Customer) { c.Crn = "12" }, "customer.crn"},
		"no name":         {func(c *registryv1.Customer) { c.Name = nil }, "customer.name"},
		"control letter":  {func(c *registryv1.Customer) { c.Name.FamilyName = "A\x00B" }, "customer.name.family_name"},
		"impossible date": {func(c *registryv1.Customer) { c.DateOfBirth = "1991-02-29" }, "customer.date_of_birth"},
		"two homes":       {func(c *registryv1.Customer) { c.Addresses = append(c.Addresses, c.GetAddresses()[0]) }, "customer.addresses[1].type"},
		"died first":      {func(c *registryv1.Customer) { c.DateOfDeath = "1900-01-01" }, "customer.date_of_death"},
		"own partner":     {func(c *registryv1.Customer) { c.PartnerCrn = c.GetCrn() }, "customer.partner_crn"},
		"born tomorrow":   {func(c *registryv1.Customer) { c.DateOfBirth = "2026-11-24" }, "customer.date_of_birth"},
	} {
		bad := customer(1)
		c.change(bad)
		_, err := client.PutCustomer(t.Context(), put(bad, 0))
		if got := fields(err); status.Code(err) != codes.InvalidArgument || !slices.Contains(got, c.path) {
			t.Errorf("%s: %v with fields %q, want %q", name, err, got, c.path)
		}
	}
	newborn := customer(1)
	newborn.DateOfBirth = "2026-11-23" // today in the agency's zone, tomorrow in London
	if _, err := client.PutCustomer(t.Context(), put(newborn, 0)); err != nil {
		t.Errorf("born today: %v", err)
	}
	_, err := client.PutCustomer(t.Context(), &registryv1.PutCustomerRequest{})
	wantCode(t, err, codes.InvalidArgument)
	if events := w.announced(t); len(events) != 1 {
		t.Errorf("%d events, want 1", len(events))
	}
}

// fields are the paths of the violations an error carries.
func fields(err error) []string {
	var paths []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				paths = append(paths, v.GetField())
			}
		}
	}
	return paths
}

// Of many who create or replace the same record at once, exactly one wins.
func TestPutCustomerAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, officer)
	for version, loser := range []codes.Code{codes.AlreadyExists, codes.Aborted} {
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 16 {
			wg.Go(func() {
				c := customer(1)
				c.Payments[0].FortnightlyCents = int64(1000*version + i)
				_, err := client.PutCustomer(t.Context(), put(c, int64(version)))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else {
					wantCode(t, err, loser)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d won at version %d", won, version)
		}
	}
	if events := w.announced(t); len(events) != 2 {
		t.Errorf("%d events, want 2", len(events))
	}
}

func TestRestrictedRecords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	c.RestrictedAccess = true
	if _, err := w.as(t, officer).PutCustomer(t.Context(), put(c, 0)); err != nil {
		t.Fatal(err)
	}
	get := &registryv1.GetCustomerRequest{Crn: c.GetCrn()}
	list := &registryv1.ListDocumentsRequest{Crn: c.GetCrn()}
	open := customer(1)

	_, err := w.as(t, officer).GetCustomer(t.Context(), get)
	wantCode(t, err, codes.PermissionDenied)
	_, err = w.as(t, supervisor).ListDocuments(t.Context(), list)
	wantCode(t, err, codes.PermissionDenied)
	_, err = w.as(t, officer).PutCustomer(t.Context(), put(open, 1))
	wantCode(t, err, codes.PermissionDenied)

	w.opens(t, c.GetCrn())
	got, err := w.as(t, keyholder).GetCustomer(t.Context(), get)
	if err != nil || !got.GetCustomer().GetRestrictedAccess() {
		t.Errorf("the Restricted Access officer gets %v, %v", got, err)
	}
	if _, err := w.as(t, keyholder).ListDocuments(t.Context(), list); err != nil {
		t.Error(err)
	}
	if _, err := w.as(t, keyholder).PutCustomer(t.Context(), put(open, 1)); err != nil {
		t.Error(err)
	}
	if _, err := w.as(t, officer).GetCustomer(t.Context(), get); err != nil {
		t.Errorf("after the restriction was lifted: %v", err)
	}
}
