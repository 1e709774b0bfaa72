package decision

import (
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
)

// Customer is a customer's record as the registry gave it.
type Customer struct {
	CRN                   string
	FamilyName, GivenName string
	// FormerFamilyNames are the family names of the aliases; whether they
	// identify is a matter of policy.
	FormerFamilyNames []string
	BirthDate         calendar.Date
	Addresses         []Address
	Payments          []Payment
	// Nominee is the kind of payment nominee, such as "PERSON"; empty when none.
	Nominee string
	// PartnerCRN is empty when no partner is linked.
	PartnerCRN      string
	PartnerPayments []Payment
	// PartnerUnknown is true when a partner is linked but has no record, or a
	// restricted one: then the partner's payments are unknown, not absent.
	PartnerUnknown bool
	// PartnerRestricted is true while access to the partner's record is restricted:
	// then a disclosure does not name the partner.
	PartnerRestricted bool
	// FamilyTaxBenefitChildren counts the children for whom it is paid.
	FamilyTaxBenefitChildren int
	Deceased                 bool
	// Restricted is true while access is restricted and not lifted.
	Restricted bool
	// OtherMeasure is in force outside this register; 0 when none.
	OtherMeasure term.Measure
}

// AddressUse says what an address is used for. The numbers are those of the registry.
type AddressUse uint8

// The uses of an address.
const (
	Home AddressUse = iota + 1
	Temporary
	Term
	Postal
)

// Address is one address of a customer.
type Address struct {
	Use      AddressUse
	Street   string
	Locality string
	State    term.Jurisdiction
	Postcode string
}

// Payment is a payment on the record.
type Payment struct {
	Code             string
	FortnightlyCents int64
	// Stopped is true while suspended or cancelled.
	Stopped bool
	// From is the first day paid; nil when not recorded.
	From *calendar.Date
}

// Candidate is a customer a mutual client search found.
type Candidate struct {
	Customer Customer
	// Score from the registry; higher is better.
	Score float64
	// Clear is true when this candidate alone is clear enough for a machine.
	Clear bool
	// Contributions tell what each field gave, such as "family_name: exact".
	Contributions []string
}
