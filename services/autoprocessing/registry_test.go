package autoprocessing_test

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// person is a synthetic customer.
type person struct{ crn, family, given, born string }

func (p person) identity() *intakev1.CustomerIdentity {
	return &intakev1.CustomerIdentity{Crn: p.crn, FamilyName: p.family, DateOfBirth: p.born}
}

// someone is the n-th synthetic person.
func someone(n int) person {
	return person{crn: fmt.Sprintf("%09dK", 200_000_000+n), family: fmt.Sprintf("Familyname%d", n), given: "Given", born: "1990-05-17"}
}

// registry stands in for the remote registry: it knows whom it was told of, and
// finds by exact family name and date of birth.
type registry struct {
	registryv1.RegistryServiceClient // any other call is a defect of the test
	mu                               sync.Mutex
	customers                        map[string]*registryv1.Customer
	byName                           map[string][]string
	fail                             func() error
	calls                            int
}

func newRegistry() *registry {
	return &registry{customers: make(map[string]*registryv1.Customer), byName: make(map[string][]string)}
}

// knows makes a customer in Queensland on JobSeeker Payment.
func (r *registry) knows(p person, changes ...func(*registryv1.Customer)) person {
	c := &registryv1.Customer{
		Crn: p.crn, Name: &registryv1.Name{FamilyName: p.family, GivenName: p.given}, DateOfBirth: p.born, RecordVersion: 1,
		Addresses: []*registryv1.Address{{
			Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Example Street", Locality: "Coen",
			State: eventv1.Jurisdiction_JURISDICTION_QLD, Postcode: "4892",
		}},
		Payments: []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 77800, FromDate: "2025-01-06"}},
	}
	for _, change := range changes {
		change(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.customers[p.crn] == nil {
		key := p.family + "/" + p.born
		r.byName[key] = append(r.byName[key], p.crn)
	}
	r.customers[p.crn] = c
	return p
}

func inTerritory(c *registryv1.Customer) {
	c.Addresses[0].Locality, c.Addresses[0].State, c.Addresses[0].Postcode = "Katherine", eventv1.Jurisdiction_JURISDICTION_NT, "0850"
}

func restricted(c *registryv1.Customer) { c.RestrictedAccess = true }

func withoutPayments(c *registryv1.Customer) { c.Payments = nil }

// breaks makes every call fail as told, until told nil.
func (r *registry) breaks(f func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = f
}

func (r *registry) ResolveCustomers(_ context.Context, in *registryv1.ResolveCustomersRequest, _ ...grpc.CallOption) (*registryv1.ResolveCustomersResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.fail != nil {
		if err := r.fail(); err != nil {
			return nil, err
		}
	}
	out := &registryv1.ResolveCustomersResponse{}
	for _, q := range in.GetQueries() {
		a := &registryv1.CustomerAnswer{Customer: r.customers[q.GetCrn()]}
		a.PartnerPayments, a.PartnerTold = r.partner(a.GetCustomer())
		for _, n := range q.GetNames() {
			found := r.byName[n.GetFamilyName()+"/"+q.GetDateOfBirth()]
			for _, crn := range found {
				c := &registryv1.Candidate{Customer: r.customers[crn], Score: 100, Clear: len(found) == 1, Contributions: []string{"family_name: exact"}}
				c.PartnerPayments, c.PartnerTold = r.partner(c.GetCustomer())
				a.Candidates = append(a.Candidates, c)
			}
		}
		out.Answers = append(out.Answers, a)
	}
	return out, nil
}

// partner is what the registry tells of a customer's partner.
func (r *registry) partner(c *registryv1.Customer) ([]*registryv1.Payment, registryv1.PartnerTold) {
	p := r.customers[c.GetPartnerCrn()]
	switch {
	case c.GetPartnerCrn() == "":
		return nil, 0
	case p == nil:
		return nil, registryv1.PartnerTold_PARTNER_TOLD_NO_RECORD
	case p.GetRestrictedAccess():
		return nil, registryv1.PartnerTold_PARTNER_TOLD_RESTRICTED
	}
	return p.GetPayments(), 0
}
