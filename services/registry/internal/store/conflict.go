package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Conflict is that an officer must not see a customer's record.
type Conflict struct {
	Officer, CRN string
}

// KeepConflicts keeps what was told of conflicts, in any order and as often as it comes.
func (s *Store) KeepConflicts(ctx context.Context, tx pgx.Tx, conflicts []Conflict) error {
	if len(conflicts) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	for _, c := range conflicts {
		b.Queue(`INSERT INTO conflict (officer_id, crn) VALUES ($1, $2) ON CONFLICT DO NOTHING`, c.Officer, c.CRN)
	}
	return runBatch(ctx, tx, b, "keep conflicts of interest")
}

// Conflicts returns the CRNs of the records an officer must not see.
func (s *Store) Conflicts(ctx context.Context, officer string) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT crn FROM conflict WHERE officer_id = $1`, officer)
	if err != nil {
		return nil, failed(err, "look for conflicts of interest")
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, failed(err, "look for conflicts of interest")
}
