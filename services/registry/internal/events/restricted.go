package events

import (
	"google.golang.org/protobuf/proto"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// travelling is a record of a version as its event carries it: encoded when
// nobody restricted it; else without what says who and where the customer and the
// children are and what is paid, none of which work items need. Keys tell the
// children apart in the place of their names.
func (b *Book) travelling(c *registryv1.Customer, encoded []byte, restricted bool) ([]byte, error) {
	if !restricted || c == nil {
		return encoded, nil
	}
	lean := proto.CloneOf(c)
	lean.Name, lean.Aliases, lean.DateOfBirth, lean.Gender = nil, nil, "", ""
	for _, a := range lean.GetAddresses() {
		a.Street, a.Locality, a.Postcode = "", "", ""
	}
	for _, p := range lean.GetPayments() {
		p.FortnightlyCents, p.FromDate = 0, ""
	}
	for _, k := range lean.GetChildren() {
		k.Key = b.store.ChildKey(c.GetCrn(), k.GetGivenName(), k.GetDateOfBirth())
		k.GivenName, k.FamilyTaxBenefit = "", false
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(lean)
}

// unkeyed takes the keys of children out of a record: they only travel.
func unkeyed(c *registryv1.Customer) {
	for _, k := range c.GetChildren() {
		k.Key = ""
	}
}
