package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// CardHold is what a work item means for allocations to the customer's card.
type CardHold struct {
	// WorkItem that prevents them while it is open.
	WorkItem clock.ID
	// CRN of the customer.
	CRN string
	// Held is false once the item was closed, for good.
	Held bool
}

// WorkItems is what a batch of events about work items leaves in the registry.
type WorkItems struct {
	// Holds, each work item once.
	Holds []CardHold
	// Documents to place, each once.
	Documents []Document
}

// SettleWorkItems writes what events about work items left, in one round trip.
// Closed items are kept: one whose raising comes later must not hold anything.
func (s *Store) SettleWorkItems(ctx context.Context, tx pgx.Tx, left WorkItems) error {
	b := new(pgx.Batch)
	if len(left.Holds) > 0 {
		var ids []clock.ID
		var crns []string
		var held []bool
		for _, h := range left.Holds {
			ids, crns, held = append(ids, h.WorkItem), append(crns, h.CRN), append(held, h.Held)
		}
		// Ordered by id: two batches lock the items they share in the same order.
		b.Queue(`INSERT INTO card_hold (work_item_id, crn, held)
			SELECT * FROM unnest($1::uuid[], $2::text[], $3::boolean[]) AS w(id) ORDER BY w.id
			ON CONFLICT (work_item_id) DO UPDATE SET held = false WHERE card_hold.held AND NOT excluded.held`, ids, crns, held)
	}
	placed := queueDocuments(b, left.Documents)
	if err := runBatch(ctx, tx, b, "apply work items"); err != nil {
		return err
	}
	return s.Tell(ctx, tx, s.ofDocuments(ctx, left.Documents, placed)...)
}
