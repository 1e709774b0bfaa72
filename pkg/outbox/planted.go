package outbox

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

// pollByLastID is the relay many write first, planted for the chaos harness
// (pkg/crashpoint/sabotage): it takes rows by "id > last". A row whose
// transaction commits after one with a higher id is never seen.
func (r *Relay) pollByLastID(ctx context.Context) {
	var last clock.ID
	for wait(ctx, 10*time.Millisecond, nil) {
		if !r.settled() {
			continue
		}
		ids, err := r.store.ids(ctx, `SELECT id FROM outbox WHERE id > $1 ORDER BY id LIMIT $2`, last, pageRows)
		if err != nil || len(ids) == 0 {
			continue
		}
		rows, err := r.store.load(ctx, ids)
		if err == nil && r.publish(ctx, rows) {
			last = ids[len(ids)-1]
		}
	}
}
