package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/clock"
)

// AccessState is where a case of restricted access stands. The numbers are those
// of the contract.
type AccessState int16

// The states; those up to Lifted are open.
const (
	AccessContacted AccessState = iota + 1
	AccessRequested
	AccessLifted
	AccessKept
	AccessReinstated
	AccessExpired
	AccessClosed
)

// Open reports whether the case can still change.
func (s AccessState) Open() bool { return s <= AccessLifted }

// Access is one submission's way to a restricted record.
type Access struct {
	ID           clock.ID
	SubmissionID clock.ID
	AuthorityID  string
	// CRN is "" until one of several restricted candidates is chosen.
	CRN     string
	State   AccessState
	Version int
	// Requester contacted the authority, and is the one for whom access is lifted.
	Requester     string
	CustomerAware bool
	OpenedAt      time.Time
	// Decider decided; "" before.
	Decider   string
	DecidedAt time.Time
	// CustomerContactedAt and CustomerContact tell of the contact with a customer
	// who did not know of the request; zero and "" when there was none.
	CustomerContactedAt time.Time
	CustomerContact     string
	// Minutes and Until are the time box of a lift; 0 and zero without.
	Minutes int
	Until   time.Time
	// InTime is false once the lift's minutes are over by the database's own clock.
	InTime bool
	// EndedAt is zero while the case is open.
	EndedAt time.Time
	// Used: an outcome was recorded under the lift.
	Used bool
}

// Live reports whether access is lifted at a business time: by no clock is it
// too early or too late.
func (a *Access) Live(now time.Time) bool {
	return a.State == AccessLifted && a.InTime && !now.Before(a.DecidedAt) && now.Before(a.Until)
}

// AccessSign is what tells whether a list of open cases is as it was.
type AccessSign struct {
	// Open is the number of cases.
	Open int64
	// Sign is another one with other cases, or another version of one.
	Sign int64
}

// AccessSigns reads the signs of the open cases of each of the requesters, "" for
// those of everybody. It runs several times a second while anybody watches, over
// the open cases alone, which are few.
func AccessSigns(ctx context.Context, q Querier, requesters []string) (map[string]AccessSign, error) {
	rows, _ := q.Query(ctx, `SELECT w.requester, c.open, c.sign FROM unnest($1::text[]) AS w (requester) CROSS JOIN LATERAL (
			SELECT count(*) AS open, coalesce(bit_xor(hashtextextended(id::text, version)), 0) AS sign
			FROM access_case WHERE state <= 3 AND (w.requester = '' OR requester = w.requester)) c`, requesters)
	out := make(map[string]AccessSign, len(requesters))
	var requester string
	var s AccessSign
	_, err := pgx.ForEachRow(rows, []any{&requester, &s.Open, &s.Sign}, func() error { out[requester] = s; return nil })
	return out, err
}

const accessColumns = `id, submission_id, authority_id, crn, state, version, requester, customer_aware, opened_at, decider, decided_at,
	customer_contacted_at, customer_contact, coalesce(minutes, 0), until,
	coalesce(clock_timestamp() < granted_at + make_interval(mins => minutes), false), ended_at, used`

func scanAccess(row pgx.CollectableRow) (Access, error) {
	var a Access
	var decided, contacted, until, ended *time.Time
	err := row.Scan((*[16]byte)(&a.ID), (*[16]byte)(&a.SubmissionID), &a.AuthorityID, &a.CRN, (*int16)(&a.State), &a.Version, &a.Requester,
		&a.CustomerAware, &a.OpenedAt, &a.Decider, &decided, &contacted, &a.CustomerContact, &a.Minutes, &until, &a.InTime, &ended, &a.Used)
	a.DecidedAt, a.CustomerContactedAt, a.Until, a.EndedAt = timeOrZero(decided), timeOrZero(contacted), timeOrZero(until), timeOrZero(ended)
	return a, err
}

// OpenAccess returns a submission's open case; false when there is none. Inside
// a transaction, lock the submission first.
func OpenAccess(ctx context.Context, q Querier, submission clock.ID) (Access, bool, error) {
	rows, _ := q.Query(ctx, "SELECT "+accessColumns+" FROM access_case WHERE submission_id = $1 AND state <= 3", [16]byte(submission))
	return oneAccess(rows)
}

// LatestAccess returns a submission's latest case, open or not.
func LatestAccess(ctx context.Context, q Querier, submission clock.ID) (Access, bool, error) {
	rows, _ := q.Query(ctx, "SELECT "+accessColumns+" FROM access_case WHERE submission_id = $1 ORDER BY state > 3, opened_at DESC, id DESC LIMIT 1",
		[16]byte(submission))
	return oneAccess(rows)
}

func oneAccess(rows pgx.Rows) (Access, bool, error) {
	a, err := pgx.CollectExactlyOneRow(rows, scanAccess)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, err
}

// Accesses lists open cases, oldest first; state 0 lists all that are open, a
// requester only that officer's.
func Accesses(ctx context.Context, q Querier, state AccessState, requester string, limit int) ([]Access, error) {
	rows, _ := q.Query(ctx, "SELECT "+accessColumns+` FROM access_case WHERE state <= 3 AND ($1::int2 = 0 OR state = $1)
		AND ($2::text = '' OR requester = $2) ORDER BY opened_at, id LIMIT $3`, int16(state), requester, limit)
	return pgx.CollectRows(rows, scanAccess)
}

