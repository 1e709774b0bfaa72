package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
)

// Entry is a new entry of the queue.
type Entry struct {
	SubmissionID clock.ID
	// LodgedAt is the submission's, At when the entry came.
	LodgedAt, At time.Time
	Reasons      []term.Reason
	// Lodged is the submission as lodged, encoded as intake keeps it.
	Lodged []byte
	// Candidates of a mutual client search, encoded by the caller; may be nil.
	Candidates []byte
}

// Disclosure is what was disclosed to an authority, encoded by the caller.
type Disclosure struct {
	SubmissionID clock.ID
	AuthorityID  string
	CRN          string
	Content      []byte
	At           time.Time
}

// Work is everything a batch of decisions writes.
type Work struct {
	Submissions []Submission
	Decisions   []Decision
	Entries     []Entry
	Steps       []Step
	Disclosures []Disclosure
	// Withdrawals are requests to keep; those kept already stay as they are,
	// except that they may become settled.
	Withdrawals []Withdrawal
	// Transitions close entries of the queue.
	Transitions []Transition
	// Also are statements of the same round trip and savepoint; may be nil.
	Also *pgx.Batch
}

// ErrKnown means that a submission of the batch is stored already; nothing was written.
var ErrKnown = errors.New("a submission is decided already")

// Write stores the work in one round trip, inside a savepoint: when a
// submission is there already it writes nothing and returns ErrKnown, and the
// transaction can go on. After any other error the transaction is lost.
func (w *Work) Write(ctx context.Context, tx pgx.Tx) error {
	b := &pgx.Batch{}
	b.Queue("SAVEPOINT work")
	queueSubmissions(b, w.Submissions)
	queueDecisions(b, w.Decisions)
	queueEntries(b, w.Entries)
	queueSteps(b, w.Steps)
	queueDisclosures(b, w.Disclosures)
	queueWithdrawals(b, w.Withdrawals)
	queueTransitions(b, w.Transitions)
	if w.Also != nil {
		b.QueuedQueries = append(b.QueuedQueries, w.Also.QueuedQueries...)
	}
	b.Queue("RELEASE SAVEPOINT work")
	err := tx.SendBatch(ctx, b).Close()
	for _, key := range []string{"submission_pkey", "submission_reference", "submission_lane"} {
		if postgres.IsUnique(err, key) {
			if _, err := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT work"); err != nil {
				return err
			}
			return ErrKnown
		}
	}
	return err
}

func queueSubmissions(b *pgx.Batch, all []Submission) {
	n := len(all)
	if n == 0 {
		return
	}
	id, parent := make([][16]byte, n), make([][16]byte, n)
	authority, reference, crn, worker := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	function, jurisdiction, kind, status, outcome := make([]int16, n), make([]int16, n), make([]int16, n), make([]int16, n), make([]int16, n)
	lane, version := make([]int64, n), make([]int32, n)
	lodged, since := make([]time.Time, n), make([]time.Time, n)
	for i := range all {
		s := &all[i]
		id[i], parent[i], authority[i], reference[i], crn[i], worker[i] = s.ID, s.ParentID, s.AuthorityID, s.Reference, s.CRN, s.CaseWorker
		function[i], jurisdiction[i], kind[i], status[i], outcome[i] = int16(s.Function), int16(s.Jurisdiction), int16(s.Type), int16(s.Status), int16(s.Outcome)
		lane[i], version[i], lodged[i], since[i] = s.Lane, int32(s.Version), s.LodgedAt, s.Since
	}
	b.Queue(`INSERT INTO submission (id, authority_id, business_function, jurisdiction, reference, information_type, status, outcome,
			crn, lane, lodged_at, since, case_worker, version, parent_id)
		SELECT id, authority, function, jurisdiction, reference, kind, status, outcome, NULLIF(crn, ''), NULLIF(lane, 0), lodged, since, worker, version,
			NULLIF(parent, '00000000-0000-0000-0000-000000000000')
		FROM unnest($1::uuid[], $2::text[], $3::int2[], $4::int2[], $5::text[], $6::int2[], $7::int2[], $8::int2[],
			$9::text[], $10::int8[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::int4[], $15::uuid[])
			AS u (id, authority, function, jurisdiction, reference, kind, status, outcome, crn, lane, lodged, since, worker, version, parent)`,
		id, authority, function, jurisdiction, reference, kind, status, outcome, crn, lane, lodged, since, worker, version, parent)
}

