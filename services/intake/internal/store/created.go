package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// createSubmissions keeps a seal only if any receipt under it is new.
const createSubmissions = "WITH made AS (" + insertSubmissions + `
ON CONFLICT DO NOTHING RETURNING receipt_batch)
INSERT INTO receipt_batch (id, authority_id, key_id, signature, leaves, lodged)
SELECT id, authority_id, key_id, signature, leaves, '{}'
FROM unnest($17::uuid[], $18::text[], $19::text[], $20::bytea[], $21::bytea[]) AS b (id, authority_id, key_id, signature, leaves)
WHERE id IN (SELECT receipt_batch FROM made)
RETURNING id`

// Create adds submissions the hub made itself, sealed by authority; those that are
// there already stay as they are, under the seal they have. They have no lane: they
// were decided when they were made. It returns the seals that are kept.
func (s *Store) Create(ctx context.Context, tx pgx.Tx, made []*lodging.Submission, seals []receipt.Batch) ([]receipt.Batch, error) {
	var columns Batch
	for _, m := range made {
		columns.Add(m)
	}
	n := len(seals)
	ids, signatures, leaves := make([][16]byte, n), make([][]byte, n), make([][]byte, n)
	authorities, keys := make([]string, n), make([]string, n)
	for i, b := range seals {
		ids[i], authorities[i], keys[i], signatures[i], leaves[i] = b.ID, b.AuthorityID, b.KeyID, b.Signature, b.Leaves
	}
	rows, err := tx.Query(ctx, createSubmissions, append(columns.arguments(), ids, authorities, keys, signatures, leaves)...)
	if err != nil {
		return nil, err
	}
	kept, err := pgx.CollectRows(rows, pgx.RowTo[clock.ID])
	return slices.DeleteFunc(slices.Clone(seals), func(b receipt.Batch) bool { return !slices.Contains(kept, b.ID) }), err
}

// Payloads reads and locks the content of one authority's submissions each.
func (s *Store) Payloads(ctx context.Context, tx pgx.Tx, authorities []string, ids []clock.ID) (map[clock.ID][]byte, error) {
	rows, err := tx.Query(ctx, `
SELECT s.id, s.payload FROM submission s
JOIN unnest($1::text[], $2::uuid[]) AS k(authority_id, id) USING (authority_id, id)
WHERE NOT s.text_erased ORDER BY s.authority_id, s.id FOR UPDATE OF s`, authorities, plain(ids))
	if err != nil {
		return nil, err
	}
	found := make(map[clock.ID][]byte, len(ids))
	var id [16]byte
	var payload []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &payload}, func() error {
		found[clock.ID(id)] = append([]byte(nil), payload...)
		return nil
	})
	return found, err
}

// Erase replaces the content of a submission by one without its text. The hash
// of what was lodged stays: it is in the receipt.
func (s *Store) Erase(ctx context.Context, tx pgx.Tx, authority string, id clock.ID, payload []byte) error {
	_, err := tx.Exec(ctx, "UPDATE submission SET payload = $3, text_erased = true WHERE authority_id = $1 AND id = $2",
		authority, [16]byte(id), payload)
	return err
}

// plain gives ids the type the driver encodes without reflection.
func plain(ids []clock.ID) [][16]byte {
	bare := make([][16]byte, len(ids))
	for i, id := range ids {
		bare[i] = id
	}
	return bare
}
