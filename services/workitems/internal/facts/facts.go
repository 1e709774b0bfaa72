// Package facts holds what the triggers of work items look at: of a customer's
// record, of a notice that is about to end and of a revocation that arrived.
//
// The structs are plain, so that expressions of the catalogue read them as they
// are, under the names of their cel tags. Days are counted since 1 January 1970
// (local days of the agency); None stands for a day that is not recorded. Of
// personal details only the given names and birth dates of children in care are
// kept, because one item's title names the child; no street, name or note. Of a
// restricted record no name is kept either.
package facts

import (
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// None is the day that is not recorded. It lies before every day of a record,
// so that the latest of several days is found without asking which are known.
const None int64 = -1_000_000

// Day reads "2026-11-22" as a day; empty is None. An impossible date is an error
// (kind Invalid).
func Day(s string) (int64, error) {
	if s == "" {
		return None, nil
	}
	d, err := calendar.ParseDate(s)
	return int64(d), err
}

// Written is a day as "2026-11-22"; None is empty.
func Written(day int64) string {
	if day == None {
		return ""
	}
	return calendar.Date(day).String()
}

// Customer is a customer's record as far as triggers look at it. Make one with
// Blank: its days are None.
type Customer struct {
	// Known is false only for the state before a record existed.
	Known bool `cel:"known"`
	// Measure in force, such as "CPEIM" (term.Measure): the register's, else the
	// other one; empty when none is.
	Measure string `cel:"measure"`
	// DateOfDeath is None while alive.
	DateOfDeath int64     `cel:"date_of_death"`
	Addresses   []Address `cel:"addresses"`
	Payments    []Payment `cel:"payments"`
	// Nominee is the payment nominee's kind and CRN, such as "PERSON/204111222A"
	// or "PUBLIC_TRUSTEE/"; empty when there is none.
	Nominee         string   `cel:"nominee"`
	NomineeDeceased bool     `cel:"nominee_deceased"`
	NomineeFor      []string `cel:"nominee_for"`
	PartnerCRN      string   `cel:"partner_crn"`
	Children        []Child  `cel:"children"`
	RentType        string   `cel:"rent_type"`
	PaydayCode      string   `cel:"payday_code"`
	// CarerAllowance and PartnerCarerAllowance are "NONE", "CURRENT",
	// "SUSPENDED" or "CANCELLED"; empty means "NONE".
	CarerAllowance        string       `cel:"carer_allowance"`
	PartnerCarerAllowance string       `cel:"partner_carer_allowance"`
	Imprisonment          Imprisonment `cel:"imprisonment"`
	Penalties             []Penalty    `cel:"penalties"`
	// History is oldest first.
	History    []Spell     `cel:"measure_history"`
	Account    Account     `cel:"account"`
	Expenses   []Expense   `cel:"expenses"`
	Card       Card        `cel:"card"`
	Exemptions []Exemption `cel:"exemptions"`
	Offers     []Offer     `cel:"service_offers"`
	// CashPayment: a 20 % unrestricted cash payment may be paid.
	CashPayment bool `cel:"unrestricted_cash_payment_eligible"`
	// BereavedOn is the day the last child in care died.
	BereavedOn int64 `cel:"last_child_bereavement"`
	// LeftAreaOn is the day the home left the declared area.
	LeftAreaOn int64 `cel:"left_declared_area_on"`
}

// Blank is a customer of whom nothing is recorded.
func Blank() Customer {
	return Customer{
		DateOfDeath: None, BereavedOn: None, LeftAreaOn: None,
		Imprisonment: Imprisonment{From: None, To: None},
		Account:      Account{DisbursedOn: None},
		Card:         Card{MethodSince: None},
	}
}

// Address is a current address; streets are not kept.
type Address struct {
	// Kind is "HOM", "TEM", "TER" or "POS".
	Kind string `cel:"kind"`
	// State is "NT" and the like; empty when not recorded.
	State string `cel:"state"`
}

// Payment is a payment of any status.
type Payment struct {
	Code string `cel:"code"`
	// Status is "CURRENT", "SUSPENDED", "CANCELLED" or "RESTORED", never empty.
	Status string `cel:"status"`
	// Since is the day the status began.
	Since         int64 `cel:"since"`
	Supplementary bool  `cel:"supplementary"`
}

// Child is a child in care.
type Child struct {
	// GivenName is for titles; empty when the record is restricted.
	GivenName string `cel:"given_name"`
	Born      int64  `cel:"born"`
	// Key tells the customer's children apart, restricted or not. It is the cause
	// of items, so it never changes (childkey.Of).
	Key string `cel:"key"`
}

// Imprisonment is a time in prison.
type Imprisonment struct {
	Has  bool  `cel:"has"`
	From int64 `cel:"from"`
	To   int64 `cel:"to"`
}

// Penalty is a compliance penalty or a non-payment period.
type Penalty struct {
	ID string `cel:"id"`
	// Kind is "PENALTY" or "NON_PAYMENT_PERIOD".
	Kind string `cel:"kind"`
	From int64  `cel:"from"`
	To   int64  `cel:"to"`
}

// Spell is a time under a measure; To is its last day, None while it lasts.
type Spell struct {
	Measure string `cel:"measure"`
	From    int64  `cel:"from"`
	To      int64  `cel:"to"`
}

// Account is the income management account; amounts are cents, times seconds
// since 1970 (UTC).
type Account struct {
	Has          bool   `cel:"has"`
	BalanceCents int64  `cel:"balance_cents"`
	ManagedCents int64  `cel:"managed_cents"`
	DisbursedOn  int64  `cel:"residual_disbursed_on"`
	CreditID     string `cel:"credit_id"`
	CreditCents  int64  `cel:"credit_cents"`
	CreditAt     int64  `cel:"credit_at"`
}

// Expense is an income management expense; amounts are cents a fortnight.
type Expense struct {
	ID string `cel:"id"`
	// Kind is "CARD", "RENT", "RENT_DEDUCTION_SCHEME", "SCHOOL_MEALS", "UTILITIES" or "OTHER".
	Kind            string `cel:"kind"`
	AllocationCents int64  `cel:"allocation_cents"`
	Regular         bool   `cel:"regular"`
	Provider        string `cel:"provider_id"`
	From            int64  `cel:"from"`
	CeasedOn        int64  `cel:"ceased_on"`
	Failures        int64  `cel:"consecutive_failures"`
	FeeCents        int64  `cel:"provider_fee_cents"`
	ProviderEndsOn  int64  `cel:"provider_ends_on"`
}

// Card is the customer's card; amounts are cents, times seconds since 1970 (UTC).
type Card struct {
	Has          bool  `cel:"has"`
	BalanceCents int64 `cel:"balance_cents"`
	LimitCents   int64 `cel:"limit_cents"`
	// Method and PreviousMethod are "RESIDUAL", "PARTIAL" or empty.
	Method         string  `cel:"method"`
	MethodSince    int64   `cel:"method_since"`
	PreviousMethod string  `cel:"previous_method"`
	PinBlocked     bool    `cel:"pin_blocked"`
	Declined       []int64 `cel:"declined"`
	VaryRejected   []int64 `cel:"vary_balance_rejections"`
}

// Exemption is an application for an exemption and what became of it.
type Exemption struct {
	ID string `cel:"id"`
	// Status is "APPLIED", "EVIDENCE_REQUESTED", "GRANTED", "REJECTED" or "ENDED".
	Status      string `cel:"status"`
	AppliedOn   int64  `cel:"applied_on"`
	RequestedOn int64  `cel:"evidence_requested_on"`
	ReceivedOn  int64  `cel:"evidence_received_on"`
	DecidedOn   int64  `cel:"decided_on"`
	EndsOn      int64  `cel:"ends_on"`
}

// Offer is an offer discussed with the customer.
type Offer struct {
	ID string `cel:"id"`
	// Kind is "CIM_EXEMPTION" or "UNRESTRICTED_CASH_PAYMENT".
	Kind      string `cel:"kind"`
	OfferedOn int64  `cel:"offered_on"`
	// Result is "DISCUSSED", "ACCEPTED" or "DECLINED".
	Result string `cel:"result"`
}

// Revocation is a notice to revoke that met a notice in force.
type Revocation struct {
	NoticeID     string `cel:"notice_id"`
	SubmissionID string `cel:"submission_id"`
	CRN          string `cel:"crn"`
	// Measure of the notice, such as "CPEIM".
	Measure string `cel:"measure"`
	// LodgedOn and EndOn: DaysLeft is EndOn − LodgedOn, as it was before the revocation.
	LodgedOn int64 `cel:"lodged_on"`
	EndOn    int64 `cel:"end_on"`
	DaysLeft int64 `cel:"days_left"`
	// ContinuationExists: a continuation of the notice waits to start.
	ContinuationExists bool `cel:"continuation_exists"`
	// OtherAuthorityNotice: a notice of another authority waits to start.
	OtherAuthorityNotice bool `cel:"other_authority_notice"`
}

// Ending is a notice in force that is about to end.
type Ending struct {
	NoticeID string `cel:"notice_id"`
	CRN      string `cel:"crn"`
	// Measure of the notice, such as "CPEIM".
	Measure string `cel:"measure"`
	EndOn   int64  `cel:"end_on"`
}

// String shows no particulars, so that no log does.
func (c Customer) String() string {
	return fmt.Sprintf("facts(known=%t measure=%q)", c.Known, c.Measure)
}

// LocalDay is the day clocks in zone show at a time in seconds since 1970.
func LocalDay(seconds int64, zone *time.Location) int64 {
	return int64(calendar.FromTime(time.Unix(seconds, 0), zone))
}
