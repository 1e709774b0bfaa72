package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// OfficerLoad is what an officer holds.
type OfficerLoad struct {
	OfficerID              string
	Held, OnHold, Assigned int64
	// OldestSince is when the oldest of these came.
	OldestSince time.Time
}

// AgeGroup counts open entries from so many whole days of age on, to the next group.
type AgeGroup struct {
	FromDays         int
	Held, Unassigned int64
}

// Load is who holds how much, and how old the queue is.
type Load struct {
	// Officers, who holds most first.
	Officers []OfficerLoad
	// Ages has every group, youngest first.
	Ages []AgeGroup
}

// CountLoad counts in one snapshot what officers hold, at most so many of them,
// and the open entries by age: all of them by the kept counts, those held by
// looking at what is held.
func CountLoad(ctx context.Context, q Querier, now time.Time, today calendar.Date, officers int) (Load, error) {
	var l Load
	rows, err := q.Query(ctx, "WITH "+keptAges+`,
		-- One pass over what is held; what follows adds up few rows.
		held AS MATERIALIZED (SELECT held_by, count(*) AS n, count(*) FILTER (WHERE hold_until > DATE '1970-01-01' + $2::int) AS on_hold,
				count(*) FILTER (WHERE assigned) AS assigned, min(entered_at) AS oldest,
				CASE WHEN entered_at > $1::timestamptz - make_interval(days => 2) THEN 0 WHEN entered_at > $1::timestamptz - make_interval(days => 5) THEN 2
					WHEN entered_at > $1::timestamptz - make_interval(days => 10) THEN 5 WHEN entered_at > $1::timestamptz - make_interval(days => 30) THEN 10 ELSE 30 END AS days
			FROM queue_entry WHERE held_by <> '' AND closed_at IS NULL AND (assigned OR claim_expires_at > $1::timestamptz) GROUP BY 1, 6),
		officers AS (SELECT held_by, sum(n)::bigint AS n, sum(on_hold)::bigint AS on_hold, sum(assigned)::bigint AS assigned, min(oldest) AS oldest
			FROM held GROUP BY held_by ORDER BY sum(n) DESC, held_by LIMIT $3)
		SELECT held_by, n, on_hold, assigned, oldest, NULL::int, 0::bigint FROM officers
		UNION ALL SELECT '', (SELECT coalesce(sum(n), 0)::bigint FROM held WHERE held.days = ages.days), 0, 0, NULL, ages.days, ages.n::bigint FROM ages`,
		now, int32(today), officers)
	if err != nil {
		return l, err
	}
	var o OfficerLoad
	var oldest *time.Time
	var days *int
	var all int64
	_, err = pgx.ForEachRow(rows, []any{&o.OfficerID, &o.Held, &o.OnHold, &o.Assigned, &oldest, &days, &all}, func() error {
		if days != nil {
			l.Ages = append(l.Ages, AgeGroup{FromDays: *days, Held: o.Held, Unassigned: all - o.Held})
			return nil
		}
		o.OldestSince = timeOrZero(oldest)
		l.Officers = append(l.Officers, o)
		return nil
	})
	slices.SortFunc(l.Officers, func(a, b OfficerLoad) int {
		return cmp.Or(cmp.Compare(b.Held, a.Held), cmp.Compare(a.OfficerID, b.OfficerID))
	})
	slices.SortFunc(l.Ages, func(a, b AgeGroup) int { return cmp.Compare(a.FromDays, b.FromDays) })
	return l, err
}
