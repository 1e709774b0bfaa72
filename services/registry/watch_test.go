package registry_test

import (
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// watching is a record somebody watches.
type watching struct {
	t       *testing.T
	version chan int64
	end     chan error
}

func (w *world) watch(t *testing.T, c identity.Caller, crn string) *watching {
	t.Helper()
	var stream grpc.ServerStreamingClient[registryv1.WatchCustomerResponse]
	stream, err := w.feeder(t, c).WatchCustomer(t.Context(), &registryv1.WatchCustomerRequest{Crn: crn})
	if err != nil {
		t.Fatal(err)
	}
	s := &watching{t: t, version: make(chan int64, 10), end: make(chan error, 1)}
	go func() {
		for {
			m, err := stream.Recv()
			if err != nil {
				s.end <- err
				return
			}
			s.version <- m.GetVersion()
		}
	}()
	return s
}

// told waits a second at most for a version.
func (s *watching) told(what string, want int64) {
	s.t.Helper()
	select {
	case v := <-s.version:
		if v != want {
			s.t.Errorf("%s: version %d, want %d", what, v, want)
		}
	case err := <-s.end:
		s.t.Errorf("%s: %v", what, err)
	case <-time.After(20 * time.Second): // how soon is measured in the browser
		s.t.Errorf("%s: nothing is told", what)
	}
}

func (s *watching) refused(what string, want codes.Code) {
	s.t.Helper()
	select {
	case v := <-s.version:
		s.t.Errorf("%s: told of version %d", what, v)
	case err := <-s.end:
		wantCode(s.t, err, want)
	case <-time.After(20 * time.Second):
		s.t.Errorf("%s: neither told nor refused", what)
	}
}

func TestWhoWatchesARecordIsToldOfItsVersions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.run(t)
	w.put(t, customer(1), customer(2))
	one, other := w.watch(t, officer, customer(1).GetCrn()), w.watch(t, supervisor, customer(1).GetCrn())
	for _, s := range []*watching{one, other} {
		s.told("at first", 1)
	}
	w.must(t, 1, rent("BOARD"))
	for _, s := range []*watching{one, other} {
		s.told("changed", 2)
	}
	w.must(t, 2, rent("BOARD")) // another's record
	select {
	case v := <-one.version:
		t.Errorf("told of version %d without a change", v)
	case <-time.After(600 * time.Millisecond):
	}
	w.watch(t, officer, customer(3).GetCrn()).refused("no record", codes.NotFound)
	w.watch(t, officer, "12345").refused("no CRN", codes.InvalidArgument)
	w.watch(t, administrator, customer(1).GetCrn()).refused("an administrator", codes.PermissionDenied)
}

// TestWatchingARestrictedRecord is refused as reading it is, also when it becomes
// restricted meanwhile; whom access is lifted for may watch it.
func TestWatchingARestrictedRecord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.run(t)
	c := w.secret(t)
	for _, who := range outsiders {
		w.watch(t, who, c.GetCrn()).refused(who.ID, codes.PermissionDenied)
	}
	open := w.as(t, keyholder)
	version := func() int64 {
		got, err := open.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetCustomer().GetRecordVersion()
	}
	if err := w.apply(t.Context(), lifted(1, c.GetCrn(), officer.ID, time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.watch(t, keyholder, c.GetCrn()).told("the Restricted Access officer", version())
	w.watch(t, officer, c.GetCrn()).told("the officer of a lift", version())

	w.put(t, customer(9))
	before, keeps := w.watch(t, supervisor, customer(9).GetCrn()), w.watch(t, keyholder, customer(9).GetCrn())
	before.told("not restricted", 1)
	keeps.told("not restricted", 1)
	_, err := w.feeder(t, keyholder).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
		Crn: customer(9).GetCrn(), ExpectedVersion: 1, Changes: []*registryv1.Change{{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: true}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	before.refused("restricted meanwhile", codes.PermissionDenied)
	keeps.refused("restricted meanwhile, and not opened", codes.PermissionDenied)
	w.opens(t, customer(9).GetCrn())
	w.watch(t, keyholder, customer(9).GetCrn()).told("once opened", 2)
}
