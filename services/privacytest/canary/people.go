package canary

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// person is a customer whose every particular is a canary, apart from what makes
// automatic processing accept it: a home in the Northern Territory and a payment
// of category A. What identifies a restricted customer is known to whoever asks
// for it; the rest is secret.
func (s *stage) person(restricted bool) *registryv1.Customer {
	plain, secret := Bird{}, Bird{Secret: restricted}
	at := timestamppb.New(time.Now().Add(-time.Hour))
	home := Plant(s.set, &registryv1.Address{
		Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Locality: "Katherine", State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850",
	}, secret, "locality", "postcode")
	paid := Plant(s.set, &registryv1.Payment{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 76_000, Status: registryv1.PaymentStatus_PAYMENT_STATUS_CURRENT}, secret, "code")
	c := Plant(s.set, &registryv1.Customer{Name: &registryv1.Name{}}, plain,
		".gender", ".partner_crn", ".date_of_death", ".rent_type", ".nominee_for", ".payday_code", ".last_child_bereavement", ".left_declared_area_on")
	Plant(s.set, c, secret, ".crn", ".name", ".date_of_birth", ".date_of_death", ".nominee_for", ".left_declared_area_on")
	rest := Plant(s.set, &registryv1.Customer{
		Aliases:   []*registryv1.Name{{}},
		Addresses: []*registryv1.Address{{Type: registryv1.AddressType_ADDRESS_TYPE_POSTAL}},
		Payments:  []*registryv1.Payment{{Supplementary: true}},
		Nominee:   &registryv1.Nominee{}, Children: []*registryv1.Child{{FamilyTaxBenefit: true}},
		Imprisonment: &registryv1.Imprisonment{},
		Penalties:    []*registryv1.CompliancePenalty{{Kind: registryv1.PenaltyKind_PENALTY_KIND_PENALTY}},
		Account:      &registryv1.IncomeManagementAccount{LastCredit: &registryv1.AccountCredit{Cents: 1, At: at}},
		Expenses:     []*registryv1.Expense{{Kind: registryv1.ExpenseKind_EXPENSE_KIND_OTHER, AllocationCents: 1}},
		Card:         &registryv1.Card{AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_RESIDUAL, PinBlocked: true},
		Exemptions:   []*registryv1.Exemption{{Status: registryv1.ExemptionStatus_EXEMPTION_STATUS_GRANTED}},
		ServiceOffers: []*registryv1.ServiceOffer{{
			Kind: registryv1.ServiceOfferKind_SERVICE_OFFER_KIND_CIM_EXEMPTION, Result: registryv1.ServiceOfferResult_SERVICE_OFFER_RESULT_ACCEPTED,
		}},
	}, secret, ".crn", ".name", ".date_of_birth", ".date_of_death", ".gender", ".partner_crn", ".rent_type", ".nominee_for", ".payday_code",
		".last_child_bereavement", ".left_declared_area_on", "provider_id", "provider_ends_on", "method_since")
	c.Aliases, c.Nominee, c.Children, c.Imprisonment, c.Penalties = rest.GetAliases(), rest.GetNominee(), rest.GetChildren(), rest.GetImprisonment(), rest.GetPenalties()
	c.Account, c.Expenses, c.Card, c.Exemptions, c.ServiceOffers = rest.GetAccount(), rest.GetExpenses(), rest.GetCard(), rest.GetExemptions(), rest.GetServiceOffers()
	c.Addresses, c.Payments = append(rest.GetAddresses(), home), append(rest.GetPayments(), paid)
	// Under a measure, so that what changes raises work items; a voluntary one keeps
	// no notice off.
	c.RestrictedAccess, c.Office, c.OtherMeasure = restricted, "KATH", eventv1.Measure_MEASURE_VEIM
	return c
}

func identityOf(c *registryv1.Customer) *intakev1.CustomerIdentity {
	return &intakev1.CustomerIdentity{Crn: c.GetCrn(), FamilyName: c.GetName().GetFamilyName(), DateOfBirth: c.GetDateOfBirth()}
}

// changes are changes of each kind that a record without more takes.
func (s *stage) changes(b Bird) (list []*registryv1.Change) {
	for _, c := range []*registryv1.Change{
		{Change: &registryv1.Change_RentType{RentType: "X"}},
		{Change: &registryv1.Change_PaydayCode{PaydayCode: "X"}},
		{Change: &registryv1.Change_LinkPartner{LinkPartner: "X"}},
		{Change: &registryv1.Change_PutName{PutName: &registryv1.Name{}}},
		{Change: &registryv1.Change_PutAddress{PutAddress: &registryv1.Address{Type: registryv1.AddressType_ADDRESS_TYPE_TERM}}},
		{Change: &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{}}},
		{Change: &registryv1.Change_SetNominee{SetNominee: &registryv1.Nominee{}}},
		{Change: &registryv1.Change_ChildEntered{ChildEntered: &registryv1.Child{}}},
		{Change: &registryv1.Change_PutImprisonment{PutImprisonment: &registryv1.Imprisonment{}}},
		{Change: &registryv1.Change_PutPenalty{PutPenalty: &registryv1.CompliancePenalty{Kind: registryv1.PenaltyKind_PENALTY_KIND_PENALTY}}},
		{Change: &registryv1.Change_AccountCredit{AccountCredit: &registryv1.AccountCredit{Cents: 1, At: timestamppb.New(time.Now().Add(-time.Hour))}}},
		{Change: &registryv1.Change_PutExpense{PutExpense: &registryv1.Expense{Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 1}}},
		{Change: &registryv1.Change_CardDeclined{CardDeclined: &registryv1.CardTransaction{At: timestamppb.New(time.Now().Add(-time.Hour))}}},
		{Change: &registryv1.Change_PutExemption{PutExemption: &registryv1.Exemption{Status: registryv1.ExemptionStatus_EXEMPTION_STATUS_APPLIED}}},
		{Change: &registryv1.Change_PutServiceOffer{PutServiceOffer: &registryv1.ServiceOffer{
			Kind: registryv1.ServiceOfferKind_SERVICE_OFFER_KIND_CIM_EXEMPTION, Result: registryv1.ServiceOfferResult_SERVICE_OFFER_RESULT_DECLINED,
		}}},
	} {
		list = append(list, Plant(s.set, c, b, "provider_id", "provider_ends_on"))
	}
	return list
}

// itemsOf are changes that raise work items, with values in their titles, and
// leave a customer acceptable: no other name, no death.
func (s *stage) itemsOf(b Bird) (list []*registryv1.Change) {
	for _, c := range s.changes(b) {
		switch c.GetChange().(type) {
		case *registryv1.Change_PutName, *registryv1.Change_SetNominee, *registryv1.Change_PutImprisonment:
		default:
			list = append(list, c)
		}
	}
	return list
}
