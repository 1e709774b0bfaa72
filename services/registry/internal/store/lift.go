package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Lift is that access to a restricted record is lifted for an officer, or that
// it is no longer.
type Lift struct {
	CaseID clock.ID
	CRN    string
	// Officer it is for, and for nobody else.
	Officer string
	// LiftedAt and Until are the time box; zero with Ended.
	LiftedAt, Until time.Time
	// Ended: the lift is over, whatever its time says.
	Ended bool
}

// KeepLifts keeps what was told of lifts, in any order and as often as it comes.
// One that has ended stays so.
func (s *Store) KeepLifts(ctx context.Context, tx pgx.Tx, lifts []Lift) error {
	b := &pgx.Batch{}
	for i := range lifts {
		l := &lifts[i]
		b.Queue(`INSERT INTO lift (case_id, crn, officer_id, lifted_at, until, ended) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (case_id) DO UPDATE SET ended = true WHERE excluded.ended AND NOT lift.ended`,
			[16]byte(l.CaseID), l.CRN, l.Officer, orNull(l.LiftedAt), orNull(l.Until), l.Ended)
	}
	return runBatch(ctx, tx, b, "keep lifts of restricted access")
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// OpenUntil is when a restricted record closes to an officer, to whom access is
// lifted or, if openings count, who opened it; zero when it is not open at the
// business time.
func (s *Store) OpenUntil(ctx context.Context, crn, officer string, openings bool, now time.Time) (time.Time, error) {
	var until *time.Time
	err := s.pool.QueryRow(ctx, `SELECT max(until) FROM (
		SELECT until FROM lift WHERE crn = $1 AND officer_id = $2 AND NOT ended
			AND lifted_at <= $3 AND until > $3 AND clock_timestamp() < received_at + (until - lifted_at)
		UNION ALL
		SELECT until FROM opening WHERE $4 AND crn = $1 AND officer_id = $2
			AND opened_at <= $3 AND until > $3 AND clock_timestamp() < received_at + (until - opened_at)) live`, crn, officer, now, openings).Scan(&until)
	if err != nil || until == nil {
		return time.Time{}, failed(err, "look whether a restricted record is open")
	}
	return *until, nil
}