// LiftsOf lists the lifts an officer has, expired ones among them.
func LiftsOf(ctx context.Context, q Querier, officer string) ([]Access, error) {
	rows, _ := q.Query(ctx, "SELECT "+accessColumns+" FROM access_case WHERE requester = $1 AND state = 3", officer)
	return pgx.CollectRows(rows, scanAccess)
}

// ExpiredLifts lists the submissions whose lift is over by the business clock or
// by the database's, up to so many. Nothing is locked.
func ExpiredLifts(ctx context.Context, q Querier, now time.Time, limit int) ([]clock.ID, error) {
	rows, _ := q.Query(ctx, `SELECT submission_id FROM access_case WHERE state = 3
		AND (until <= $1 OR granted_at + make_interval(mins => minutes) <= clock_timestamp()) ORDER BY submission_id LIMIT $2`, now, limit)
	return pgx.CollectRows(rows, scanID)
}

// AddAccess opens a case.
func AddAccess(ctx context.Context, tx pgx.Tx, a *Access) error {
	_, err := tx.Exec(ctx, `INSERT INTO access_case (id, submission_id, authority_id, crn, state, version, requester, customer_aware, opened_at)
		VALUES ($1, $2, $3, $4, 1, 1, $5, $6, $7)`,
		[16]byte(a.ID), [16]byte(a.SubmissionID), a.AuthorityID, a.CRN, a.Requester, a.CustomerAware, a.OpenedAt)
	return err
}

// SetAccess stores a case after a step; its version must be one more than before.
func SetAccess(ctx context.Context, tx pgx.Tx, a *Access) error {
	var minutes *int
	if a.Minutes > 0 {
		minutes = &a.Minutes
	}
	ct, err := tx.Exec(ctx, `UPDATE access_case SET crn = $2, state = $3, version = $4, decider = $5, decided_at = $6, customer_contacted_at = $7,
			customer_contact = $8, minutes = $9, until = $10, ended_at = $11, used = $12
		WHERE id = $1 AND version = $4 - 1`,
		[16]byte(a.ID), a.CRN, int16(a.State), a.Version, a.Decider, timeOrNull(a.DecidedAt), timeOrNull(a.CustomerContactedAt),
		a.CustomerContact, minutes, timeOrNull(a.Until), timeOrNull(a.EndedAt), a.Used)
	if err != nil {
		return err
	}
	return allOf("cases of restricted access", 1, ct)
}

// LiftWasOver reports whether the database refused a commit because the lift an
// outcome was recorded under was over by then.
func LiftWasOver(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == "access_used_in_time"
}

// AccessStep is one step of a case.
type AccessStep struct {
	CaseID clock.ID
	// Step is what was done, in the words of the contract.
	Step, Actor string
	At          time.Time
	// Reason is what the person wrote; "" for steps of the system.
	Reason string
}

// AddAccessStep adds to a case's history.
func AddAccessStep(ctx context.Context, tx pgx.Tx, s AccessStep) error {
	_, err := tx.Exec(ctx, "INSERT INTO access_step (case_id, step, actor, at, reason) VALUES ($1, $2, $3, $4, $5)",
		[16]byte(s.CaseID), s.Step, s.Actor, s.At, s.Reason)
	return err
}

// AccessSteps returns a case's history, oldest first.
func AccessSteps(ctx context.Context, q Querier, id clock.ID) ([]AccessStep, error) {
	rows, _ := q.Query(ctx, "SELECT case_id, step, actor, at, reason FROM access_step WHERE case_id = $1 ORDER BY id", [16]byte(id))
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s AccessStep, err error) {
		err = row.Scan((*[16]byte)(&s.CaseID), &s.Step, &s.Actor, &s.At, &s.Reason)
		return s, err
	})
}

// Views counts an actor's views of the last hour by the database's clock.
func Views(ctx context.Context, tx pgx.Tx, actor string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM access_step WHERE step = 'viewed' AND actor = $1
		AND recorded_at > clock_timestamp() - interval '1 hour'`, actor).Scan(&n)
	return n, err
}

// Conflict is a record an officer must not see.
type Conflict struct {
	OfficerID, CRN, DeclaredBy, Reason string
	At                                 time.Time
}

// AddConflict keeps a conflict; false when it was declared before.
func AddConflict(ctx context.Context, tx pgx.Tx, c Conflict) (bool, error) {
	ct, err := tx.Exec(ctx, "INSERT INTO conflict (officer_id, crn, declared_by, reason, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		c.OfficerID, c.CRN, c.DeclaredBy, c.Reason, c.At)
	return ct.RowsAffected() == 1, err
}

// Conflicts lists the CRNs of the records an officer must not see.
func Conflicts(ctx context.Context, q Querier, officer string) ([]string, error) {
	rows, _ := q.Query(ctx, "SELECT crn FROM conflict WHERE officer_id = $1", officer)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
