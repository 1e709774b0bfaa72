package store

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// StuckOpen finds open items raised before a moment. Those about restricted
// records are counted and not named.
func (s *Store) StuckOpen(ctx context.Context, before time.Time) (stuck.Found, error) {
	return stuck.Query(ctx, s.pool, `
SELECT CASE WHEN NOT EXISTS (SELECT FROM customer c WHERE c.crn = i.crn AND c.restricted) THEN i.id::text END, i.raised_at
FROM (SELECT id, crn, raised_at FROM work_item WHERE status <= 2 AND raised_at < $1 ORDER BY raised_at, id LIMIT $2) i`, before, stuck.Most)
}
