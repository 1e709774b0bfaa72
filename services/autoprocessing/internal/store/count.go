package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// Counts is the queue in numbers.
type Counts struct {
	Open, Held, OnHold int64
	// OldestSince is when the oldest open entry came; nil when there is none.
	OldestSince *time.Time
	// By holds counts by dimension ("reason", "authority", "information_type",
	// "age_days") and value: the number of a reason or type, an authority's id, or
	// the first of the whole days an age group covers.
	By []Count
}

// Count is one count.
type Count struct {
	Dimension, Value string
	N                int64
}

// keptAges reads the kept counts, and how many open entries are younger than the
// days an age group begins with: whole hours, and those of the hour the boundary
// is in. $1 is now.
const keptAges = `kept AS MATERIALIZED (SELECT dimension, value, sum(n) AS n FROM queue_count GROUP BY 1, 2 HAVING sum(n) <> 0),
		hours AS MATERIALIZED (SELECT to_timestamp(value::bigint * 3600) AS hour, n FROM kept WHERE dimension = 'hour'),
		younger AS MATERIALIZED (SELECT days, (SELECT coalesce(sum(n), 0) FROM hours WHERE hour > $1::timestamptz - make_interval(days => days))
			+ (SELECT count(*) FROM queue_entry WHERE closed_at IS NULL AND entered_at > $1::timestamptz - make_interval(days => days)
				AND entered_at < to_timestamp((floor(extract(epoch FROM $1::timestamptz - make_interval(days => days)) / 3600) + 1) * 3600)) AS n
			FROM unnest(ARRAY[2, 5, 10, 30]) AS days),
		total AS (SELECT coalesce(sum(n), 0) AS n FROM hours),
		ages AS MATERIALIZED (
			SELECT coalesce(lag(days) OVER by_days, 0) AS days, n - coalesce(lag(n) OVER by_days, 0) AS n FROM younger WINDOW by_days AS (ORDER BY days)
			UNION ALL SELECT 30, total.n - y.n FROM total, younger y WHERE y.days = 30)`

// CountOpen counts the open entries of the queue in one snapshot, from the kept
// counts; only the hour an age group begins in is looked at by entry.
func CountOpen(ctx context.Context, q Querier, now time.Time, today calendar.Date) (Counts, error) {
	var c Counts
	rows, err := q.Query(ctx, "WITH "+keptAges+`
		SELECT 'open', '', total.n::bigint, (SELECT min(entered_at) FROM queue_entry WHERE closed_at IS NULL) FROM total
		UNION ALL SELECT 'held', '', count(*), NULL FROM queue_entry
			WHERE closed_at IS NULL AND held_by <> '' AND (assigned OR claim_expires_at > $1::timestamptz)
		UNION ALL SELECT 'on_hold', '', count(*), NULL FROM queue_entry
			WHERE closed_at IS NULL AND hold_until IS NOT NULL AND hold_until > DATE '1970-01-01' + $2::int
		UNION ALL SELECT dimension, value, n::bigint, NULL FROM kept WHERE dimension <> 'hour'
		UNION ALL SELECT 'age_days', days::text, n::bigint, NULL FROM ages WHERE n <> 0`,
		now, int32(today))
	if err != nil {
		return c, err
	}
	var dimension, value string
	var n int64
	var oldest *time.Time
	_, err = pgx.ForEachRow(rows, []any{&dimension, &value, &n, &oldest}, func() error {
		switch dimension {
		case "open":
			c.Open, c.OldestSince = n, oldest
		case "held":
			c.Held = n
		case "on_hold":
			c.OnHold = n
		default:
			c.By = append(c.By, Count{dimension, value, n})
		}
		return nil
	})
	// One order, so that equal counts are equal; numbers of equal length sort as numbers.
	slices.SortFunc(c.By, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(len(a.Value), len(b.Value)), cmp.Compare(a.Value, b.Value))
	})
	return c, err
}

// SumCounts makes few rows of the many that kept the counts, once there are
// enough to be worth it; the sums stay. Replicas leave each other's rows alone.
func SumCounts(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `WITH gone AS (DELETE FROM queue_count WHERE id IN (SELECT id FROM queue_count FOR UPDATE SKIP LOCKED)
			AND (SELECT count(*) > 500 FROM queue_count) RETURNING dimension, value, n)
		INSERT INTO queue_count (dimension, value, n) SELECT dimension, value, sum(n) FROM gone GROUP BY 1, 2 HAVING sum(n) <> 0`)
	return err
}
