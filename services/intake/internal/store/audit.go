package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// sendAudited sends a batch with the entries of what it does at its end. A batch
// whose entries cannot be written fails with Unavailable, as a whole.
func (s *Store) sendAudited(ctx context.Context, tx pgx.Tx, b *pgx.Batch, entries []audit.Entry) error {
	actions := b.Len()
	if err := s.audit.Queue(ctx, b, entries...); err != nil {
		return unaudited(err)
	}
	for _, query := range b.QueuedQueries[actions:] {
		query.Fn = func(results pgx.BatchResults) error {
			_, err := results.Exec()
			return unaudited(err)
		}
	}
	err := tx.SendBatch(ctx, b).Close()
	var before pgx.ErrPreprocessingBatch
	if errors.As(err, &before) && slices.ContainsFunc(b.QueuedQueries[actions:], func(q *pgx.QueuedQuery) bool { return q.SQL == before.SQL() }) {
		return unaudited(err)
	}
	return err
}

// unaudited is the trouble of an action whose entries could not be written. It is
// the hub's trouble, never that of what was asked: try again.
func unaudited(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || fault.Retryable(postgres.Classify(err)) {
		return err
	}
	return fault.New(fault.Unavailable, "AUDIT_UNAVAILABLE", "the audit record could not be written, so nothing was done").
		WithRetry(time.Second).Wrap(err)
}

// Audit writes entries in the caller's transaction: Unavailable when it cannot.
func (s *Store) Audit(ctx context.Context, tx pgx.Tx, entries ...audit.Entry) error {
	return unaudited(s.audit.Write(ctx, tx, entries...))
}
