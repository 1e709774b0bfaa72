package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// Count is how many items of a code are open at an office.
type Count struct {
	Code, Office string
	Open         int64
}

// OpenCounts returns the kept counts by code and office, those that are not 0; of
// one office unless it is "". The codes are those to count: the table is
// ordered by them, so that one office is found without reading the others.
func (s *Store) OpenCounts(ctx context.Context, codes []string, office string) ([]Count, error) {
	rows, err := s.pool.Query(ctx, `SELECT n.code, n.office, sum(n.open)::bigint FROM work_item_count n
		WHERE ($2 = '' OR (n.code = ANY($1) AND n.office = $2)) GROUP BY n.code, n.office HAVING sum(n.open) <> 0 ORDER BY n.code, n.office`, codes, office)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	counts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Count, err error) {
		err = row.Scan(&c.Code, &c.Office, &c.Open)
		return c, err
	})
	return counts, postgres.Classify(err)
}