func queueDecisions(b *pgx.Batch, all []Decision) {
	n := len(all)
	if n == 0 {
		return
	}
	id, number, outcome := make([][16]byte, n), make([]int32, n), make([]int16, n)
	policy, reasons, crn, note := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	at, start, end := make([]time.Time, n), make([]int32, n), make([]int32, n)
	facts, verdicts, trace := make([][]byte, n), make([][]byte, n), make([][16]byte, n)
	for i := range all {
		d := &all[i]
		id[i], number[i], policy[i], at[i], facts[i], verdicts[i] = d.SubmissionID, int32(d.Number), d.PolicyVersion, d.At, d.Facts, d.Verdicts
		reasons[i], outcome[i], crn[i], start[i], end[i], note[i] = literal(d.Reasons), int16(d.Outcome), d.CRN, day(d.Start), day(d.End), d.Note
		trace[i] = d.Trace
	}
	b.Queue(`INSERT INTO decision (submission_id, number, policy_version, decided_at, facts, verdicts, reasons, outcome, crn, start_date, end_date, note, trace)
		SELECT id, number, policy, at, facts, verdicts, reasons::int2[], outcome, crn,
			DATE '1970-01-01' + NULLIF(starts, -2000000000), DATE '1970-01-01' + NULLIF(ends, -2000000000), note,
			NULLIF(trace, '00000000-0000-0000-0000-000000000000')
		FROM unnest($1::uuid[], $2::int4[], $3::text[], $4::timestamptz[], $5::bytea[], $6::bytea[], $7::text[], $8::int2[], $9::text[], $10::int4[], $11::int4[], $12::text[], $13::uuid[])
			AS u (id, number, policy, at, facts, verdicts, reasons, outcome, crn, starts, ends, note, trace)`,
		id, number, policy, at, facts, verdicts, reasons, outcome, crn, start, end, note, trace)
}

func queueEntries(b *pgx.Batch, all []Entry) {
	n := len(all)
	if n == 0 {
		return
	}
	id, at, since, reasons := make([][16]byte, n), make([]time.Time, n), make([]time.Time, n), make([]string, n)
	lodged, candidates := make([][]byte, n), make([][]byte, n)
	for i := range all {
		e := &all[i]
		id[i], since[i], at[i], reasons[i], lodged[i], candidates[i] = e.SubmissionID, e.LodgedAt, e.At, literal(e.Reasons), e.Lodged, e.Candidates
	}
	b.Queue(`INSERT INTO queue_entry (submission_id, lodged_at, entered_at, reasons, lodged, candidates)
		SELECT id, since, at, reasons::int2[], lodged, candidates
		FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::bytea[], $6::bytea[]) AS u (id, since, at, reasons, lodged, candidates)`,
		id, since, at, reasons, lodged, candidates)
}

func queueDisclosures(b *pgx.Batch, all []Disclosure) {
	n := len(all)
	if n == 0 {
		return
	}
	id, authority, crn, content, at := make([][16]byte, n), make([]string, n), make([]string, n), make([][]byte, n), make([]time.Time, n)
	for i := range all {
		d := &all[i]
		id[i], authority[i], crn[i], content[i], at[i] = d.SubmissionID, d.AuthorityID, d.CRN, d.Content, d.At
	}
	b.Queue(`INSERT INTO disclosure (submission_id, authority_id, crn, content, disclosed_at)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[])`, id, authority, crn, content, at)
}

func queueWithdrawals(b *pgx.Batch, all []Withdrawal) {
	n := len(all)
	if n == 0 {
		return
	}
	authority, reference, note := make([]string, n), make([]string, n), make([]string, n)
	at, settled := make([]time.Time, n), make([]bool, n)
	for i := range all {
		w := &all[i]
		authority[i], reference[i], note[i], at[i], settled[i] = w.AuthorityID, w.Reference, w.Note, w.At, w.Settled
	}
	// The order by the key keeps two replicas from waiting for each other.
	b.Queue(`INSERT INTO withdrawal (authority_id, reference, requested_at, note, settled)
		SELECT authority, reference, at, note, settled
		FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bool[]) AS u (authority, reference, at, note, settled)
		ORDER BY authority, reference
		ON CONFLICT (authority_id, reference) DO UPDATE SET settled = true WHERE NOT withdrawal.settled AND excluded.settled`,
		authority, reference, at, note, settled)
}

// literal writes reasons as PostgreSQL's array text: arrays of arrays cannot be
// unnested row by row.
func literal(reasons []term.Reason) string {
	out := []byte{'{'}
	for i, r := range reasons {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(r), 10)
	}
	return string(append(out, '}'))
}
