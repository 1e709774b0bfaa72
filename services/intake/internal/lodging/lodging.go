// Package lodging holds the rules for what an authority may lodge.
//
// Duty: say whether a submission is well made for the authority that lodges it,
// beyond what the contract's field rules already say, and name every field that
// is wrong. The allowed durations and percentages are policy (policy.yaml), not
// code.
//
// Guarantees: a check has no effects and depends only on its arguments; all
// mistakes are reported at once; messages never repeat what was lodged, because
// it is personal data.
//
// Not here: whether the customer exists, the start date is near enough or the
// text is acceptable. Those are decided later and end in the unprocessed queue,
// not in a refusal.
package lodging

import (
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// Authority is what intake knows of a referring authority.
type Authority struct {
	// ID such as "frc".
	ID string
	// Function is the one line of work it acts under.
	Function term.BusinessFunction
	// Jurisdiction selects its public holidays.
	Jurisdiction term.Jurisdiction
	// Enabled is false when it may no longer lodge.
	Enabled bool
}

// MayLodge refuses an authority that is disabled.
func (a Authority) MayLodge() error {
	if a.Enabled {
		return nil
	}
	return fault.New(fault.Denied, "AUTHORITY_DISABLED", "this authority may no longer lodge submissions").
		WithHelp("Ask the agency's contact officer to enable the authority.")
}

// Unknown is the refusal of a caller that is no authority the hub knows.
func Unknown() error {
	return fault.New(fault.Denied, "AUTHORITY_UNKNOWN", "the hub does not know this authority").
		WithHelp("Ask the agency's contact officer to register the authority; it can lodge a few seconds later.")
}

// Submission is a submission as it was taken.
type Submission struct {
	// Receipt names it and is what the authority holds.
	receipt.Receipt
	// Type says what it is.
	Type term.InformationType
	// Function of the authority when it lodged.
	Function term.BusinessFunction
	// Jurisdiction of the authority when it lodged.
	Jurisdiction term.Jurisdiction
	// CRN it names; empty when none.
	CRN string
	// Lane is its place among the submissions that name the CRN, from 1; 0 when
	// no CRN is named or the hub created it.
	Lane int64
	// Day is the local date it was lodged on.
	Day calendar.Date
	// CaseWorker as named by the authority.
	CaseWorker string
	// Payload is the submission's deterministic protobuf encoding.
	Payload []byte
	// ParentID is the submission that caused the hub to create this one.
	ParentID clock.ID
}

// Repeats reports whether a later submission with the same reference is the same
// one again.
func (s *Submission) Repeats(earlier *Submission) bool { return s.ContentHash == earlier.ContentHash }

// ReferenceReused refuses a reference that already names other content.
func ReferenceReused() error {
	return fault.New(fault.Precondition, "REFERENCE_REUSED", "this reference was used before for other content").
		WithField("submission.reference", "names an earlier submission with other content; each submission needs a reference of its own").
		WithHelp("Lodge changed content under a new reference. The earlier submission is unchanged.")
}
