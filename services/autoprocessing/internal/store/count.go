package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

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

// CountOpen counts the open entries of the queue, all in one pass over them.
func CountOpen(ctx context.Context, q Querier, now time.Time, today calendar.Date) (Counts, error) {
	var c Counts
	rows, err := q.Query(ctx, `WITH open AS MATERIALIZED (
			SELECT q.entered_at, q.reasons, s.authority_id, s.information_type,
				q.held_by <> '' AND (q.assigned OR q.claim_expires_at > $1) AS held,
				COALESCE(q.hold_until > DATE '1970-01-01' + $2::int, false) AS on_hold,
				GREATEST(0, EXTRACT(epoch FROM $1 - q.entered_at) / 86400)::numeric AS age
			FROM queue_entry q JOIN submission s ON s.id = q.submission_id WHERE q.closed_at IS NULL)
		SELECT 'open', '', count(*), min(entered_at) FROM open
		UNION ALL SELECT 'held', '', count(*), NULL FROM open WHERE held
		UNION ALL SELECT 'on_hold', '', count(*), NULL FROM open WHERE on_hold
		UNION ALL SELECT 'reason', r::text, count(*), NULL FROM open, unnest(reasons) AS r GROUP BY r
		UNION ALL SELECT 'authority', authority_id, count(*), NULL FROM open GROUP BY authority_id
		UNION ALL SELECT 'information_type', information_type::text, count(*), NULL FROM open GROUP BY information_type
		UNION ALL SELECT 'age_days', g::text, count(*), NULL FROM (
			SELECT CASE WHEN age < 2 THEN 0 WHEN age < 5 THEN 2 WHEN age < 10 THEN 5 WHEN age < 30 THEN 10 ELSE 30 END AS g FROM open) ages GROUP BY g`,
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
	return c, err
}
