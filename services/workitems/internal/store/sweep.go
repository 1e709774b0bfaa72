package store

import (
	"context"
	"fmt"
	"time"

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

// agesApart is for how long the open items of each day are counted apart: longer
// than the oldest age that Workload tells apart.
const agesApart = 40 * 24 * time.Hour

// SumCounts makes few rows of the many that kept the counts, once there are
// enough to be worth it; the sums stay. Replicas leave each other's rows alone.
func (s *Store) SumCounts(ctx context.Context, now time.Time) error {
	// There are as many rows at least as there are sums: few codes and offices, more
	// officers, and of days the most.
	for _, kept := range []struct {
		table, by, sums string
		most            int
	}{
		{"work_item_count", "code, office", "code, office", 5_000},
		{"assignee_count", "office, assignee", "office, assignee", 20_000},
		{"day_count", "office, day, assigned", "office, CASE WHEN day < $1::date THEN '-infinity' ELSE day END, assigned", 20_000},
	} {
		var values []any
		if kept.by != kept.sums {
			values = append(values, now.Add(-agesApart).UTC())
		}
		_, err := s.pool.Exec(ctx, fmt.Sprintf(`WITH gone AS (DELETE FROM %[1]s WHERE id IN (SELECT id FROM %[1]s FOR UPDATE SKIP LOCKED)
				AND (SELECT count(*) > %[4]d FROM (SELECT FROM %[1]s LIMIT %[4]d + 1) AS many) RETURNING %[2]s, open)
			INSERT INTO %[1]s (%[2]s, open) SELECT %[3]s, sum(open) FROM gone GROUP BY %[3]s HAVING sum(open) <> 0`, kept.table, kept.by, kept.sums, kept.most), values...)
		if err != nil {
			return postgres.Classify(err)
		}
	}
	return nil
}
