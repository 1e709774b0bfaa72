package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/trail"
)

// longStatement is the limit for reading or writing one report; a million lines
// take seconds. It is there so that a lost client ends some day.
const longStatement = "SET LOCAL statement_timeout = '15min'"

// Sealing is what Seal gives to render.
type Sealing struct {
	Head  report.Head
	Chain report.Chain
	// Write sends chunks to the database until next returns false.
	Write func(ctx context.Context, next func() (report.Chunk, bool, error)) error
}

// Seal seals a closed report in one transaction that holds the report's row
// (should that be repeated, so is render):
// whoever else wants to seal it gets false at once, and a process that dies
// leaves it closed, without any bytes. render writes the chunks and returns the
// signed seal with the outbox rows that tell of it. False, without an error,
// means that the report is sealed, is being sealed, or must wait for the one
// before it.
func (s *Store) Seal(ctx context.Context, id clock.ID, render func(context.Context, Sealing) (report.Seal, []outbox.Row, error)) (bool, error) {
	sealed := false
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, longStatement); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, "SELECT "+headColumns+` FROM report r WHERE report_id = $1 AND sealed_at IS NULL FOR UPDATE SKIP LOCKED`, id)
		head, err := pgx.CollectExactlyOneRow(rows, scanHead)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		chain, ready, err := readChain(ctx, tx, head)
		if err != nil || !ready {
			return err
		}
		seal, told, err := render(ctx, Sealing{head, chain, func(ctx context.Context, next func() (report.Chunk, bool, error)) error {
			return writeChunks(ctx, tx, head, next)
		}})
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE report SET lines = $2, own_lines = $3, pending = $4, csv_digest = $5, csv_size = $6,
				json_digest = $7, json_size = $8, previous_digest = $9, signature = $10, key_id = $11, sealed_at = $12
			WHERE report_id = $1`,
			id, seal.Lines, seal.OwnLines, seal.Pending, seal.CSV.Sum, seal.CSV.Size, seal.JSON.Sum, seal.JSON.Size,
			notNull(seal.PreviousDigest), seal.Signature, seal.KeyID, seal.SealedAt)
		if err != nil {
			return err
		}
		sealed = tag.RowsAffected() == 1
		if err := s.Audit(ctx, tx, trail.Sealed(head, seal)); err != nil {
			return err
		}
		return outbox.Insert(ctx, tx, told...)
	})
	if err != nil {
		return false, fmt.Errorf("seal report %s: %w", id, err)
	}
	return sealed, nil
}

// notNull keeps "no previous report" apart from "not sealed".
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// queryer is a pool or a transaction.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// readChain reads what the report takes from earlier ones; false while one of
// them is not sealed.
func readChain(ctx context.Context, q queryer, h report.Head) (report.Chain, bool, error) {
	var c report.Chain
	var ready bool
	err := q.QueryRow(ctx, `SELECT
			coalesce((SELECT json_digest FROM report WHERE authority_id = $1 AND sequence = $2 - 1), ''),
			coalesce(sum(own_lines), 0)::bigint, coalesce(bool_and(sealed_at IS NOT NULL), true)
		FROM report WHERE authority_id = $1 AND sequence < $2`, h.AuthorityID, h.Sequence).Scan(&c.PreviousDigest, &c.ReportedOwn, &ready)
	return c, ready, err
}

// ChainOf reads what a sealed report took from the ones before it.
func (s *Store) ChainOf(ctx context.Context, h report.Head) (report.Chain, error) {
	c, _, err := readChain(ctx, s.pool, h)
	return c, postgres.Classify(err)
}

// writeChunks inserts a chunk at a time, one in memory; COPY does not go together
// with row security. The next is rendered while one is on its way.
func writeChunks(ctx context.Context, tx pgx.Tx, h report.Head, next func() (report.Chunk, bool, error)) error {
	for {
		chunk, more, err := next()
		if err != nil || !more {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO report_chunk (report_id, authority_id, form, number, content) VALUES ($1, $2, $3, $4, $5)",
			h.ReportID, h.AuthorityID, int16(chunk.Form), chunk.Number, chunk.Content); err != nil {
			return err
		}
	}
}
