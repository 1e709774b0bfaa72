package store

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// Undecided finds submissions lodged longer ago than age (by the database's time,
// as no business clock makes the pipeline slow) without any status. Those the
// reconciler has looked at are its stragglers; of the others the oldest are looked
// at here, so that it shows when the reconciler itself stands still. Both are
// bounded: stragglers by the reconciler, the others by transactions.
func (s *Store) Undecided(ctx context.Context, age time.Duration) (stuck.Found, error) {
	return stuck.Query(ctx, s.pool, `
SELECT g.submission_id::text, b.recorded_at
FROM straggler g JOIN submission s ON s.authority_id = g.authority_id AND s.id = g.submission_id JOIN receipt_batch b ON b.id = s.receipt_batch
WHERE b.recorded_at < now() - $1 * interval '1 second' AND NOT EXISTS (SELECT FROM status t WHERE t.submission_id = g.submission_id)
UNION ALL
SELECT l.id::text, b.recorded_at
FROM (SELECT recorded_at, lodged FROM receipt_batch
      WHERE recorded_at > (SELECT up_to FROM reconciled) AND recorded_at < now() - $1 * interval '1 second'
      ORDER BY recorded_at LIMIT $2) b, unnest(b.lodged) AS l (id)
WHERE NOT EXISTS (SELECT FROM status t WHERE t.submission_id = l.id)`, age.Seconds(), undecidedLooks)
}

// undecidedLooks is how many transactions behind the reconciler's mark are looked at.
const undecidedLooks = 1000
