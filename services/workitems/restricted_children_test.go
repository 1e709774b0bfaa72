package workitems_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/childkey"
)

// nameless is an event without the children's names, as the registry tells of a
// record that is restricted before the change or after it.
func nameless(t *testing.T, e *eventv1.Event) *eventv1.Event {
	t.Helper()
	body := e.GetCircumstanceChanged()
	for _, image := range []*[]byte{&body.Before, &body.After} {
		c := new(registryv1.Customer)
		if err := proto.Unmarshal(*image, c); err != nil {
			t.Fatal(err)
		}
		for _, k := range c.GetChildren() {
			k.Key, k.GivenName = childkey.Of(auditor(t), c.GetCrn(), k.GetGivenName(), k.GetDateOfBirth()), ""
		}
		*image, _ = proto.Marshal(c)
	}
	return e
}

// A record that becomes restricted takes the names of its children along: what is
// kept of it has none any more, and the item that is open has no title for
// officers. Nothing is raised by that, nor by the way back.
func TestARecordThatBecomesRestrictedNamesNoChild(t *testing.T) {
	t.Parallel()
	const name = "Wilhelmina"
	w := newWorld(t)
	w.run()
	r := newRecord(1)
	r.change("children,register_measure", func(c *registryv1.Customer) {
		c.RegisterMeasure = eventv1.Measure_MEASURE_DEY
		c.Children = []*registryv1.Child{{GivenName: name, DateOfBirth: "2021-11-20"}}
	})
	w.send(subject.Customer, r.events)
	w.settled()
	items := w.count(`work_item`)
	if n := w.count(`work_item WHERE status = 1 AND code = 'I542Q1' AND value = '` + name + `'`); n != 1 {
		t.Fatalf("%d items name the child", n)
	}
	kept := `customer WHERE position('` + name + `'::bytea IN facts) > 0`
	if w.count(kept) != 1 {
		t.Fatal("the name is not kept: nothing is proved")
	}
	shown := func(role string) string {
		t.Helper()
		conn, err := w.server.Dial(identity.With(context.Background(), identity.Caller{Kind: identity.Person, ID: role, Roles: []string{role}}))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		c := workitemv1.NewWorkItemServiceClient(conn)
		list, err := c.ListCustomerWorkItems(t.Context(), &workitemv1.ListCustomerWorkItemsRequest{Crn: r.crn(), IncludeClosed: true})
		if err != nil {
			t.Fatal(err)
		}
		activities, err := c.ListActivities(t.Context(), &workitemv1.ListActivitiesRequest{Crn: r.crn()})
		if err != nil {
			t.Fatal(err)
		}
		return list.String() + activities.String()
	}
	for _, restricted := range []bool{true, false} {
		e := r.change("restricted_access", func(c *registryv1.Customer) { c.RestrictedAccess = restricted })
		w.send(subject.Customer, one(nameless(t, e)))
		w.settled()
		if n := w.count(kept); n != 0 {
			t.Errorf("restricted %v: the child's name is kept", restricted)
		}
		if n := w.count(`work_item`); n != items || w.count(`covered`) != 0 {
			t.Errorf("restricted %v: %d items, there were %d", restricted, n, items)
		}
		for role, sees := range map[string]bool{"officer": !restricted, "supervisor": !restricted, "restricted-access-officer": true} {
			if got := shown(role); strings.Contains(got, name) != sees {
				t.Errorf("restricted %v: a %s is shown %s", restricted, role, got)
			}
		}
	}
	// The next change of the open record tells names again; the child is the same.
	w.send(subject.Customer, one(r.change("rent_type", func(c *registryv1.Customer) { c.RentType = "BOARD" })))
	w.settled()
	if n := w.count(`work_item WHERE code = 'I542Q1'`); n != 1 || w.count(kept) != 1 {
		t.Errorf("%d items of the child after all", n)
	}
}
