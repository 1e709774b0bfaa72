package main

import (
	"context"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const (
	benchAuthority = "nt-spar"
	benchCustomers = 100_000
)

func crn(n int) string { return fmt.Sprintf("3%08dA", n) }

func family(n int) string { return "Bench" + string(rune('a'+n%26)) + string(rune('a'+n/26%26)) }

func born(n int) string { return fmt.Sprintf("%04d-%02d-%02d", 1950+n%50, 1+n/50%12, 1+n/600%28) }

// given makes family, given and birth date unique, so that searches match one.
func given(n int) string { return fmt.Sprintf("Given%c%c", 'a'+n/676%26, 'a'+n/17576%26) }

// seed imports the authority and its customers, all of them eligible, so that
// every submission can be decided by the machine.
func (h *hub) seed(ctx context.Context) error {
	conn, err := h.dial(identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
	if err != nil {
		return err
	}
	defer conn.Close()
	registry := registryv1.NewRegistryServiceClient(conn)
	if _, err := registry.PutAuthority(ctx, &registryv1.PutAuthorityRequest{Authority: &registryv1.Authority{
		AuthorityId: benchAuthority, Name: "Bench (synthetic)", Enabled: true,
		BusinessFunction: eventv1.BusinessFunction_BUSINESS_FUNCTION_SUPPORTING_PEOPLE_AT_RISK, Jurisdiction: eventv1.Jurisdiction_JURISDICTION_NT,
	}}); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if err := importCustomers(ctx, registry, benchCustomers, benchCustomer); err != nil {
		return err
	}
	return h.settled(ctx)
}

func benchCustomer(n int) *registryv1.Customer {
	return &registryv1.Customer{
		Crn: crn(n), Name: &registryv1.Name{FamilyName: family(n), GivenName: given(n)}, DateOfBirth: born(n),
		Addresses: []*registryv1.Address{{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Bench Street", Locality: "Katherine", State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850"}},
		Payments:  []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 70_000, FromDate: "2024-07-01"}},
	}
}

func importCustomers(ctx context.Context, registry registryv1.RegistryServiceClient, count int, customer func(int) *registryv1.Customer) error {
	stream, err := registry.ImportCustomers(ctx)
	if err != nil {
		return err
	}
	for n := range count {
		if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: customer(n)}); err != nil {
			break // the answer says why
		}
	}
	answer, err := stream.CloseAndRecv()
	if err == nil && answer.GetCreated() != int64(count) {
		err = fmt.Errorf("%d of %d customers imported: %v", answer.GetCreated(), count, answer.GetErrors())
	}
	return err
}

// settled waits until what was told has reached everybody: the authorities are
// known where they are needed, and nobody is busy with the customers any more.
func (h *hub) settled(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		var busy bool
		if err := h.pool.QueryRow(ctx, busyQuery).Scan(&busy); err != nil || !busy {
			return err
		}
		select {
		case <-wait.Done():
			return fmt.Errorf("events are still on their way: %w", wait.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// busyQuery tells whether something is on its way or waits for its turn. An
// outbox row goes when every consumer has committed and acknowledged it.
const busyQuery = `SELECT EXISTS (SELECT FROM registry.outbox) OR EXISTS (SELECT FROM workitems.outbox) OR EXISTS (SELECT FROM registry.follow_on)
	OR EXISTS (SELECT FROM workitems.parked WHERE state <> 'quarantined')`

// submission i of a pipeline: a disclosure request, the type that is processed in
// the same three steps as the peers do. A mixed pipeline lodges of 20 submissions
// 3 notices to commence (each for a customer of its own), 2 searches that match
// (the hub adds a disclosure to each), 2 revocations of earlier notices and 13
// disclosure requests.
func (p *pipeline) submission(i int) *intakev1.Submission {
	s := &intakev1.Submission{Reference: p.reference(i), CaseWorker: "Casey Worker"}
	anybody := (i*7919 + p.offset) % benchCustomers
	who := func(n int) *intakev1.CustomerIdentity {
		return &intakev1.CustomerIdentity{Crn: crn(n), FamilyName: family(n), DateOfBirth: born(n)}
	}
	// commenced is the customer of the k-th notice to commence.
	commenced := func(k int) int { return (p.offset + k) % benchCustomers }
	kind := i % 20
	if !p.mixed {
		kind = 0
	}
	switch {
	case kind >= 12 && kind < 15:
		s.Content = &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
			Customer: who(commenced(i/20*3 + kind - 12)), StartDate: time.Now().AddDate(0, 0, 2).Format("2006-01-02"), DurationMonths: 6, Text: "Interpreter needed.",
		}}
	case kind >= 15 && kind < 17:
		s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
			Name: &intakev1.PersonName{FamilyName: family(anybody), GivenName: given(anybody)}, DateOfBirth: born(anybody),
		}}
	case kind >= 17 && kind < 19 && i/20 > 500:
		s.Content = &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: who(commenced((i/20-500)*3 + kind - 17))}}
	default:
		s.Content = &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: who(anybody)}}
	}
	return s
}
