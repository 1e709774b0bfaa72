package registry_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// lifted tells that access is lifted for an officer, for so long from now.
func lifted(n int, crn, officer string, lasts time.Duration) *eventv1.Event {
	c := id(n)
	e := fact(c, "access-lifted/1", morning)
	e.Body = &eventv1.Event_AccessLifted{AccessLifted: &eventv1.AccessLifted{
		CaseId: c[:], SubmissionId: c[:], Crn: crn, OfficerId: officer, LiftedAt: timestamppb.New(morning), Until: timestamppb.New(morning.Add(lasts)),
	}}
	return e
}

func reinstated(n int, crn, officer string) *eventv1.Event {
	c := id(n)
	e := fact(c, "access-reinstated/1", morning)
	e.Body = &eventv1.Event_AccessReinstated{AccessReinstated: &eventv1.AccessReinstated{
		CaseId: c[:], SubmissionId: c[:], Crn: crn, OfficerId: officer, ReinstatedAt: timestamppb.New(morning),
	}}
	return e
}

func TestALiftOpensOneRecordToOneOfficerForATime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one, other := customer(1), customer(2)
	w.imports(t, one, other)
	for _, c := range []*registryv1.Customer{one, other} {
		if _, err := w.pool.Exec(t.Context(), "UPDATE customer SET restricted = true WHERE crn = $1", c.GetCrn()); err != nil {
			t.Fatal(err)
		}
	}
	who := func(name string) registryv1.RegistryServiceClient {
		return w.as(t, identity.Caller{Kind: identity.Person, ID: name, Roles: []string{"contact-officer", "officer"}})
	}
	alice, bob := who("alice"), who("bob")
	see := func(client registryv1.RegistryServiceClient, c *registryv1.Customer) error {
		_, err := client.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
		return err
	}
	wantCode(t, see(alice, one), codes.PermissionDenied)
	tell := func(e *eventv1.Event) {
		t.Helper()
		if err := w.apply(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	tell(lifted(1, one.GetCrn(), "alice", time.Hour))
	tell(lifted(1, one.GetCrn(), "alice", time.Hour))
	if err := see(alice, one); err != nil {
		t.Error(err)
	}
	wantCode(t, see(alice, other), codes.PermissionDenied)
	wantCode(t, see(bob, one), codes.PermissionDenied)
	// To see is not to change.
	changed := proto.Clone(one).(*registryv1.Customer)
	changed.RestrictedAccess, changed.Gender = true, "M"
	_, err := alice.PutCustomer(t.Context(), &registryv1.PutCustomerRequest{Customer: changed, ExpectedVersion: 1})
	wantCode(t, err, codes.PermissionDenied)
	w.clock.Advance(time.Hour)
	wantCode(t, see(alice, one), codes.PermissionDenied)
	w.clock.Set(morning.Add(time.Minute))

	// Told of the end first: it stays ended.
	tell(reinstated(2, other.GetCrn(), "bob"))
	tell(lifted(2, other.GetCrn(), "bob", time.Hour))
	wantCode(t, see(bob, other), codes.PermissionDenied)
	tell(lifted(3, other.GetCrn(), "bob", time.Hour))
	if err := see(bob, other); err != nil {
		t.Error(err)
	}
	tell(reinstated(3, other.GetCrn(), "bob"))
	wantCode(t, see(bob, other), codes.PermissionDenied)

	// A standing business clock does not keep it open: the database's own ends it.
	tell(lifted(4, other.GetCrn(), "bob", time.Hour))
	if _, err := w.pool.Exec(t.Context(), "UPDATE lift SET received_at = received_at - interval '61 minutes'"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, see(bob, other), codes.PermissionDenied)
	if err := w.apply(t.Context(), lifted(5, other.GetCrn(), "bob", 9*time.Hour)); err == nil {
		t.Error("a lift of nine hours was kept")
	}
}
