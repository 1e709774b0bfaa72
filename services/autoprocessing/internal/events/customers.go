package events

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
)

// resolveTime bounds one call: a registry that does not answer is one out of reach.
const resolveTime = 10 * time.Second

// resolveLimit is the most queries the registry takes in one call.
const resolveLimit = 2000

// Resolve asks the registry about all of them and fills in customer and
// candidates. The registry being out of reach is an Unavailable fault: try
// later, never reject.
func Resolve(ctx context.Context, registry registryv1.RegistryServiceClient, all ...*Lodged) error {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	for len(all) > 0 {
		n := min(len(all), resolveLimit)
		queries := make([]*registryv1.CustomerQuery, n)
		for i, l := range all[:n] {
			queries[i] = queryOf(l)
		}
		response, err := registry.ResolveCustomers(ctx, &registryv1.ResolveCustomersRequest{Queries: queries})
		if err != nil {
			return rpc.Fault(err)
		}
		answers := response.GetAnswers()
		if len(answers) != n {
			return fault.New(fault.Unavailable, "REGISTRY_INCOMPLETE", "the registry answered %d of %d queries", len(answers), n)
		}
		for i, l := range all[:n] {
			if l.Customer, l.Candidates, err = understood(answers[i]); err != nil {
				return err
			}
		}
		all = all[n:]
	}
	return nil
}

// ResolveCRN asks the registry for one customer; nil when there is none.
func ResolveCRN(ctx context.Context, registry registryv1.RegistryServiceClient, crn string) (*decision.Customer, error) {
	if crn == "" {
		return nil, nil
	}
	answers, err := ask(ctx, registry, crn)
	if err != nil {
		return nil, err
	}
	c, _, err := understood(answers[0])
	return c, err
}

// Record asks the registry for one customer's record as it is kept; nil when
// there is none.
func Record(ctx context.Context, registry registryv1.RegistryServiceClient, crn string) (*registryv1.Customer, error) {
	answers, err := ask(ctx, registry, crn)
	if err != nil {
		return nil, err
	}
	return answers[0].GetCustomer(), nil
}

// Standing is what the registry says now of whether records may be seen.
type Standing struct {
	// Restricted are the records access to which is restricted, Partner those whose
	// partner's record is.
	Restricted, Partner map[string]bool
}

// StandingOf asks the registry how the customers' records stand.
func StandingOf(ctx context.Context, registry registryv1.RegistryServiceClient, crns ...string) (Standing, error) {
	s := Standing{Restricted: make(map[string]bool), Partner: make(map[string]bool)}
	if len(crns) == 0 {
		return s, nil
	}
	answers, err := ask(ctx, registry, crns...)
	if err != nil {
		return s, err
	}
	for i, crn := range crns {
		if answers[i].GetCustomer().GetRestrictedAccess() {
			s.Restricted[crn] = true
		}
		if answers[i].GetPartnerTold() == registryv1.PartnerTold_PARTNER_TOLD_RESTRICTED {
			s.Partner[crn] = true
		}
	}
	return s, nil
}

// RestrictedOf asks the registry which of the customers' records are restricted.
func RestrictedOf(ctx context.Context, registry registryv1.RegistryServiceClient, crns ...string) (map[string]bool, error) {
	s, err := StandingOf(ctx, registry, crns...)
	return s.Restricted, err
}

// ask is one call for the records of some CRNs, at most resolveLimit.
func ask(ctx context.Context, registry registryv1.RegistryServiceClient, crns ...string) ([]*registryv1.CustomerAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	queries := make([]*registryv1.CustomerQuery, len(crns))
	for i, crn := range crns {
		queries[i] = &registryv1.CustomerQuery{Crn: crn}
	}
	response, err := registry.ResolveCustomers(ctx, &registryv1.ResolveCustomersRequest{Queries: queries})
	if err != nil {
		return nil, rpc.Fault(err)
	}
	if len(response.GetAnswers()) != len(crns) {
		return nil, fault.New(fault.Unavailable, "REGISTRY_INCOMPLETE", "the registry answered %d of %d queries", len(response.GetAnswers()), len(crns))
	}
	return response.GetAnswers(), nil
}

