package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Submission is a submission as far as automatic processing and officers need it.
type Submission struct {
	ID           clock.ID
	AuthorityID  string
	Function     term.BusinessFunction
	Jurisdiction term.Jurisdiction
	Reference    string
	Type         term.InformationType
	Status       term.Status
	// Outcome is 0 while UNPROCESSED.
	Outcome term.Outcome
	// CRN as lodged, or as found when none was lodged; "" means none.
	CRN string
	// Lane is the position among the submissions of one CRN; 0 means none.
	Lane     int64
	LodgedAt time.Time
	// Since is when the status was reached (business time).
	Since      time.Time
	CaseWorker string
	// Version of the transition log: PENDING is 1.
	Version int
	// ParentID is the submission after whose match the hub created this one; zero otherwise.
	ParentID clock.ID
}

// Decision is one run of the rules, with what they saw and said.
type Decision struct {
	SubmissionID clock.ID
	// Number is 1 for the first decision.
	Number        int
	PolicyVersion string
	At            time.Time
	// Facts and Verdicts are encoded by the decision package.
	Facts, Verdicts []byte
	// Reasons are empty exactly when there is an Outcome.
	Reasons []term.Reason
	Outcome term.Outcome
	// CRN of the customer concerned, "" when none was identified.
	CRN string
	// Start and End are the period concerned; nil when none.
	Start, End *calendar.Date
	// Note is for the authority.
	Note string
	// Trace it was decided in.
	Trace Trace
}

// Ref names a submission by its authority and the authority's reference.
type Ref struct{ AuthorityID, Reference string }

// Ref of the submission.
func (s *Submission) Ref() Ref { return Ref{s.AuthorityID, s.Reference} }

const submissionColumns = `s.id, s.authority_id, s.business_function, s.jurisdiction, s.reference, s.information_type, s.status,
	s.outcome, COALESCE(s.crn, ''), COALESCE(s.lane, 0), s.lodged_at, s.since, s.case_worker, s.version, s.parent_id`

func (s *Submission) targets(parent **[16]byte) []any {
	return []any{
		(*[16]byte)(&s.ID), &s.AuthorityID, (*int16)(&s.Function), (*int16)(&s.Jurisdiction), &s.Reference, (*int16)(&s.Type), (*int16)(&s.Status),
		(*int16)(&s.Outcome), &s.CRN, &s.Lane, &s.LodgedAt, &s.Since, &s.CaseWorker, &s.Version, parent,
	}
}

func scanSubmission(row pgx.CollectableRow) (Submission, error) {
	var s Submission
	var parent *[16]byte
	err := row.Scan(s.targets(&parent)...)
	if parent != nil {
		s.ParentID = *parent
	}
	return s, err
}

// LockSubmission reads a submission and keeps everybody else from changing it
// until the transaction ends. Lock the customer's anchor before.
func LockSubmission(ctx context.Context, tx pgx.Tx, id clock.ID) (Submission, bool, error) {
	rows, _ := tx.Query(ctx, "SELECT "+submissionColumns+" FROM submission s WHERE id = $1 FOR UPDATE", [16]byte(id))
	s, err := pgx.CollectExactlyOneRow(rows, scanSubmission)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// Querier is a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// GetSubmission reads a submission.
func GetSubmission(ctx context.Context, q Querier, id clock.ID) (Submission, bool, error) {
	rows, _ := q.Query(ctx, "SELECT "+submissionColumns+" FROM submission s WHERE id = $1", [16]byte(id))
	s, err := pgx.CollectExactlyOneRow(rows, scanSubmission)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

const decisionColumns = `submission_id, number, policy_version, decided_at, facts, verdicts, reasons, outcome, crn,
	start_date - DATE '1970-01-01', end_date - DATE '1970-01-01', note,
	COALESCE(trace, '00000000-0000-0000-0000-000000000000')`

func scanDecision(row pgx.CollectableRow) (Decision, error) {
	var d Decision
	var reasons []int16
	var start, end *int32
	err := row.Scan((*[16]byte)(&d.SubmissionID), &d.Number, &d.PolicyVersion, &d.At, &d.Facts, &d.Verdicts, &reasons, (*int16)(&d.Outcome),
		&d.CRN, &start, &end, &d.Note, (*[16]byte)(&d.Trace))
	d.Reasons, d.Start, d.End = reasonsOf(reasons), dayOf(start), dayOf(end)
	return d, err
}

// Decisions returns the decisions of submissions, by submission and number.
func Decisions(ctx context.Context, q Querier, ids ...clock.ID) (map[clock.ID][]Decision, error) {
	rows, _ := q.Query(ctx, "SELECT "+decisionColumns+" FROM decision WHERE submission_id = ANY($1) ORDER BY submission_id, number", raw(ids))
	all, err := pgx.CollectRows(rows, scanDecision)
	out := make(map[clock.ID][]Decision, len(ids))
	for _, d := range all {
		out[d.SubmissionID] = append(out[d.SubmissionID], d)
	}
	return out, err
}
