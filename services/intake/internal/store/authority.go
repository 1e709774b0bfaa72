package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
)

// PutAuthority keeps an authority's record unless a later version is there.
func (s *Store) PutAuthority(ctx context.Context, tx pgx.Tx, a lodging.Authority, version int64) error {
	_, err := tx.Exec(ctx, `
INSERT INTO authority (id, business_function, jurisdiction, enabled, record_version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE
SET business_function = excluded.business_function, jurisdiction = excluded.jurisdiction,
    enabled = excluded.enabled, record_version = excluded.record_version
WHERE authority.record_version < excluded.record_version`,
		a.ID, int16(a.Function), int16(a.Jurisdiction), a.Enabled, version)
	return err
}

// Authorities returns all of them.
func (s *Store) Authorities(ctx context.Context) ([]lodging.Authority, error) {
	return authorities(s.pool.Query(ctx, "SELECT id, business_function, jurisdiction, enabled FROM authority"))
}

// AuthoritiesIn is Authorities inside the caller's transaction.
func (s *Store) AuthoritiesIn(ctx context.Context, tx pgx.Tx, ids []string) ([]lodging.Authority, error) {
	return authorities(tx.Query(ctx, "SELECT id, business_function, jurisdiction, enabled FROM authority WHERE id = ANY ($1)", ids))
}

func authorities(rows pgx.Rows, err error) ([]lodging.Authority, error) {
	if err != nil {
		return nil, postgres.Classify(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (lodging.Authority, error) {
		var a lodging.Authority
		var function, jurisdiction int16
		err := row.Scan(&a.ID, &function, &jurisdiction, &a.Enabled)
		a.Function, a.Jurisdiction = term.BusinessFunction(function), term.Jurisdiction(jurisdiction)
		return a, err
	})
	return found, postgres.Classify(err)
}
