package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
)

// Audit writes entries in the caller's transaction: Unavailable when it cannot.
func (s *Store) Audit(ctx context.Context, tx pgx.Tx, entries ...audit.Entry) error {
	return audit.Unwritten(s.audit.Write(ctx, tx, entries...))
}
