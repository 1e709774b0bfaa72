package store

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// Day is how much an authority lodged on a local day.
type Day struct {
	// AuthorityID of the authority.
	AuthorityID string
	// Day it was lodged on.
	Day calendar.Date
	// Submissions of all types, without those the hub created.
	Submissions int64
	// Searches are the mutual client searches among them.
	Searches int64
}

const addDays = `
INSERT INTO lodged_on AS l (authority_id, day, submissions, searches)
SELECT authority_id, date '1970-01-01' + day, submissions, searches
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS u (authority_id, day, submissions, searches)
ON CONFLICT (authority_id, day) DO UPDATE
SET submissions = l.submissions + excluded.submissions, searches = l.searches + excluded.searches
RETURNING authority_id, day - date '1970-01-01', submissions, searches`

// queueDays adds to the counts as the last thing before the entries: two processes
// that lodge for one authority wait for each other here. The counts come back in
// the slice it returns once the batch was sent. A repeat of the transaction starts
// with one of its own.
func queueDays(b *pgx.Batch, days []Day) []Day {
	counts := make([]Day, 0, len(days))
	if len(days) == 0 {
		return counts
	}
	// Sorted, so that two writers lock rows in the same order.
	slices.SortFunc(days, func(a, b Day) int {
		if c := strings.Compare(a.AuthorityID, b.AuthorityID); c != 0 {
			return c
		}
		return int(a.Day - b.Day)
	})
	n := len(days)
	authorities, dates, submissions, searches := make([]string, n), make([]int32, n), make([]int64, n), make([]int64, n)
	for i, d := range days {
		authorities[i], dates[i], submissions[i], searches[i] = d.AuthorityID, int32(d.Day), d.Submissions, d.Searches
	}
	counts = counts[:n]
	b.Queue(addDays, authorities, dates, submissions, searches).Query(func(rows pgx.Rows) error {
		found, err := collectDays(rows)
		copy(counts, found)
		return err
	})
	return counts
}

// Days returns how much every authority lodged on a day; those that lodged
// nothing are left out.
func (s *Store) Days(ctx context.Context, day calendar.Date) (counts []Day, err error) {
	err = s.all(ctx, "SELECT authority_id, day - date '1970-01-01', submissions, searches FROM lodged_on WHERE day = date '1970-01-01' + $1::int",
		[]any{int32(day)}, func(rows pgx.Rows) (err error) {
			counts, err = collectDays(rows)
			return err
		})
	return counts, err
}

func collectDays(rows pgx.Rows) ([]Day, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Day, error) {
		var d Day
		var day int32
		err := row.Scan(&d.AuthorityID, &day, &d.Submissions, &d.Searches)
		d.Day = calendar.Date(day)
		return d, err
	})
}
