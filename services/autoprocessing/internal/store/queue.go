package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/queue"
)

// OpenEntry is an entry of the queue with what officers need.
type OpenEntry struct {
	EnteredAt time.Time
	// ClosedAt is nil while the entry is open.
	ClosedAt *time.Time
	Reasons  []term.Reason
	// Lodged and Candidates are gone once the entry is closed.
	Lodged, Candidates []byte
	Holding            queue.Holding
}

const entryColumns = "q.entered_at, q.closed_at, q.reasons, q.held_by, q.claim_expires_at, q.assigned, q.hold_until - DATE '1970-01-01'"

// entryScan holds the targets of entryColumns; all may be NULL in an outer join.
type entryScan struct {
	entered, closed, until *time.Time
	reasons                []int16
	heldBy                 *string
	assigned               *bool
	hold                   *int32
}

func (e *entryScan) targets() []any {
	return []any{&e.entered, &e.closed, &e.reasons, &e.heldBy, &e.until, &e.assigned, &e.hold}
}

func (e *entryScan) entry() OpenEntry {
	out := OpenEntry{EnteredAt: timeOrZero(e.entered), ClosedAt: e.closed, Reasons: reasonsOf(e.reasons)}
	if e.heldBy != nil {
		out.Holding = queue.Holding{HeldBy: *e.heldBy, Until: timeOrZero(e.until), Assigned: *e.assigned, HoldUntil: dayOf(e.hold)}
	}
	return out
}

// GetEntry returns the queue entry of a submission; false when it never had one.
func GetEntry(ctx context.Context, q Querier, id clock.ID) (OpenEntry, bool, error) {
	rows, _ := q.Query(ctx, "SELECT "+entryColumns+", q.lodged, q.candidates FROM queue_entry q WHERE q.submission_id = $1", [16]byte(id))
	e, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (OpenEntry, error) {
		var s entryScan
		var lodged, candidates []byte
		err := row.Scan(append(s.targets(), &lodged, &candidates)...)
		e := s.entry()
		e.Lodged, e.Candidates = lodged, candidates
		return e, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, err
}

// SetHolding stores who holds an open entry and whether it is set aside.
func SetHolding(ctx context.Context, tx pgx.Tx, id clock.ID, h queue.Holding) error {
	ct, err := tx.Exec(ctx, `UPDATE queue_entry SET held_by = $2, claim_expires_at = $3, assigned = $4, hold_until = DATE '1970-01-01' + NULLIF($5::int, -2000000000)
		WHERE submission_id = $1 AND closed_at IS NULL`, [16]byte(id), h.HeldBy, timeOrNull(h.Until), h.Assigned, day(h.HoldUntil))
	if err != nil {
		return err
	}
	return allOf("queue entries", 1, ct)
}

// Redecided stores that a submission stays open after a repeated decision.
func Redecided(ctx context.Context, tx pgx.Tx, d Decision, candidates []byte) error {
	b := &pgx.Batch{}
	queueDecisions(b, []Decision{d})
	b.Queue("UPDATE queue_entry SET reasons = $2, candidates = $3 WHERE submission_id = $1 AND closed_at IS NULL",
		[16]byte(d.SubmissionID), numbers(d.Reasons), candidates)
	return tx.SendBatch(ctx, b).Close()
}

// ExpireClaims forgets claims that have expired, up to so many. It returns whose.
func ExpireClaims(ctx context.Context, tx pgx.Tx, now time.Time, limit int) ([]clock.ID, error) {
	rows, _ := tx.Query(ctx, `UPDATE queue_entry SET held_by = '', claim_expires_at = NULL WHERE submission_id IN (
		SELECT submission_id FROM queue_entry WHERE claim_expires_at <= $1 ORDER BY submission_id LIMIT $2 FOR UPDATE SKIP LOCKED)
		RETURNING submission_id`, now, limit)
	return pgx.CollectRows(rows, scanID)
}

// WakeHolds ends the holds whose day has come, up to so many. It returns whose.
func WakeHolds(ctx context.Context, tx pgx.Tx, today calendar.Date, limit int) ([]clock.ID, error) {
	rows, _ := tx.Query(ctx, `UPDATE queue_entry SET hold_until = NULL WHERE submission_id IN (
		SELECT submission_id FROM queue_entry WHERE hold_until <= DATE '1970-01-01' + $1::int ORDER BY submission_id LIMIT $2 FOR UPDATE SKIP LOCKED)
		RETURNING submission_id`, int32(today), limit)
	return pgx.CollectRows(rows, scanID)
}

func scanID(row pgx.CollectableRow) (id clock.ID, err error) {
	err = row.Scan((*[16]byte)(&id))
	return id, err
}

// Note is a note on a submission.
type Note struct {
	SubmissionID clock.ID
	OfficerID    string
	// Action is what it was written with: "note", "hold", "outcome" and so on.
	Action string
	Text   string
	At     time.Time
	// Guarded: written while access to a restricted record was lifted.
	Guarded bool
}

// AddNote adds a note.
func AddNote(ctx context.Context, tx pgx.Tx, n Note) error {
	_, err := tx.Exec(ctx, "INSERT INTO note (submission_id, officer_id, action, text, at, guarded) VALUES ($1, $2, $3, $4, $5, $6)",
		[16]byte(n.SubmissionID), n.OfficerID, n.Action, n.Text, n.At, n.Guarded)
	return err
}

// Notes returns the notes of a submission, oldest first.
func Notes(ctx context.Context, q Querier, id clock.ID) ([]Note, error) {
	rows, _ := q.Query(ctx, "SELECT submission_id, officer_id, action, text, at, guarded FROM note WHERE submission_id = $1 ORDER BY id", [16]byte(id))
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Note, err error) {
		err = row.Scan((*[16]byte)(&n.SubmissionID), &n.OfficerID, &n.Action, &n.Text, &n.At, &n.Guarded)
		return n, err
	})
}

