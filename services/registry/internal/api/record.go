package api

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/customer"
	"github.com/noticehub/noticehub/services/registry/internal/matching"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// incoming is a checked record on its way into the store.
type incoming struct {
	customer *registryv1.Customer
	body     []byte
	born     calendar.Date
}

// admit checks a record and brings it to the form that is kept: without what
// the registry keeps itself, addresses by type. It changes c.
func (s *Server) admit(c *registryv1.Customer) (incoming, error) {
	if c == nil {
		return incoming{}, fault.InvalidField("customer", "must be given")
	}
	c.RegisterMeasure, c.RecordVersion = 0, 0
	r := customer.Record{CRN: c.GetCrn(), PartnerCRN: c.GetPartnerCrn(), Born: c.GetDateOfBirth(), Died: c.GetDateOfDeath()}
	for _, a := range c.GetAddresses() {
		r.AddressTypes = append(r.AddressTypes, int32(a.GetType()))
	}
	for _, p := range c.GetPayments() {
		r.PaidFrom = append(r.PaidFrom, p.GetFromDate())
	}
	for _, ch := range c.GetChildren() {
		r.ChildrenBorn = append(r.ChildrenBorn, ch.GetDateOfBirth())
	}
	born, err := customer.Check("customer", r, s.today())
	if err != nil {
		return incoming{}, err
	}
	slices.SortStableFunc(c.GetAddresses(), func(a, b *registryv1.Address) int { return cmp.Compare(a.GetType(), b.GetType()) })
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return incoming{}, fault.InvalidField("customer", "cannot be encoded").Wrap(err)
	}
	return incoming{customer: c, body: body, born: born}, nil
}

// write is the record as the store keeps it.
func (in incoming) write(version int64, renamed bool) store.Write {
	c := in.customer
	w := store.Write{
		CRN: c.GetCrn(), Version: version, Restricted: c.GetRestrictedAccess(), Body: in.body, PartnerCRN: c.GetPartnerCrn(),
		Renamed: renamed, BirthDate: in.born,
	}
	if renamed {
		w.Names = namesOf(c)
	}
	return w
}

func namesOf(c *registryv1.Customer) []matching.Name {
	names := make([]matching.Name, 0, 1+len(c.GetAliases()))
	names = append(names, matching.NewName(c.GetName().GetFamilyName(), c.GetName().GetGivenName()))
	for _, a := range c.GetAliases() {
		names = append(names, matching.NewName(a.GetFamilyName(), a.GetGivenName()))
	}
	return names
}

// decode turns a kept record into the contract's.
func decode(r store.Record) (*registryv1.Customer, error) {
	c := new(registryv1.Customer)
	if err := proto.Unmarshal(r.Body, c); err != nil {
		return nil, fmt.Errorf("decode a customer's record: %w", err)
	}
	c.RegisterMeasure, c.RecordVersion = eventv1.Measure(r.Measure), r.Version
	return c, nil
}
