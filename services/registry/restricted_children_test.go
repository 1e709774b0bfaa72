package registry_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/childkey"
)

// images are the records of an event, before and after.
func images(t *testing.T, e *eventv1.Event) []*registryv1.Customer {
	t.Helper()
	var list []*registryv1.Customer
	for _, body := range [][]byte{e.GetCircumstanceChanged().GetBefore(), e.GetCircumstanceChanged().GetAfter()} {
		c := new(registryv1.Customer)
		if err := proto.Unmarshal(body, c); err != nil {
			t.Fatal(err)
		}
		if len(body) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// No event of a restricted record names a child, from the one that restricts it to
// the one that opens it again; keys, always the same, tell the children apart.
func TestEventsOfRestrictedRecordsNameNoChild(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c, restrict := customer(1), func(yes bool) *registryv1.Change {
		return &registryv1.Change{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: yes}}
	}
	c.Children = []*registryv1.Child{
		{GivenName: canary, DateOfBirth: "2020-02-29", FamilyTaxBenefit: true}, {GivenName: canary + "twin", DateOfBirth: "2020-02-29"},
	}
	w.put(t, c)
	for _, image := range images(t, w.announced(t)[0]) {
		if !proto.Equal(image.GetChildren()[0], c.GetChildren()[0]) {
			t.Errorf("an open record's event has %v", image.GetChildren()[0])
		}
	}
	change := func(who identity.Caller, version int64, changes ...*registryv1.Change) {
		t.Helper()
		if _, err := w.feeder(t, who).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{Crn: c.GetCrn(), ExpectedVersion: version, Changes: changes, Reason: "Asked for by the customer"}); err != nil {
			t.Fatal(err)
		}
	}
	change(keyholder, 1, restrict(true))
	third := proto.CloneOf(c)
	third.RestrictedAccess, third.Children = true, append(third.GetChildren(), &registryv1.Child{GivenName: canary, DateOfBirth: "2021-03-04"})
	w.put(t, third)
	change(keyholder, 3, restrict(false))
	told := w.announced(t)
	if len(told) != 3 {
		t.Fatalf("%d events", len(told))
	}
	for n, e := range told {
		for _, image := range images(t, e) {
			if strings.Contains(image.String(), canary) {
				t.Errorf("event %d names a child", n)
			}
			for i, k := range image.GetChildren() {
				was := third.GetChildren()[i]
				want := &registryv1.Child{DateOfBirth: was.GetDateOfBirth(), Key: childkey.Of(auditor, c.GetCrn(), was.GetGivenName(), was.GetDateOfBirth())}
				if !proto.Equal(k, want) {
					t.Errorf("event %d tells of child %d as %v", n, i, k)
				}
			}
		}
	}
	change(officer, 4, rent("BOARD"))
	for _, image := range images(t, w.announced(t)[0]) {
		if !proto.Equal(image.GetChildren()[0], c.GetChildren()[0]) {
			t.Errorf("the event after has %v", image.GetChildren()[0])
		}
	}
}

// Keys only travel: what a caller sends for one is not kept, and no reply has one.
func TestKeysOfChildrenAreNotTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	c.Children = []*registryv1.Child{{GivenName: "Kim", DateOfBirth: "2020-02-29", Key: canary}}
	w.put(t, c)
	got, err := w.feeder(t, officer).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
		Crn: c.GetCrn(), ExpectedVersion: 1, Changes: []*registryv1.Change{{Change: &registryv1.Change_ChildEntered{
			ChildEntered: &registryv1.Child{GivenName: "Kit", DateOfBirth: "2020-02-29", Key: canary},
		}}},
	})
	if err != nil || len(got.GetCustomer().GetChildren()) != 2 || strings.Contains(got.String(), canary) {
		t.Errorf("a change answers %v, %v", got, err)
	}
	read, err := w.as(t, officer).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
	if err != nil || strings.Contains(read.String(), canary) {
		t.Errorf("the record is %v, %v", read, err)
	}
	var kept int
	if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM customer_version WHERE position($1::bytea IN body) > 0`, []byte(canary)).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d versions keep a key: %v", kept, err)
	}
	for _, e := range w.announced(t) {
		for _, image := range images(t, e) {
			if strings.Contains(image.String(), canary) {
				t.Error("an event has a key of somebody else")
			}
		}
	}
}
