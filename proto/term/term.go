// Package term holds the field's terms as plain Go types, so that rules and
// storage can speak them without importing generated code. Every number equals
// that of the protobuf enum of the same name; a test holds them together.
package term

import "fmt"

// BusinessFunction is the one line of work an authority acts under.
type BusinessFunction int16

// The business functions.
const (
	CapeYork BusinessFunction = iota + 1
	ChildProtection
	SupportingPeopleAtRisk
)

// Measure is the form of income management a notice or customer is under.
type Measure int16

// The measures.
const (
	CYeIM Measure = iota + 1
	CPeIM
	SPaReIM
	SEAM
	VWPR
	DEY
	LTWPR
	VeIM
)

// Jurisdiction is an Australian state or territory.
type Jurisdiction int16

// The jurisdictions.
const (
	ACT Jurisdiction = iota + 1
	NSW
	NT
	QLD
	SA
	TAS
	VIC
	WA
)

// InformationType says what a submission is.
type InformationType int16

// The information types.
const (
	FindMutualClient InformationType = iota + 1
	DisclosureOfInformation
	NoticeToCommence
	NoticeToRevoke
	VoluntaryReferral
	ChangeOfCircumstances
)

// Status is where a submission stands.
type Status int16

// The statuses.
const (
	Pending Status = iota + 1
	AutoProcessing
	Unprocessed
	Processed
	Returned
	Withdrawn
)

// Terminal reports whether a submission in this status never changes again.
func (s Status) Terminal() bool { return s == Processed || s == Returned || s == Withdrawn }

// Outcome is the one result of a terminal submission.
type Outcome int16

// The outcomes.
const (
	Matched Outcome = iota + 1
	NotMatched
	Eligible
	NotEligible
	NotDisclosed
	Commenced
	Extended
	Revoked
	ReferralNoted
	NotAccepted
	OutcomeReturned
	OutcomeWithdrawn
)

// Reason says why automatic processing did not decide.
type Reason int16

// The rejection reasons.
const (
	NoMatch Reason = iota + 1
	PossibleMatches
	EligibilityNoResult
	RestrictedAccess
	CustomerNotIdentified
	CustomerDeceased
	NoEligiblePayment
	ExcludedNominee
	OutsideDeclaredArea
	HigherMeasureInForce
	MeasureTransferReview
	StartDateInvalid
	CurrentNoticeNotEnding
	CurrentNoticeOtherAuthority
	ContinuationExists
	PendingNoticeExists
	ReasonsInText
	NoNoticeToRevoke
	ActiveNoticeNeedsOfficer
	EndDateWithin28Days
	DeclarationRequired
	TechnicalFailure
)

// NoticeState is where a notice of the register stands.
type NoticeState int16

// The states of a notice.
const (
	NoticeInactive NoticeState = iota + 1
	NoticeActive
	NoticeEnded
	NoticeRevoked
)

