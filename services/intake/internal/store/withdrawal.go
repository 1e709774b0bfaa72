package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// Withdrawal is an authority's request to take a submission back.
type Withdrawal struct {
	// ID of the request.
	ID clock.ID
	// Key names the submission, which need not have arrived.
	Key
	// Note in the authority's words.
	Note string
	// RequestedAt is when (business time).
	RequestedAt time.Time
}

// Withdraw keeps the first request for a submission with its outbox rows and the
// entry of it; asking again changes nothing. It reports whether this was the first.
func (s *Store) Withdraw(ctx context.Context, w Withdrawal, rows []outbox.Row, entry audit.Entry) (first bool, err error) {
	err = postgres.InScope(ctx, s.door, w.AuthorityID, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
INSERT INTO withdrawal (authority_id, reference, id, note, requested_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (authority_id, reference) DO NOTHING`, w.AuthorityID, w.Reference, [16]byte(w.ID), w.Note, w.RequestedAt)
		first = err == nil && tag.RowsAffected() == 1
		if err != nil || !first {
			return err
		}
		if err := outbox.Insert(ctx, tx, rows...); err != nil {
			return err
		}
		return s.Audit(ctx, tx, entry)
	})
	return first && err == nil, err
}
