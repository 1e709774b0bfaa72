package audit

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/services/audit/internal/store"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// placedWithin is how long a record may wait for its place in the log: a second is
// usual, and checkpoints are promised every ten.
const placedWithin = time.Minute

// Detectors look for records that are not in the log.
func (s *Service) Detectors() []stuck.Detector {
	return []stuck.Detector{{
		Name:  "audit-records-waiting",
		Title: "Audit records that have waited for their place in the log for more than a minute",
		Fix:   "Nothing is lost: they are in the database. See whether the audit service runs, and whether its database has room.",
		Kind:  stuck.Nothing,
		Look:  func(ctx context.Context) (stuck.Found, error) { return store.StuckWaiting(ctx, s.pool, placedWithin) },
	}}
}