var (
	functions     = []string{"CAPE_YORK", "CHILD_PROTECTION", "SUPPORTING_PEOPLE_AT_RISK"}
	measures      = []string{"CYEIM", "CPEIM", "SPAREIM", "SEAM", "VWPR", "DEY", "LTWPR", "VEIM"}
	jurisdictions = []string{"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"}
	infoTypes     = []string{"FIND_MUTUAL_CLIENT", "DISCLOSURE_OF_INFORMATION", "NOTICE_TO_COMMENCE", "NOTICE_TO_REVOKE", "VOLUNTARY_REFERRAL", "CHANGE_OF_CIRCUMSTANCES"}
	statuses      = []string{"PENDING", "AUTO_PROCESSING", "UNPROCESSED", "PROCESSED", "RETURNED", "WITHDRAWN"}
	outcomes      = []string{"MATCHED", "NOT_MATCHED", "ELIGIBLE", "NOT_ELIGIBLE", "NOT_DISCLOSED", "COMMENCED", "EXTENDED", "REVOKED", "REFERRAL_NOTED", "NOT_ACCEPTED", "RETURNED", "WITHDRAWN"}
	reasons       = []string{"NO_MATCH", "POSSIBLE_MATCHES", "ELIGIBILITY_NO_RESULT", "RESTRICTED_ACCESS", "CUSTOMER_NOT_IDENTIFIED", "CUSTOMER_DECEASED", "NO_ELIGIBLE_PAYMENT", "EXCLUDED_NOMINEE", "OUTSIDE_DECLARED_AREA", "HIGHER_MEASURE_IN_FORCE", "MEASURE_TRANSFER_REVIEW", "START_DATE_INVALID", "CURRENT_NOTICE_NOT_ENDING", "CURRENT_NOTICE_OTHER_AUTHORITY", "CONTINUATION_EXISTS", "PENDING_NOTICE_EXISTS", "REASONS_IN_TEXT", "NO_NOTICE_TO_REVOKE", "ACTIVE_NOTICE_NEEDS_OFFICER", "END_DATE_WITHIN_28_DAYS", "DECLARATION_REQUIRED", "TECHNICAL_FAILURE"}
	noticeStates  = []string{"INACTIVE", "ACTIVE", "ENDED", "REVOKED"}
)

func name[T ~int16](names []string, v T) string {
	if v < 1 || int(v) > len(names) {
		return ""
	}
	return names[v-1]
}

func parse[T ~int16](what string, names []string, s string) (T, error) {
	for i, n := range names {
		if n == s {
			return T(i + 1), nil
		}
	}
	return 0, fmt.Errorf("%q is not a %s", s, what)
}

// String returns the term, such as "CAPE_YORK", or "" when unset.
func (v BusinessFunction) String() string { return name(functions, v) }

// String returns the term, such as "CPEIM", or "" when unset.
func (v Measure) String() string { return name(measures, v) }

// String returns the term, such as "QLD", or "" when unset.
func (v Jurisdiction) String() string { return name(jurisdictions, v) }

// String returns the term, such as "NOTICE_TO_COMMENCE", or "" when unset.
func (v InformationType) String() string { return name(infoTypes, v) }

// String returns the term, such as "PENDING", or "" when unset.
func (s Status) String() string { return name(statuses, s) }

// String returns the term, such as "MATCHED", or "" when unset.
func (v Outcome) String() string { return name(outcomes, v) }

// String returns the term, such as "NO_MATCH", or "" when unset.
func (v Reason) String() string { return name(reasons, v) }

// String returns the term, such as "ACTIVE", or "" when unset.
func (v NoticeState) String() string { return name(noticeStates, v) }

// ParseBusinessFunction is the inverse of String.
func ParseBusinessFunction(s string) (BusinessFunction, error) {
	return parse[BusinessFunction]("business function", functions, s)
}

// ParseMeasure is the inverse of String.
func ParseMeasure(s string) (Measure, error) { return parse[Measure]("measure", measures, s) }

// ParseJurisdiction is the inverse of String.
func ParseJurisdiction(s string) (Jurisdiction, error) {
	return parse[Jurisdiction]("jurisdiction", jurisdictions, s)
}

// ParseInformationType is the inverse of String.
func ParseInformationType(s string) (InformationType, error) {
	return parse[InformationType]("information type", infoTypes, s)
}

// ParseStatus is the inverse of String.
func ParseStatus(s string) (Status, error) { return parse[Status]("status", statuses, s) }

// ParseOutcome is the inverse of String.
func ParseOutcome(s string) (Outcome, error) { return parse[Outcome]("outcome", outcomes, s) }

// ParseReason is the inverse of String.
func ParseReason(s string) (Reason, error) { return parse[Reason]("rejection reason", reasons, s) }

// ParseNoticeState is the inverse of String.
func ParseNoticeState(s string) (NoticeState, error) {
	return parse[NoticeState]("notice state", noticeStates, s)
}
