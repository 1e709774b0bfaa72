package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// Conflict is that an officer must not see a customer's record.
type Conflict struct {
	Officer, CRN string
}

// KeepConflicts keeps what was told of conflicts of interest, in any order and as
// often as it comes. There are few, and none is ever taken back.
func (s *Store) KeepConflicts(ctx context.Context, tx pgx.Tx, conflicts []Conflict) error {
	// Two batches insert what they share in the same order.
	conflicts = slices.Clone(conflicts)
	slices.SortFunc(conflicts, func(a, b Conflict) int { return cmp.Or(cmp.Compare(a.Officer, b.Officer), cmp.Compare(a.CRN, b.CRN)) })
	b := &pgx.Batch{}
	for _, c := range slices.Compact(conflicts) {
		b.Queue("INSERT INTO conflict (officer_id, crn) VALUES ($1, $2) ON CONFLICT DO NOTHING", c.Officer, c.CRN)
	}
	return runBatch(ctx, tx, b, "keep conflicts of interest")
}

// Conflicts returns the CRNs of the records an officer must not see, in order;
// mostly none.
func (s *Store) Conflicts(ctx context.Context, officer string) ([]string, error) {
	rows, err := s.pool.Query(ctx, "SELECT crn FROM conflict WHERE officer_id = $1 ORDER BY crn", officer)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	crns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return crns, postgres.Classify(err)
}

// queueConflicts reads those of several officers, each in order.
func queueConflicts(b *pgx.Batch, officers []string, into map[string][]string) {
	if len(officers) == 0 {
		return
	}
	b.Queue("SELECT officer_id, crn FROM conflict WHERE officer_id = ANY($1) ORDER BY officer_id, crn", officers).Query(func(rows pgx.Rows) error {
		var officer, crn string
		_, err := pgx.ForEachRow(rows, []any{&officer, &crn}, func() error {
			into[officer] = append(into[officer], crn)
			return nil
		})
		return err
	})
}
