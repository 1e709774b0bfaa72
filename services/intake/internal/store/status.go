package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
)

// Status is where a submission stands from one version of its history on.
type Status struct {
	// SubmissionID it belongs to.
	SubmissionID clock.ID
	// AuthorityID the submission belongs to.
	AuthorityID string
	// Version in the submission's history; PENDING is 1.
	Version int32
	// Status from then on.
	Status term.Status
	// Outcome, when terminal.
	Outcome term.Outcome
	// Reasons why it is, or was, unprocessed.
	Reasons []term.Reason
	// At is when (business time).
	At time.Time
	// ByOfficer is true when an officer decided.
	ByOfficer bool
	// StartDate is the first day of the period concerned, if any.
	StartDate *calendar.Date
	// EndDate is the last day of the period concerned, if any.
	EndDate *calendar.Date
	// Note for the authority.
	Note string
	// CRN of the customer concerned, when identified.
	CRN string
}

const insertStatus = `
INSERT INTO status (submission_id, authority_id, version, status, outcome, reasons, at, by_officer, start_date, end_date, note, crn)
SELECT submission_id, authority_id, version, status, outcome, reasons::smallint[], at, by_officer,
       date '1970-01-01' + NULLIF(start_day, -2147483648), date '1970-01-01' + NULLIF(end_day, -2147483648), note, crn
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::smallint[], $5::smallint[], $6::text[], $7::timestamptz[], $8::bool[],
            $9::int[], $10::int[], $11::text[], $12::text[])
  AS u(submission_id, authority_id, version, status, outcome, reasons, at, by_officer, start_day, end_day, note, crn)`

// announceAgain changes only reasons that are really other ones and later: what
// is announced again is mostly the same, and events may come late. The row moves
// to the present transaction, so that watchers see it.
const announceAgain = insertStatus + `
ON CONFLICT (submission_id, version) DO UPDATE
SET reasons = excluded.reasons, at = excluded.at, tx = pg_current_xact_id()
WHERE status.status = excluded.status AND status.at <= excluded.at AND status.reasons <> excluded.reasons`

// Record adds statuses, at most one per submission and version. One that is
// there already only has its reasons brought up to date.
func (s *Store) Record(ctx context.Context, tx pgx.Tx, statuses []Status) error {
	if len(statuses) == 0 {
		return nil
	}
	arguments := statusColumns(statuses)
	// The plain insert runs under a savepoint sent along with it: redelivered
	// events are rare, and ON CONFLICT costs every row.
	var plain pgx.Batch
	plain.Queue("SAVEPOINT statuses")
	plain.Queue(insertStatus, arguments...)
	plain.Queue("RELEASE SAVEPOINT statuses")
	err := tx.SendBatch(ctx, &plain).Close()
	if !postgres.IsUnique(err, "status_pkey") {
		return err
	}
	if _, err := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT statuses"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, announceAgain, arguments...)
	return err
}

func statusColumns(statuses []Status) []any {
	n := len(statuses)
	ids, authorities, versions := make([][16]byte, n), make([]string, n), make([]int32, n)
	states, outcomes, reasons := make([]int16, n), make([]int16, n), make([]string, n)
	at, officer := make([]time.Time, n), make([]bool, n)
	starts, ends := make([]int32, n), make([]int32, n)
	notes, crns := make([]string, n), make([]string, n)
	for i := range statuses {
		s := &statuses[i]
		ids[i], authorities[i], versions[i] = s.SubmissionID, s.AuthorityID, s.Version
		states[i], outcomes[i], reasons[i] = int16(s.Status), int16(s.Outcome), arrayText(s.Reasons)
		at[i], officer[i] = s.At, s.ByOfficer
		starts[i], ends[i] = dayOf(s.StartDate), dayOf(s.EndDate)
		notes[i], crns[i] = s.Note, s.CRN
	}
	return []any{ids, authorities, versions, states, outcomes, reasons, at, officer, starts, ends, notes, crns}
}

// noDay stands for no date in an array of day numbers; no date is that old.
const noDay = -1 << 31

func dayOf(d *calendar.Date) int32 {
	if d == nil {
		return noDay
	}
	return int32(*d)
}

// arrayText writes reasons as PostgreSQL's array text: unnest would flatten
// arrays of arrays.
func arrayText(reasons []term.Reason) string {
	if len(reasons) == 0 {
		return "{}"
	}
	numbers := make([]string, len(reasons))
	for i, r := range reasons {
		numbers[i] = fmt.Sprint(int16(r))
	}
	return "{" + strings.Join(numbers, ",") + "}"
}

// statusValues are the columns of statusRow, of a table or alias t.
const statusValues = `t.version, t.status, t.outcome, t.reasons, t.at, t.by_officer,
t.start_date - date '1970-01-01', t.end_date - date '1970-01-01', t.note, t.crn`

// statusRow takes statusValues; all may be NULL, as outer joins have it.
type statusRow struct {
	version         *int32
	status, outcome *int16
	reasons         []int16
	at              *time.Time
	officer         *bool
	start, end      *int32
	note, crn       *string
}

func (r *statusRow) targets() []any {
	return []any{&r.version, &r.status, &r.outcome, &r.reasons, &r.at, &r.officer, &r.start, &r.end, &r.note, &r.crn}
}

// value is the status, or nil when the join found none.
func (r *statusRow) value(submission clock.ID, authority string) *Status {
	if r.version == nil {
		return nil
	}
	s := &Status{
		SubmissionID: submission, AuthorityID: authority, Version: *r.version, Status: term.Status(*r.status),
		Outcome: term.Outcome(*r.outcome), At: r.at.UTC(), ByOfficer: *r.officer, Note: *r.note, CRN: *r.crn,
	}
	for _, reason := range r.reasons {
		s.Reasons = append(s.Reasons, term.Reason(reason))
	}
	if r.start != nil {
		day := calendar.Date(*r.start)
		s.StartDate = &day
	}
	if r.end != nil {
		day := calendar.Date(*r.end)
		s.EndDate = &day
	}
	return s
}
