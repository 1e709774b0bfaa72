package scenario

import (
	"strings"

	"google.golang.org/protobuf/proto"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// categoryA are the payments section 2.2 lists.
var categoryA = []string{
	"JOBSEEKER_PAYMENT", "YOUTH_ALLOWANCE", "PARENTING_PAYMENT", "SPECIAL_BENEFIT", "DISABILITY_SUPPORT_PENSION",
	"CARER_PAYMENT", "AGE_PENSION", "AUSTUDY", "ABSTUDY_LIVING_ALLOWANCE",
}

// perScene is how many people of the synthetic population belong to a scene.
const perScene = 3

// newPerson makes person k of the scene, who passes every rule of the authority.
func (s *Scene) newPerson(k int) *registryv1.Customer {
	p := synthetic.Person(s.seed, s.Number*perScene+k)
	p.Addresses = []*registryv1.Address{addressOf(registryv1.AddressType_ADDRESS_TYPE_HOME, pick(s, s.Home.Places), p.GetAddresses()[0].GetStreet())}
	p.Payments = []*registryv1.Payment{income(pick(s, categoryA))}
	p.Aliases = nil
	return p
}

// another adds a further person to the scene.
func (s *Scene) another() *registryv1.Customer {
	p := s.newPerson(1 + len(s.Others))
	s.Others = append(s.Others, p)
	return p
}

// all applies several changes.
func all(changes ...func(*Scene)) func(*Scene) {
	return func(s *Scene) {
		for _, change := range changes {
			change(s)
		}
	}
}

func dead(s *Scene)      { s.Person.DateOfDeath = s.today.Add(-20).String() }
func hidden(s *Scene)    { s.Person.RestrictedAccess = true }
func unpaid(s *Scene)    { s.Person.Payments = nil }
func homeless(s *Scene)  { s.Person.Addresses = nil }
func elsewhere(s *Scene) { livesIn(pick(s, s.Home.Elsewhere))(s) }
func trustee(s *Scene)   { s.Person.Nominee = &registryv1.Nominee{Kind: "PUBLIC_TRUSTEE"} }
func helped(s *Scene) {
	s.Person.Nominee = &registryv1.Nominee{Kind: "PERSON", Crn: s.another().GetCrn()}
}
func stopped(s *Scene)   { s.Person.Payments[0].Stopped = true }
func otherwise(s *Scene) { s.Person.Payments = []*registryv1.Payment{income("FAMILY_TAX_BENEFIT")} }
func strangers(s *Scene) { s.Person.PartnerCrn = s.missingCRN() }
func secondJob(s *Scene) {
	s.Person.Payments = append([]*registryv1.Payment{income("FAMILY_TAX_BENEFIT")}, s.Person.Payments...)
}
func nameOf(s *Scene) string { return s.Person.GetName().GetFamilyName() }

// missingCRN is a well-formed CRN that nobody has.
func (s *Scene) missingCRN() string { return synthetic.CRN(90_000_000 + s.Number) }

func livesIn(p place) func(*Scene) {
	return func(s *Scene) {
		s.Person.Addresses = []*registryv1.Address{addressOf(registryv1.AddressType_ADDRESS_TYPE_HOME, p, "4 Example Street")}
	}
}

func postElsewhere(s *Scene) {
	s.Person.Addresses = append(s.Person.Addresses, addressOf(registryv1.AddressType_ADDRESS_TYPE_POSTAL, pick(s, notDeclared), "PO Box 12"))
}

func paid(code string) func(*Scene) {
	return func(s *Scene) { s.Person.Payments = []*registryv1.Payment{income(code)} }
}

// partnerPaid leaves the income to the partner.
func partnerPaid(s *Scene) {
	partner := s.another()
	s.Person.Payments, s.Person.PartnerCrn, partner.PartnerCrn = nil, partner.GetCrn(), s.Person.GetCrn()
}

func partnerStopped(s *Scene) {
	partnerPaid(s)
	s.Others[len(s.Others)-1].Payments[0].Stopped = true
}

// twin is a second customer of the same name and date of birth.
func twin(s *Scene) {
	other := s.another()
	other.Name, other.DateOfBirth, other.Gender = proto.CloneOf(s.Person.GetName()), s.Person.GetDateOfBirth(), s.Person.GetGender()
}

// alsoKnown gives the customer a former name.
func alsoKnown(s *Scene) {
	s.Person.Aliases = []*registryv1.Name{{FamilyName: "Vor" + strings.ToLower(nameOf(s)), GivenName: s.Person.GetName().GetGivenName()}}
}

// Ways to name a customer.

func otherName(s *Scene, c *intakev1.CustomerIdentity) {
	c.FamilyName = "Zz" + strings.ToLower(nameOf(s))
}

func inCapitals(s *Scene, c *intakev1.CustomerIdentity) {
	c.FamilyName = " " + strings.ToUpper(nameOf(s)) + " "
}

func otherBirth(s *Scene, c *intakev1.CustomerIdentity) {
	if c.DateOfBirth = "1961-07-09"; s.Person.GetDateOfBirth() == c.GetDateOfBirth() {
		c.DateOfBirth = "1962-07-09"
	}
}
func otherCRN(s *Scene, c *intakev1.CustomerIdentity) { c.Crn = s.missingCRN() }

// Ways to search for one.

func nobody(s *Scene, f *intakev1.FindMutualClient) {
	f.Name = &intakev1.PersonName{FamilyName: "Zz" + strings.ToLower(nameOf(s)), GivenName: "Nobody"}
	f.DateOfBirth = "1931-03-17"
}

func shouted(_ *Scene, f *intakev1.FindMutualClient) {
	f.Name.FamilyName, f.Name.GivenName = strings.ToUpper(f.Name.GetFamilyName()), strings.ToUpper(f.Name.GetGivenName())
}

func byFormerName(s *Scene, f *intakev1.FindMutualClient) {
	f.Name.FamilyName = s.Person.GetAliases()[0].GetFamilyName()
}

func asAlias(s *Scene, f *intakev1.FindMutualClient) {
	f.Aliases = []*intakev1.PersonName{f.GetName()}
	f.Name = &intakev1.PersonName{FamilyName: "Zz" + strings.ToLower(nameOf(s)), GivenName: f.GetName().GetGivenName()}
}

func onlyCRN(s *Scene, f *intakev1.FindMutualClient) {
	nobody(s, f)
	f.Crn = s.Person.GetCrn()
}

// crnOfAnother names the customer by particulars and another one by CRN.
func crnOfAnother(s *Scene, f *intakev1.FindMutualClient) { f.Crn = s.Others[0].GetCrn() }

// sibling has the family name and date of birth, but another given name.
func sibling(_ *Scene, f *intakev1.FindMutualClient) { f.Name.GivenName = "Quentin" }

func noGivenName(_ *Scene, f *intakev1.FindMutualClient) { f.Name.GivenName = "" }
