package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// DueCustomer is a customer for whom a date trigger may have something to raise.
type DueCustomer struct {
	CRN     string
	Version int64
	Office  string
	Facts   []byte
	NextDue calendar.Date
}

// CustomerPlace is a place in the order of due customers.
type CustomerPlace struct {
	Due calendar.Date
	CRN string
}

// DueBy locks up to so many customers with something due on a day or before it,
// behind a place, in order; those another transaction has are left to it.
func (s *Store) DueBy(ctx context.Context, tx pgx.Tx, day calendar.Date, after CustomerPlace, limit int) ([]DueCustomer, error) {
	rows, _ := tx.Query(ctx, `SELECT crn, record_version, office, facts, next_due`+epoch+` FROM customer
		WHERE next_due <= DATE '1970-01-01' + $1::int AND (next_due, crn) > (DATE '1970-01-01' + $2::int, $3)
		ORDER BY next_due, crn LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED`, int32(day), int32(after.Due), after.CRN, limit)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d DueCustomer, err error) {
		err = row.Scan(&d.CRN, &d.Version, &d.Office, &d.Facts, (*int32)(&d.NextDue))
		return d, err
	})
	return found, failed(err, "read customers with something due")
}

// Checked is a customer after a look at the date triggers.
type Checked struct {
	CRN string
	// NextDue is the next day to look; nil means never.
	NextDue *calendar.Date
}

// SaveChecked notes that the date triggers of locked customers were looked at for
// a day.
func (s *Store) SaveChecked(ctx context.Context, tx pgx.Tx, day calendar.Date, checked []Checked) error {
	crns, next := make([]string, len(checked)), make([]*int32, len(checked))
	for i, c := range checked {
		crns[i], next[i] = c.CRN, dayNumber(c.NextDue)
	}
	_, err := tx.Exec(ctx, `UPDATE customer c SET next_due = DATE '1970-01-01' + u.next, checked_on = DATE '1970-01-01' + $3::int
		FROM unnest($1::text[], $2::int[]) AS u (crn, next) WHERE c.crn = u.crn`, crns, next, int32(day))
	return failed(err, "note what was looked at")
}

// SumCounts makes few rows of the many that kept the counts, once there are
// enough to be worth it; the sums stay. Replicas leave each other's rows alone.
func (s *Store) SumCounts(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `WITH gone AS (DELETE FROM work_item_count WHERE id IN (SELECT id FROM work_item_count FOR UPDATE SKIP LOCKED)
			AND (SELECT count(*) > 5000 FROM (SELECT FROM work_item_count LIMIT 5001) AS many) RETURNING code, office, open)
		INSERT INTO work_item_count (code, office, open) SELECT code, office, sum(open) FROM gone GROUP BY 1, 2 HAVING sum(open) <> 0`)
	return postgres.Classify(err)
}