// Action is an officer's action that takes effect once.
type Action struct {
	SubmissionID clock.ID
	// ID was chosen by the caller.
	ID        string
	OfficerID string
	// Digest of what was asked for.
	Digest []byte
	At     time.Time
}

// GetAction returns an action done before under an id. Lock the submission first.
func GetAction(ctx context.Context, tx pgx.Tx, submission clock.ID, id string) (Action, bool, error) {
	a := Action{SubmissionID: submission, ID: id}
	err := tx.QueryRow(ctx, "SELECT officer_id, digest, at FROM action WHERE submission_id = $1 AND action_id = $2", [16]byte(submission), id).
		Scan(&a.OfficerID, &a.Digest, &a.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, err
}

// AddAction keeps that an action was done.
func AddAction(ctx context.Context, tx pgx.Tx, a Action) error {
	_, err := tx.Exec(ctx, "INSERT INTO action (submission_id, action_id, officer_id, digest, at) VALUES ($1, $2, $3, $4, $5)",
		[16]byte(a.SubmissionID), a.ID, a.OfficerID, a.Digest, a.At)
	return err
}

// Door shows authorities what is theirs: its pool shows no row until a statement
// says whose rows it is for.
type Door struct{ pool *pgxpool.Pool }

// NewDoor opens the door with a pool without a scope.
func NewDoor(pool *pgxpool.Pool) *Door { return &Door{pool: pool} }

// Disclosure reads what was disclosed to the authority; false when it has no such
// disclosure, whether or not another has.
func (d *Door) Disclosure(ctx context.Context, authority string, id clock.ID) (found Disclosure, ok bool, err error) {
	err = postgres.QueryInScope(ctx, d.pool, authority,
		"SELECT submission_id, authority_id, crn, content, disclosed_at FROM disclosure WHERE submission_id = $1 AND authority_id = $2",
		[]any{[16]byte(id), authority}, func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan((*[16]byte)(&found.SubmissionID), &found.AuthorityID, &found.CRN, &found.Content, &found.At); err != nil {
					return err
				}
				ok = true
			}
			return rows.Err()
		})
	return found, ok, err
}