func queryOf(l *Lodged) *registryv1.CustomerQuery {
	f := l.Message.GetFindMutualClient()
	if f == nil {
		return &registryv1.CustomerQuery{Crn: l.CRN}
	}
	q := &registryv1.CustomerQuery{
		Crn: f.GetCrn(), DateOfBirth: f.GetDateOfBirth(), Gender: genderOf(f.GetGender()),
		Names: make([]*registryv1.Name, 0, 1+len(f.GetAliases())),
	}
	q.Names = append(q.Names, nameOf(f.GetName()))
	for _, alias := range f.GetAliases() {
		q.Names = append(q.Names, nameOf(alias))
	}
	if a := f.GetAddress(); a != nil {
		// The authority does not say what the address is used for; the contract's
		// record address must. It is compared without its use.
		q.Address = &registryv1.Address{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: a.GetStreet(), Locality: a.GetLocality(), State: a.GetState(), Postcode: a.GetPostcode()}
	}
	return q
}

func nameOf(n *intakev1.PersonName) *registryv1.Name {
	return &registryv1.Name{FamilyName: n.GetFamilyName(), GivenName: n.GetGivenName()}
}

func genderOf(g intakev1.Gender) string {
	switch g {
	case intakev1.Gender_GENDER_FEMALE:
		return "F"
	case intakev1.Gender_GENDER_MALE:
		return "M"
	case intakev1.Gender_GENDER_OTHER:
		return "X"
	default:
		return ""
	}
}

func understood(a *registryv1.CustomerAnswer) (*decision.Customer, []decision.Candidate, error) {
	var customer *decision.Customer
	if a.GetCustomer() != nil {
		c, err := customerOf(a.GetCustomer(), a.GetPartnerPayments(), a.GetPartnerTold())
		if err != nil {
			return nil, nil, err
		}
		customer = &c
	}
	var candidates []decision.Candidate
	for _, x := range a.GetCandidates() {
		c, err := customerOf(x.GetCustomer(), x.GetPartnerPayments(), x.GetPartnerTold())
		if err != nil {
			return nil, nil, err
		}
		candidates = append(candidates, decision.Candidate{Customer: c, Score: x.GetScore(), Clear: x.GetClear(), Contributions: x.GetContributions()})
	}
	return customer, candidates, nil
}

// customerOf translates a record. A record without a readable date of birth is
// a defect of the registry, which checks them.
func customerOf(r *registryv1.Customer, partner []*registryv1.Payment, told registryv1.PartnerTold) (decision.Customer, error) {
	born, err := calendar.ParseDate(r.GetDateOfBirth())
	if err != nil {
		return decision.Customer{}, fault.New(fault.Internal, "RECORD_UNREADABLE", "a customer's record has no readable date of birth")
	}
	c := decision.Customer{
		CRN: r.GetCrn(), FamilyName: r.GetName().GetFamilyName(), GivenName: r.GetName().GetGivenName(), BirthDate: born,
		Payments: paymentsOf(r.GetPayments()), Nominee: r.GetNominee().GetKind(),
		PartnerCRN: r.GetPartnerCrn(), PartnerPayments: paymentsOf(partner),
		PartnerUnknown: told != 0, PartnerRestricted: told == registryv1.PartnerTold_PARTNER_TOLD_RESTRICTED,
		Deceased: r.GetDateOfDeath() != "", Restricted: r.GetRestrictedAccess(), OtherMeasure: term.Measure(r.GetOtherMeasure()),
	}
	for _, alias := range r.GetAliases() {
		c.FormerFamilyNames = append(c.FormerFamilyNames, alias.GetFamilyName())
	}
	if n := len(r.GetAddresses()); n > 0 {
		c.Addresses = make([]decision.Address, n)
		for i, a := range r.GetAddresses() {
			c.Addresses[i] = decision.Address{
				Use: decision.AddressUse(a.GetType()), Street: a.GetStreet(), Locality: a.GetLocality(),
				State: term.Jurisdiction(a.GetState()), Postcode: a.GetPostcode(),
			}
		}
	}
	for _, child := range r.GetChildren() {
		if child.GetFamilyTaxBenefit() {
			c.FamilyTaxBenefitChildren++
		}
	}
	return c, nil
}

func paymentsOf(all []*registryv1.Payment) []decision.Payment {
	if len(all) == 0 {
		return nil
	}
	out := make([]decision.Payment, len(all))
	for i, p := range all {
		out[i] = decision.Payment{Code: p.GetCode(), FortnightlyCents: p.GetFortnightlyCents(), Stopped: p.GetStopped()}
		if d, err := calendar.ParseDate(p.GetFromDate()); err == nil {
			out[i].From = &d
		}
	}
	return out
}
