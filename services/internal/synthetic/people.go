// Package synthetic makes people and authorities that do not exist, for
// demonstrations, tests and measurements. The same seed and number give the same
// person, on every machine. Names are put together from syllables; none is taken
// from a register of real people.
package synthetic

import (
	"fmt"
	"math/rand/v2"
	"strings"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// AuthorityIDs are the ids of Authorities.
func AuthorityIDs() []string {
	var ids []string
	for _, a := range Authorities() {
		ids = append(ids, a.GetAuthorityId())
	}
	return ids
}

// Authorities are the referring authorities every sandbox has.
func Authorities() []*registryv1.Authority {
	authority := func(id, name string, f eventv1.BusinessFunction, j eventv1.Jurisdiction) *registryv1.Authority {
		return &registryv1.Authority{AuthorityId: id, Name: name, BusinessFunction: f, Jurisdiction: j, Enabled: true}
	}
	return []*registryv1.Authority{
		authority("frc", "Families Responsibilities Board (synthetic)", eventv1.BusinessFunction_BUSINESS_FUNCTION_CAPE_YORK, eventv1.Jurisdiction_JURISDICTION_QLD),
		authority("nt-cp", "Northern Child Protection (synthetic)", eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_NT),
		authority("nt-spar", "Northern Support for People at Risk (synthetic)", eventv1.BusinessFunction_BUSINESS_FUNCTION_SUPPORTING_PEOPLE_AT_RISK, eventv1.Jurisdiction_JURISDICTION_NT),
		authority("qld-cp", "Sunshine Child Protection (synthetic)", eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_QLD),
	}
}

var (
	heads   = strings.Fields("Bar Cal Dor Fen Gal Har Kel Lin Mar Nor Or Pel Quin Ros Sel Tor Ul Ven Wil Yar")
	middles = strings.Fields("a e i o u an el in or ul ar en is ol un")
	tails   = strings.Fields("wick ton ley more stan field by dale ford ham lor mund nell rick sby thwaite vane wood worth zell")
	given   = strings.Fields("Ada Bram Cleo Dani Elin Finn Gia Hugo Isla Jory Kaia Luca Mina Nico Orla Pia Remy Suri Tomas Una Vera Wren Xan Yara Zeno")
)

// place is where a synthetic customer may live.
type place struct {
	locality string
	state    eventv1.Jurisdiction
	postcode string
}

var places = []place{
	{"Aurukun", eventv1.Jurisdiction_JURISDICTION_QLD, "4892"},
	{"Coen", eventv1.Jurisdiction_JURISDICTION_QLD, "4892"},
	{"Hope Vale", eventv1.Jurisdiction_JURISDICTION_QLD, "4895"},
	{"Mossman Gorge", eventv1.Jurisdiction_JURISDICTION_QLD, "4873"},
	{"Doomadgee", eventv1.Jurisdiction_JURISDICTION_QLD, "4830"},
	{"Alice Springs", eventv1.Jurisdiction_JURISDICTION_NT, "0870"},
	{"Katherine", eventv1.Jurisdiction_JURISDICTION_NT, "0850"},
	{"Cairns", eventv1.Jurisdiction_JURISDICTION_QLD, "4870"},
	{"Whyalla", eventv1.Jurisdiction_JURISDICTION_SA, "5600"},
	{"Kununurra", eventv1.Jurisdiction_JURISDICTION_WA, "6743"},
}

var paymentCodes = []string{"JOBSEEKER_PAYMENT", "PARENTING_PAYMENT", "YOUTH_ALLOWANCE", "DISABILITY_SUPPORT_PENSION", "CARER_PAYMENT", "AGE_PENSION"}

// CRN is the CRN of person number n, 0 to 99,999,999: nine digits and a letter.
func CRN(n int) string {
	return fmt.Sprintf("2%08d%c", n, "ABCHJKLSTVX"[n%11])
}

// Person makes customer number n of a seed: alive, unrestricted, on a category A
// payment, living in one of the declared areas. Callers change what they need.
func Person(seed uint64, n int) *registryv1.Customer {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	at := places[r.IntN(len(places))]
	c := &registryv1.Customer{
		Crn:         CRN(n),
		Name:        &registryv1.Name{FamilyName: pick(heads) + pick(middles) + pick(tails), GivenName: pick(given)},
		DateOfBirth: fmt.Sprintf("%04d-%02d-%02d", 1950+r.IntN(56), 1+r.IntN(12), 1+r.IntN(28)),
		Gender:      []string{"F", "M", "X"}[r.IntN(3)],
		Addresses: []*registryv1.Address{{
			Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: fmt.Sprintf("%d %s Street", 1+r.IntN(200), pick(heads)+pick(tails)),
			Locality: at.locality, State: at.state, Postcode: at.postcode,
		}},
		Payments: []*registryv1.Payment{{Code: paymentCodes[r.IntN(len(paymentCodes))], FortnightlyCents: int64(50_000 + r.IntN(60_000)), FromDate: "2024-07-01"}},
	}
	if r.IntN(4) == 0 {
		c.Aliases = []*registryv1.Name{{FamilyName: pick(heads) + pick(tails), GivenName: c.Name.GivenName}}
	}
	if r.IntN(3) == 0 {
		c.Children = []*registryv1.Child{{GivenName: pick(given), DateOfBirth: fmt.Sprintf("%04d-%02d-%02d", 2012+r.IntN(12), 1+r.IntN(12), 1+r.IntN(28)), FamilyTaxBenefit: r.IntN(2) == 0}}
	}
	return c
}

// At moves a synthetic customer's home to a locality of a state.
func At(c *registryv1.Customer, locality string, state eventv1.Jurisdiction) *registryv1.Customer {
	c.Addresses[0].Locality, c.Addresses[0].State = locality, state
	for _, p := range places {
		if p.locality == locality {
			c.Addresses[0].Postcode = p.postcode
		}
	}
	return c
}
