// Package decision decides submissions: it gathers the facts, lets the policy's
// rules speak, and works out what follows on the register, for the authority
// and for officers (rules.md 2.1 to 2.7).
//
// It guarantees that a machine never says NOT_MATCHED, NOT_ELIGIBLE or
// NOT_DISCLOSED, never touches another authority's notice when revoking, never
// lets two notices of one customer overlap, and that every decision without an
// outcome has a reason. It is pure: no clock, no storage, no messages; the
// caller holds the customer's lock between reading the notices and storing the
// changes.
package decision

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// Moment is when a decision is made.
type Moment struct {
	// At is the business time, Today its local date in the agency's zone.
	At    time.Time
	Today calendar.Date
}

// Input is everything a decision rests on.
type Input struct {
	Submission Submission
	// Customer of the CRN lodged; nil when there is none. Unused for a mutual
	// client search.
	Customer *Customer
	// Candidates of a mutual client search, best first.
	Candidates []Candidate
	// Notices are the customer's notices in the register, of every authority:
	// at least all INACTIVE and ACTIVE ones and all, revoked ones too, that end on
	// or after the day of lodgement. For a mutual client search those of the one clear candidate.
	// Notices of other CRNs are ignored.
	Notices []register.Notice
	// Withdrawn is true when the authority took the submission back.
	Withdrawn bool
	Moment    Moment
}

// Result is a decision.
type Result struct {
	Type term.InformationType
	// Status is PROCESSED, UNPROCESSED or WITHDRAWN.
	Status term.Status
	// Outcome of a terminal status; 0 when UNPROCESSED.
	Outcome term.Outcome
	// Reasons why not, in policy order; empty unless UNPROCESSED.
	Reasons []term.Reason
	// ReasonsForAuthority are the reasons the authority may read; they differ
	// from Reasons only where the record is restricted.
	ReasonsForAuthority []term.Reason
	// PolicyVersion, Facts and Verdicts are the trace; empty when WITHDRAWN.
	PolicyVersion string
	Facts         policy.Facts
	Verdicts      policy.Verdicts
	// CRN of the customer concerned: the matched or identified customer's, or the
	// one lodged when none was identified; empty when none.
	CRN string
	// Changes of the register in the order to apply them. A decision that stays
	// UNPROCESSED may have some: what a notice to revoke could do at once.
	Changes []register.Change
	// Revocation is set when a notice to revoke met a child protection notice in
	// force; nil otherwise.
	Revocation *Revocation
	// Start and End are the period for the advice; nil when none.
	Start, End *calendar.Date
	// Disclosure is set with ELIGIBLE.
	Disclosure *DisclosureContent
	// Child is the disclosure the hub creates after MATCHED, decided already.
	Child *Child
	// Candidates are kept for officers when a mutual client search stays open.
	Candidates []KeptCandidate
}

// Child is a disclosure the hub created for the authority that asked.
type Child struct {
	Submission Submission
	Result     Result
}

// KeptCandidate is what officers see of a candidate. Of a restricted record
// only CRN and score remain.
type KeptCandidate struct {
	CRN           string         `json:"crn"`
	Name          string         `json:"name,omitempty"`
	BirthDate     *calendar.Date `json:"date_of_birth,omitempty"`
	Score         float64        `json:"score"`
	Contributions []string       `json:"contributions,omitempty"`
	Restricted    bool           `json:"restricted,omitempty"`
}

// Criterion is one eligibility criterion of a disclosure.
type Criterion struct {
	// Name is the policy's rule id.
	Name string `json:"name"`
	// Result is "yes", "no" or "unknown".
	Result string `json:"result"`
}

// DisclosureContent is what is disclosed (rules.md 2.2). It holds personal data.
type DisclosureContent struct {
	CRN   string `json:"crn"`
	Label string `json:"label"`
	// Result is ELIGIBLE or, by an officer, NOT_ELIGIBLE.
	Result   term.Outcome `json:"result"`
	Criteria []Criterion  `json:"criteria"`
	// OnIncomeSupport is true when the customer receives an income support
	// payment; Payments are the codes of all payments received now.
	OnIncomeSupport bool     `json:"on_income_support,omitempty"`
	Payments        []string `json:"payments,omitempty"`
	// Address is the current one in one line; empty when none.
	Address string `json:"address,omitempty"`
	// UnderEnhanced is true when a measure is in force, Measure which.
	UnderEnhanced bool         `json:"under_enhanced,omitempty"`
	Measure       term.Measure `json:"measure,omitempty"`
	PartnerCRN    string       `json:"partner_crn,omitempty"`
	// Children counts those for whom Family Tax Benefit is paid.
	Children int `json:"children,omitempty"`
	// PaymentHistory, newest first: "code from yyyy-mm-dd".
	PaymentHistory []string `json:"payment_history,omitempty"`
}

// TechnicalFailure is the result of a submission that used up its retry budget:
// UNPROCESSED, nothing evaluated, nothing changed.
func TechnicalFailure(s Submission) Result {
	reasons := []term.Reason{term.TechnicalFailure}
	return Result{Type: s.Content.Type(), Status: term.Unprocessed, Reasons: reasons, ReasonsForAuthority: reasons, CRN: s.CRN()}
}
