package store

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// StuckWaiting finds records that have waited for their place in the log for longer
// than age, by the database's time. None is named. Ids are in the order of time.
func StuckWaiting(ctx context.Context, q stuck.Querier, age time.Duration) (stuck.Found, error) {
	return stuck.Query(ctx, q, `
SELECT NULL::text, r.recorded_at
FROM (SELECT record_id FROM audit.waiting ORDER BY record_id LIMIT $2) w JOIN audit.record r ON r.id = w.record_id
WHERE r.recorded_at < now() - $1 * interval '1 second'`, age.Seconds(), stuck.Most)
}
