package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Transition ends an UNPROCESSED submission: by an officer, by the authority's
// withdrawal, or by a repeated decision.
type Transition struct {
	SubmissionID clock.ID
	// Version of the transition log after it; the submission must be at the one before.
	Version int
	To      term.Status
	Outcome term.Outcome
	Actor   string
	Cause   string
	// At is the business time.
	At time.Time
	// OfficerID is set when an officer recorded the outcome.
	OfficerID string
	// Declaration is what the officer ticked.
	Declaration bool
	// CRN of the customer concerned; "" when none.
	CRN string
	// Start and End are the period concerned; nil when none.
	Start, End *calendar.Date
	// NoteForAuthority may be empty.
	NoteForAuthority string
	// Reasons had kept it unprocessed.
	Reasons []term.Reason
	// PolicyVersion is set when rules decided.
	PolicyVersion string
	// Trace it happened in.
	Trace Trace
}

// queueTransitions writes the transitions, moves the submissions on and closes
// their entries, which erases what was lodged. Few at a time: one statement each.
func queueTransitions(b *pgx.Batch, all []Transition) {
	for i := range all {
		t := &all[i]
		id := [16]byte(t.SubmissionID)
		b.Queue(`UPDATE submission SET status = $2, outcome = $3, since = $4, version = $5, crn = COALESCE(crn, NULLIF($6, ''))
			WHERE id = $1 AND status = 3 AND version = $5 - 1`,
			id, int16(t.To), int16(t.Outcome), t.At, t.Version, t.CRN).
			Exec(func(ct pgconn.CommandTag) error { return allOf("submissions", 1, ct) })
		b.Queue(`INSERT INTO transition (submission_id, version, from_status, to_status, actor, cause, at, officer_id, declaration, outcome, crn,
				start_date, end_date, note_for_authority, reasons, policy_version, trace)
			VALUES ($1, $2, 3, $3, $4, $5, $6, $7, $8, $9, $10,
				DATE '1970-01-01' + NULLIF($11::int, -2000000000), DATE '1970-01-01' + NULLIF($12::int, -2000000000), $13, $14, $15,
				NULLIF($16::uuid, '00000000-0000-0000-0000-000000000000'))`,
			id, t.Version, int16(t.To), t.Actor, t.Cause, t.At, t.OfficerID, t.Declaration, int16(t.Outcome), t.CRN,
			day(t.Start), day(t.End), t.NoteForAuthority, numbers(t.Reasons), t.PolicyVersion, [16]byte(t.Trace))
		b.Queue(`UPDATE queue_entry SET closed_at = $2, lodged = NULL, candidates = NULL, held_by = '', claim_expires_at = NULL, assigned = false, hold_until = NULL
			WHERE submission_id = $1 AND closed_at IS NULL`, id, t.At).
			Exec(func(ct pgconn.CommandTag) error { return allOf("queue entries", 1, ct) })
	}
}

// Transitions returns the transitions of submissions kept as rows, by version.
func Transitions(ctx context.Context, q Querier, ids ...clock.ID) (map[clock.ID][]Transition, error) {
	rows, _ := q.Query(ctx, `SELECT submission_id, version, to_status, actor, cause, at, officer_id, declaration, outcome, crn,
			start_date - DATE '1970-01-01', end_date - DATE '1970-01-01', note_for_authority, reasons, policy_version,
			COALESCE(trace, '00000000-0000-0000-0000-000000000000')
		FROM transition WHERE submission_id = ANY($1) ORDER BY submission_id, version`, raw(ids))
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Transition, err error) {
		var reasons []int16
		var start, end *int32
		err = row.Scan((*[16]byte)(&t.SubmissionID), &t.Version, (*int16)(&t.To), &t.Actor, &t.Cause, &t.At, &t.OfficerID, &t.Declaration, (*int16)(&t.Outcome),
			&t.CRN, &start, &end, &t.NoteForAuthority, &reasons, &t.PolicyVersion, (*[16]byte)(&t.Trace))
		t.Reasons, t.Start, t.End = reasonsOf(reasons), dayOf(start), dayOf(end)
		return t, err
	})
	out := make(map[clock.ID][]Transition, len(ids))
	for _, t := range all {
		out[t.SubmissionID] = append(out[t.SubmissionID], t)
	}
	return out, err
}
