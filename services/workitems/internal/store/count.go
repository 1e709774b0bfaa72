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
// Unrestricted leaves out the items of restricted records, which are few; those of
// the records without are left out, too.
func (s *Store) OpenCounts(ctx context.Context, codes []string, office string, unrestricted bool, without ...string) ([]Count, error) {
	return openCounts(ctx, s.pool, codes, office, unrestricted, without)
}

func openCounts(ctx context.Context, q querier, codes []string, office string, unrestricted bool, without []string) ([]Count, error) {
	rows, err := q.Query(ctx, `SELECT code, office, sum(open)::bigint FROM (
			SELECT n.code, n.office, n.open FROM work_item_count n WHERE $2 = '' OR (n.code = ANY($1) AND n.office = $2)
			UNION ALL
			SELECT w.code, w.office, -1 FROM customer c JOIN work_item w ON w.crn = c.crn
			WHERE $3 AND c.restricted AND w.status <= 2 AND ($2 = '' OR w.office = $2)
			UNION ALL
			SELECT w.code, w.office, -1 FROM unnest($4::text[]) AS u (crn)
			CROSS JOIN LATERAL (SELECT code, office FROM work_item WHERE crn = u.crn AND status <= 2 OFFSET 0) w LEFT JOIN customer c ON c.crn = u.crn
			WHERE NOT ($3 AND `+restricted+`) AND ($2 = '' OR w.office = $2)) AS n
		GROUP BY code, office HAVING sum(open) <> 0 ORDER BY code, office`, codes, office, unrestricted, without)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	counts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Count, err error) {
		err = row.Scan(&c.Code, &c.Office, &c.Open)
		return c, err
	})
	return counts, postgres.Classify(err)
}
