package policy

// Facts are what the rules may see of one submission, its customer and the
// register. They are stored for ever with the decision, so they hold codes,
// counts and yes/no only: no name, no date of birth, no street, nothing of any
// free text.
//
// The `fact` tags are the names rules use, "record" marking those that come from
// the customer's record or the notice register; the JSON has the same names. Fields
// at their zero value are left out of the JSON and come back as zero. Days are
// counted between local dates from the day of lodgement, unless said otherwise.
type Facts struct {
	Asked    Asked    `json:"asked,omitzero"`
	Customer Customer `json:"customer,omitzero"`
	Partner  Partner  `json:"partner,omitzero"`
	Home     Home     `json:"home,omitzero"`
	Current  Current  `json:"current,omitzero"`
	Waiting  Waiting  `json:"waiting,omitzero"`
	Own      Own      `json:"own,omitzero"`
	Search   Search   `json:"search,omitzero"`
	Text     Text     `json:"text,omitzero"`
}

// Asked is what the authority asks for.
type Asked struct {
	// Measure is the measure of the authority's business function, such as "CPEIM".
	Measure string `json:"measure,omitempty" fact:"asked.measure"`
	// StartDaysAhead counts from the day of lodgement to the start date asked
	// for; negative when it lies before.
	StartDaysAhead int `json:"start_days_ahead,omitempty" fact:"asked.start_days_ahead"`
}

// Customer is the record as far as rules need it.
type Customer struct {
	// Found is true when the CRN asked for has a record (or a mutual client
	// search gave one clear candidate).
	Found bool `json:"found,omitempty" fact:"customer.found"`
	// FamilyNameAgrees and BirthDateAgrees compare with what was lodged.
	FamilyNameAgrees bool `json:"family_name_agrees,omitempty" fact:"customer.family_name_agrees"`
	BirthDateAgrees  bool `json:"birth_date_agrees,omitempty" fact:"customer.birth_date_agrees"`
	// Deceased is true when a date of death is recorded.
	Deceased bool `json:"deceased,omitempty" fact:"customer.deceased,record"`
	// Restricted is true while access to the record is restricted.
	Restricted bool `json:"restricted,omitempty" fact:"customer.restricted"`
	// Payments are the codes of the payments received now.
	Payments []string `json:"payments,omitempty" fact:"customer.payments,record"`
	// Nominee is the kind of the payment nominee; empty when there is none.
	Nominee string `json:"nominee,omitempty" fact:"customer.nominee,record"`
	// OtherMeasure is a measure in force outside this register; empty when none.
	OtherMeasure string `json:"other_measure,omitempty" fact:"customer.other_measure,record"`
}

// Partner is what counts of the partner.
type Partner struct {
	// Linked is true when a partner is on the record.
	Linked bool `json:"linked,omitempty" fact:"partner.linked,record"`
	// PaymentsUnknown is true when a partner is linked whose record is not known, or restricted.
	PaymentsUnknown bool `json:"payments_unknown,omitempty" fact:"partner.payments_unknown,record"`
	// Payments are the codes of the payments the partner receives now.
	Payments []string `json:"payments,omitempty" fact:"partner.payments,record"`
}

// Home is where the customer lives: the home address, else the temporary one.
type Home struct {
	// Known is true when there is such an address with a state or a community
	// the policy names.
	Known bool `json:"known,omitempty" fact:"home.known,record"`
	// State is "QLD" and the like; empty when not recorded.
	State string `json:"state,omitempty" fact:"home.state,record"`
	// Community is the policy's code of the community, such as "HOPE_VALE";
	// empty for every place the policy does not name.
	Community string `json:"community,omitempty" fact:"home.community,record"`
}

// Current is the notice in force on the day of lodgement, of any authority.
type Current struct {
	Exists bool `json:"exists,omitempty" fact:"current.exists,record"`
	// SameAuthority is true when it is the asking authority's own.
	SameAuthority bool `json:"same_authority,omitempty" fact:"current.same_authority,record"`
	// Measure of that notice.
	Measure string `json:"measure,omitempty" fact:"current.measure,record"`
	// DaysLeft counts from the day of lodgement to its last day.
	DaysLeft int `json:"days_left,omitempty" fact:"current.days_left,record"`
}

// Waiting is what is recorded to start after the day of lodgement, of any authority.
type Waiting struct {
	// Continuation is true when a continuation waits.
	Continuation bool `json:"continuation,omitempty" fact:"waiting.continuation,record"`
	// Other is true when another notice waits.
	Other bool `json:"other,omitempty" fact:"waiting.other,record"`
}

// Own are the asking authority's notices for the customer on the day of the decision.
type Own struct {
	// Inactive counts those that wait to start.
	Inactive int `json:"inactive,omitempty" fact:"own.inactive,record"`
	// Active is true when one is in force.
	Active bool `json:"active,omitempty" fact:"own.active,record"`
	// DaysLeft counts from the day of lodgement to the active one's last day.
	DaysLeft int `json:"days_left,omitempty" fact:"own.days_left,record"`
}

// Search is what a mutual client search gave.
type Search struct {
	// Candidates counts the customers found.
	Candidates int `json:"candidates,omitempty" fact:"search.candidates"`
	// Clear counts those clear enough for a match by machine.
	Clear int `json:"clear,omitempty" fact:"search.clear"`
	// Restricted counts those with restricted access.
	Restricted int `json:"restricted,omitempty" fact:"search.restricted"`
}

// Text is what screening found in the free text.
type Text struct {
	// LooksLikeReasons is true when it seems to give reasons for the referral.
	LooksLikeReasons bool `json:"looks_like_reasons,omitempty" fact:"text.looks_like_reasons"`
}

// WithoutPartner returns the facts as if the partner's record had been restricted
// when they were seen.
func (f Facts) WithoutPartner() Facts {
	f.Partner = Partner{Linked: f.Partner.Linked, PaymentsUnknown: f.Partner.Linked}
	return f
}

// OfRestricted reports whether a record these facts come from was restricted.
func (f *Facts) OfRestricted() bool { return f.Customer.Restricted || f.Search.Restricted > 0 }

// Guarded returns the facts without those that come from the customer's record or
// the register, for viewers who may not see a restricted record.
func (f Facts) Guarded() Facts {
	return Facts{
		Asked: f.Asked,
		Customer: Customer{
			Found: f.Customer.Found, FamilyNameAgrees: f.Customer.FamilyNameAgrees, BirthDateAgrees: f.Customer.BirthDateAgrees,
			Restricted: f.Customer.Restricted,
		},
		Search: f.Search,
		Text:   f.Text,
	}
}
