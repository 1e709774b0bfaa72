package registry_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const many = 5000

func people(n int) []*registryv1.Customer {
	list := make([]*registryv1.Customer, n)
	for i := range list {
		list[i] = customer(i)
	}
	return list
}

func TestImportCustomers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	feed := people(many)
	if got := w.imports(t, feed...); got.GetCreated() != many || got.GetChanged()+got.GetUnchanged()+got.GetRefused() != 0 {
		t.Fatalf("first: %v", got)
	}
	events := w.announced(t)
	if len(events) != many {
		t.Errorf("%d events, want %d", len(events), many)
	}
	if got := w.imports(t, feed...); got.GetUnchanged() != many {
		t.Errorf("again: %v", got)
	}
	if events := w.announced(t); len(events) != 0 {
		t.Errorf("%d events of an identical feed", len(events))
	}

	feed[7], feed[4000] = proto.CloneOf(feed[7]), proto.CloneOf(feed[4000])
	feed[7].Name.FamilyName = "Renamed"
	feed[4000].Gender = "X"
	if got := w.imports(t, feed...); got.GetChanged() != 2 || got.GetUnchanged() != many-2 {
		t.Errorf("with two changes: %v", got)
	}
	changed := map[string][]string{}
	for _, e := range w.announced(t) {
		c := e.GetCircumstanceChanged()
		changed[c.GetCrn()] = c.GetChanged()
		if c.GetRecordVersion() != 2 {
			t.Errorf("version %d", c.GetRecordVersion())
		}
	}
	if len(changed) != 2 || !slices.Equal(changed[feed[7].GetCrn()], []string{"name"}) || !slices.Equal(changed[feed[4000].GetCrn()], []string{"gender"}) {
		t.Errorf("announced %v", changed)
	}
	if found := w.find(t, &registryv1.CustomerQuery{
		Names: []*registryv1.Name{{FamilyName: "renamed", GivenName: feed[7].GetName().GetGivenName()}}, DateOfBirth: feed[7].GetDateOfBirth(),
	}); len(found.GetCandidates()) != 1 || !found.GetCandidates()[0].GetClear() {
		t.Errorf("by the new name: %v", found)
	}
	if found := w.find(t, &registryv1.CustomerQuery{Names: []*registryv1.Name{customer(7).GetName()}, DateOfBirth: feed[7].GetDateOfBirth()}); len(found.GetCandidates()) != 0 {
		t.Errorf("by the old name: %v", found)
	}
}

func TestImportSkipsBadRecords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	badDate, badCRN, twins := customer(2), customer(3), customer(4)
	badDate.DateOfBirth, badCRN.Crn = "2001-02-30", "x"
	twins.Addresses = append(twins.Addresses, twins.GetAddresses()[0])
	again := customer(1)
	again.Gender = "M"
	got := w.imports(t, customer(1), badDate, badCRN, nil, customer(5), twins, again)
	if got.GetCreated() != 2 || got.GetChanged() != 1 || got.GetRefused() != 4 {
		t.Errorf("%v", got)
	}
	var positions []int64
	for _, e := range got.GetErrors() {
		positions = append(positions, e.GetPosition())
		if codes.Code(e.GetError().GetCode()) != codes.InvalidArgument || len(e.GetError().GetDetails()) == 0 {
			t.Errorf("error %v", e)
		}
	}
	if !slices.Equal(positions, []int64{2, 3, 4, 6}) {
		t.Errorf("positions %v", positions)
	}
	read, err := w.as(t, officer).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: again.GetCrn()})
	if err != nil || read.GetCustomer().GetGender() != "M" || read.GetCustomer().GetRecordVersion() != 2 {
		t.Errorf("the later record of a CRN counts: %v, %v", read, err)
	}
}

func TestImportReportsTheFirstRefusalsOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.imports(t, make([]*registryv1.Customer, 250)...)
	if got.GetRefused() != 250 || len(got.GetErrors()) != 100 {
		t.Errorf("%d refused, %d reported", got.GetRefused(), len(got.GetErrors()))
	}
}

// Two feeds of the same people at the same time, in opposite orders, end with
// each person once and one event for each.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	feed := people(1500)
	back := slices.Clone(feed)
	slices.Reverse(back)
	var wg sync.WaitGroup
	var created [2]int64
	for i, list := range [][]*registryv1.Customer{feed, back} {
		wg.Go(func() { created[i] = w.imports(t, list...).GetCreated() })
	}
	wg.Wait()
	if sum := created[0] + created[1]; sum != 1500 {
		t.Errorf("%v created", created)
	}
	if events := w.announced(t); len(events) != 1500 {
		t.Errorf("%d events", len(events))
	}
}

func TestABrokenStreamKeepsWholeBatchesOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := w.as(t, feedService).ImportCustomers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range people(20) {
		if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: c}); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	_, err = stream.CloseAndRecv()
	wantCode(t, err, codes.Canceled)
	if got := w.imports(t, people(20)...); got.GetCreated() != 20 {
		t.Errorf("sent again: %v", got)
	}
}
