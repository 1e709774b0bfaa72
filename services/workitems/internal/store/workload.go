package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// Load is what one officer is to act on.
type Load struct {
	Assignee string
	Open     int64
	// Oldest is when the oldest of these items was raised.
	Oldest time.Time
}

// Younger are the open items that are younger than so many whole days.
type Younger struct {
	// Days is an element of the ages asked for; 0 stands for all open items.
	Days                 int
	Assigned, Unassigned int64
}

// mostLoads bounds the officers of a workload.
const mostLoads = 200

const (
	// loadsQuery is by office and the most officers.
	loadsQuery = `WITH kept AS MATERIALIZED (
			SELECT assignee, sum(open)::bigint AS open FROM assignee_count WHERE $1 = '' OR office = $1
			GROUP BY assignee HAVING sum(open) > 0 ORDER BY 2 DESC, 1 LIMIT $2)
		SELECT k.assignee, k.open, o.raised_at FROM kept k CROSS JOIN LATERAL (
			SELECT w.raised_at FROM work_item w WHERE w.assignee = k.assignee AND w.assignee <> '' AND w.status <= 2 AND ($1 = '' OR w.office = $1)
			ORDER BY w.raised_at, w.id LIMIT 1) o
		ORDER BY k.open DESC, k.assignee`
	// youngerQuery is by office, ages and the time.
	youngerQuery = `WITH kept AS MATERIALIZED (SELECT day, assigned, sum(open) AS open FROM day_count WHERE $1 = '' OR office = $1 GROUP BY 1, 2),
		age AS (SELECT days, $3::timestamptz - days * interval '24 hours' AS since FROM unnest($2::int[]) AS days)
		SELECT a.days, (whole.assigned + part.assigned)::bigint, (whole.unassigned + part.unassigned)::bigint
		FROM age a CROSS JOIN LATERAL (
			SELECT coalesce(sum(k.open) FILTER (WHERE k.assigned), 0) AS assigned, coalesce(sum(k.open) FILTER (WHERE NOT k.assigned), 0) AS unassigned
			FROM kept k WHERE k.day > (a.since AT TIME ZONE 'UTC')::date) whole
		CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE w.assignee <> '') AS assigned, count(*) FILTER (WHERE w.assignee = '') AS unassigned
			FROM work_item w WHERE w.status <= 2 AND ($1 = '' OR w.office = $1) AND w.raised_at > a.since
				AND w.raised_at < date_trunc('day', a.since, 'UTC') + interval '24 hours') part
		UNION ALL
		SELECT 0, coalesce(sum(open) FILTER (WHERE assigned), 0)::bigint, coalesce(sum(open) FILTER (WHERE NOT assigned), 0)::bigint FROM kept`
)

// Workload returns the officers with open items, who has most first, and for each
// of the ages (in whole days, rising) and for 0, which is without limit, the open
// items younger than that; of one office unless it is "". Items of restricted
// records count like others: everybody sees that they are there, where, since
// when, and who has them.
//
// Numbers come from the kept counts. Of the items only the day an age ends in is
// read, and the oldest one of each officer.
func (s *Store) Workload(ctx context.Context, office string, ages []int, now time.Time) (loads []Load, younger []Younger, err error) {
	b := &pgx.Batch{}
	b.Queue(loadsQuery, office, mostLoads).Query(func(rows pgx.Rows) (err error) {
		loads, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Load, err error) {
			err = row.Scan(&l.Assignee, &l.Open, &l.Oldest)
			return l, err
		})
		return err
	})
	b.Queue(youngerQuery, office, ages, now).Query(func(rows pgx.Rows) (err error) {
		younger, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (y Younger, err error) {
			err = row.Scan(&y.Days, &y.Assigned, &y.Unassigned)
			return y, err
		})
		return err
	})
	return loads, younger, postgres.Classify(s.pool.SendBatch(ctx, b).Close())
}
