package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// Audit writes entries in the caller's transaction. When it cannot, that is the
// hub's trouble and never that of what was asked: Unavailable, so that events are
// tried again and callers come back.
func (s *Store) Audit(ctx context.Context, tx pgx.Tx, entries ...audit.Entry) error {
	err := s.audit.Write(ctx, tx, entries...)
	if err == nil || errors.Is(err, context.Canceled) || fault.Retryable(postgres.Classify(err)) {
		return err
	}
	return fault.New(fault.Unavailable, "AUDIT_UNAVAILABLE", "the audit record could not be written, so nothing was done").
		WithRetry(time.Second).Wrap(err)
}
