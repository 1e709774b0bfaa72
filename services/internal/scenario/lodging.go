package scenario

import (
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Texts that give no reasons for the referral.
var harmless = []string{
	"", "", "Interpreter needed for the first contact.", "Please send letters to the postal address.",
	"The customer prefers calls in the morning.", "Contact details of the case worker changed last week.",
}

// Texts that do.
var tellingWhy = []string{
	"Referred because of ongoing domestic violence in the home.",
	"Reasons for referral: alcohol misuse and unpaid rent.",
	"The reason for the referral is neglect of the children.",
	"REASON FOR REFERRAL - gambling.",
	"Customer was referred due to drug use.",
}

// naming is how an authority names the scene's customer.
type naming func(*Scene, *intakev1.CustomerIdentity)

func (s *Scene) identity(changes []naming) *intakev1.CustomerIdentity {
	c := &intakev1.CustomerIdentity{Crn: s.Person.GetCrn(), FamilyName: s.Person.GetName().GetFamilyName(), DateOfBirth: s.Person.GetDateOfBirth()}
	for _, change := range changes {
		change(s, c)
	}
	return c
}

// notice is a notice to commence, with a length and share the authority may ask for.
type notice func(*Scene, *intakev1.NoticeToCommence)

// commence lodges a notice to commence.
func commence(start dayRule, changes ...notice) Step {
	return Step{lodge: func(s *Scene) *intakev1.Submission {
		day, months := start(s)
		n := &intakev1.NoticeToCommence{Customer: s.identity(nil), StartDate: day.String(), DurationMonths: pick(s, s.by.Months), Text: pick(s, harmless)}
		if months != 0 {
			n.DurationMonths = months
		}
		if s.by.MustName || s.random.IntN(2) == 0 {
			n.QuarantinedPercent = pick(s, s.by.Percents)
		}
		for _, change := range changes {
			change(s, n)
		}
		return &intakev1.Submission{Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: n}}
	}}
}

func months(n int32) notice {
	return func(_ *Scene, c *intakev1.NoticeToCommence) { c.DurationMonths = n }
}

func percent(n int32) notice {
	return func(_ *Scene, c *intakev1.NoticeToCommence) { c.QuarantinedPercent = n }
}

func saying(texts []string) notice {
	return func(s *Scene, c *intakev1.NoticeToCommence) { c.Text = pick(s, texts) }
}

func about(change naming) notice {
	return func(s *Scene, c *intakev1.NoticeToCommence) { change(s, c.GetCustomer()) }
}

// revoke lodges a notice to revoke.
func revoke(changes ...naming) Step {
	return Step{lodge: func(s *Scene) *intakev1.Submission {
		return &intakev1.Submission{Content: &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: s.identity(changes), Text: pick(s, harmless)}}}
	}}
}

// disclose asks for a disclosure.
func disclose(changes ...naming) Step {
	return Step{lodge: func(s *Scene) *intakev1.Submission {
		return &intakev1.Submission{Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: s.identity(changes)}}}
	}}
}

// refer lodges a voluntary referral.
func refer(changes ...naming) Step {
	return Step{lodge: func(s *Scene) *intakev1.Submission {
		return &intakev1.Submission{Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: s.identity(changes), Text: pick(s, harmless)}}}
	}}
}

// search is a mutual client search.
type search func(*Scene, *intakev1.FindMutualClient)

// find searches for the customer by name and date of birth.
func find(changes ...search) Step {
	return Step{lodge: func(s *Scene) *intakev1.Submission {
		f := &intakev1.FindMutualClient{
			Name:        &intakev1.PersonName{FamilyName: s.Person.GetName().GetFamilyName(), GivenName: s.Person.GetName().GetGivenName()},
			DateOfBirth: s.Person.GetDateOfBirth(),
		}
		for _, change := range changes {
			change(s, f)
		}
		return &intakev1.Submission{Content: &intakev1.Submission_FindMutualClient{FindMutualClient: f}}
	}}
}

var genders = map[string]intakev1.Gender{"F": intakev1.Gender_GENDER_FEMALE, "M": intakev1.Gender_GENDER_MALE, "X": intakev1.Gender_GENDER_OTHER}

// everythingKnown adds CRN, gender and home address to a search.
func everythingKnown(s *Scene, f *intakev1.FindMutualClient) {
	home := s.Person.GetAddresses()[0]
	f.Crn, f.Gender = s.Person.GetCrn(), genders[s.Person.GetGender()]
	f.Address = &intakev1.Address{Street: home.GetStreet(), Locality: home.GetLocality(), State: home.GetState(), Postcode: home.GetPostcode()}
}

// income is a payment as the registry keeps it.
func income(code string) *registryv1.Payment {
	return &registryv1.Payment{Code: code, FortnightlyCents: 80_000, FromDate: "2025-01-01"}
}

func measureElsewhere(m eventv1.Measure) func(*Scene) {
	return func(s *Scene) { s.Person.OtherMeasure = m }
}
