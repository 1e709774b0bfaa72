package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// place says where a receipt's seal is kept.
type place struct {
	receipt *receipt.Receipt
	batch   [16]byte
	leaf    int
}

// complete gives receipts read from the store the seals they were issued with,
// by one query for all of them. Batches are written with their submissions and
// never change, so a second snapshot sees what the first one needs.
func complete(ctx context.Context, ask asking, unsealed []place) error {
	if len(unsealed) == 0 {
		return nil
	}
	opened := make(map[[16]byte]*receipt.Sealed)
	var ids [][16]byte
	for _, p := range unsealed {
		if _, ok := opened[p.batch]; !ok {
			opened[p.batch] = nil
			ids = append(ids, p.batch)
		}
	}
	var id [16]byte
	var b receipt.Batch
	if err := ask(ctx, "SELECT id, leaves, signature, key_id FROM receipt_batch WHERE id = ANY ($1)", []any{ids}, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&id, &b.Leaves, &b.Signature, &b.KeyID}, func() (err error) {
			b.ID, b.Signature = clock.ID(id), bytes.Clone(b.Signature)
			opened[id], err = receipt.Open(b)
			return err
		})
		return err
	}); err != nil {
		return err
	}
	for _, p := range unsealed {
		sealed := opened[p.batch]
		if sealed == nil {
			return fmt.Errorf("receipt batch %v is missing", clock.ID(p.batch))
		}
		if err := sealed.Complete(p.receipt, p.leaf); err != nil {
			return err
		}
	}
	return nil
}
