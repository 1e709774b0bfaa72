package decision

import (
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// Manual is what an officer records.
type Manual struct {
	Submission Submission
	// Reasons the submission is open for.
	Reasons []term.Reason
	Outcome term.Outcome
	// CRN the officer chose (MATCHED) or identified; empty when the lodged one holds.
	CRN string
	// Customer of that CRN, else of the one lodged; nil when there is none.
	// Customer.Restricted means restricted and not lifted.
	Customer *Customer
	// Notices of that customer, as in Input.
	Notices []register.Notice
	// Lifted: access to the restricted record is lifted for this very outcome.
	Lifted bool
	// Change is the register change asked for.
	Change ChangeAsked
	Moment Moment
}

// ChangeAsked is the register change that belongs to an officer's outcome.
type ChangeAsked struct {
	// Start for COMMENCED; nil for EXTENDED, or the day after the current notice's last.
	Start *calendar.Date
	// Months and Percent for COMMENCED and EXTENDED; 0 takes the lodged ones.
	Months, Percent int
	// Revoke are the notices to revoke now, for REVOKED.
	Revoke []clock.ID
}

// ManualResult is what an officer's outcome does.
type ManualResult struct {
	// CRN of the customer concerned; empty when none.
	CRN string
	// Changes of the register in the order to apply them.
	Changes []register.Change
	// Start and End are the period for the advice; nil when none.
	Start, End *calendar.Date
}

// ManualChanges checks an officer's outcome against the reasons, the restricted
// flag and the register, and codes its register change. Errors: Precondition
// when the outcome is not allowed or not true on the register, Invalid with the
// field path of RecordOutcomeRequest when the request itself is wrong.
// Declaration, note, version and claim are the caller's to check.
func ManualChanges(p *policy.Policy, m Manual) (ManualResult, error) {
	t := m.Submission.Content.Type()
	if err := m.allowed(p, t); err != nil {
		return ManualResult{}, err
	}
	crn, err := m.concerned(t)
	if err != nil {
		return ManualResult{}, err
	}
	if err := m.changeFits(); err != nil {
		return ManualResult{}, err
	}
	if m.Outcome != term.Commenced && m.Outcome != term.Extended && m.Outcome != term.Revoked {
		return ManualResult{CRN: crn}, nil
	}
	c, err := newCoder(p, m, crn)
	if err != nil {
		return ManualResult{}, err
	}
	switch m.Outcome {
	case term.Commenced:
		return c.commence()
	case term.Extended:
		return c.extend()
	}
	return c.revoke()
}

// restricted is the refusal to say anything of a restricted record.
func restricted() *fault.Error {
	return fault.New(fault.Precondition, "RESTRICTED_ACCESS", "access to the customer's record is restricted").
		WithHelp("Ask the Restricted Access officer to lift access, or record that nothing is disclosed.")
}

func (m Manual) allowed(p *policy.Policy, t term.InformationType) error {
	// Without the record at hand the reason tells that it is restricted.
	guarded := slices.Contains(m.Reasons, term.RestrictedAccess)
	if m.Customer != nil {
		guarded = m.Customer.Restricted
	}
	guarded = guarded && !m.Lifted
	allowed := AllowedOutcomes(p, t, m.Reasons, guarded)
	if slices.Contains(allowed, m.Outcome) {
		return nil
	}
	if guarded && slices.Contains(AllowedOutcomes(p, t, m.Reasons, false), m.Outcome) {
		return restricted()
	}
	names := make([]string, len(allowed))
	for i, o := range allowed {
		names[i] = o.String()
	}
	return fault.New(fault.Precondition, "OUTCOME_NOT_ALLOWED", "outcome %s cannot be recorded for this submission", m.Outcome).
		WithHelp("Allowed now: " + strings.Join(names, ", ") + ".")
}

// concerned works out whom the outcome is about.
func (m Manual) concerned(t term.InformationType) (string, error) {
	lodged := m.Submission.CRN()
	switch m.Outcome {
	case term.Matched:
		if m.CRN == "" {
			return "", fault.InvalidField("crn", "the customer chosen is missing")
		}
		if m.Customer == nil || m.Customer.CRN != m.CRN {
			return "", fault.InvalidField("crn", "there is no customer with this CRN")
		}
		return m.CRN, nil
	case term.Eligible, term.NotEligible, term.Commenced, term.Extended, term.Revoked:
	default:
		if t == term.FindMutualClient && m.CRN != "" {
			return "", fault.InvalidField("crn", "only MATCHED names a customer")
		}
		return lodged, nil
	}
	crn := lodged
	if slices.Contains(m.Reasons, term.CustomerNotIdentified) {
		if m.CRN == "" {
			return "", fault.InvalidField("crn", "the customer was not identified by machine: name the one you identified")
		}
		crn = m.CRN
	} else if m.CRN != "" && m.CRN != lodged {
		return "", fault.InvalidField("crn", "the submission is about another customer, who was identified")
	}
	if m.Outcome != term.Revoked && (m.Customer == nil || m.Customer.CRN != crn) {
		return "", fault.InvalidField("crn", "there is no customer with this CRN")
	}
	return crn, nil
}

// changeFits refuses register changes that do not belong to the outcome.
func (m Manual) changeFits() error {
	period := m.Change.Start != nil || m.Change.Months != 0 || m.Change.Percent != 0
	switch {
	case period && m.Outcome != term.Commenced && m.Outcome != term.Extended:
		return fault.InvalidField("register_change", "outcome %s records no period", m.Outcome)
	case len(m.Change.Revoke) > 0 && m.Outcome != term.Revoked:
		return fault.InvalidField("register_change.revoke_notice_ids", "outcome %s revokes nothing", m.Outcome)
	}
	return nil
}
