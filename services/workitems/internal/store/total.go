package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// MostCounted is up to how many items of a list are counted one by one.
const MostCounted = 1000

// Total is how many items a list has on all its pages.
type Total struct {
	Items int64
	// More: there may be more than so many.
	More bool
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// SearchAndCount is SearchItems with the total of all pages, both of one moment.
// Items are counted by the list's own conditions. Where there are more than
// MostCounted, the kept counts have the number, if the list is one they are kept for.
func (s *Store) SearchAndCount(ctx context.Context, search *Search) (found []Found, total Total, err error) {
	once := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, once, func(tx pgx.Tx) error {
		if found, err = searchItems(ctx, tx, search); err != nil {
			return err
		}
		sql, values := search.total()
		if err := tx.QueryRow(ctx, sql, values...).Scan(&total.Items); err != nil {
			return err
		}
		if total.Items <= MostCounted {
			return nil
		}
		kept, ok, err := search.kept(ctx, tx)
		if total = (Total{Items: kept}); !ok {
			total = Total{Items: MostCounted, More: true}
		}
		return err
	})
	return found, total, postgres.Classify(err)
}

// total counts the rows of all pages, to one more than MostCounted.
func (s *Search) total() (sql string, values []any) {
	all := *s
	all.After, all.Limit, all.counting = Position{}, MostCounted+1, true
	a := &placeholders{}
	return fmt.Sprintf("SELECT count(*) FROM (%s) AS n", all.page(a)), a.values
}

// kept is the number of the list's items as it is kept; false for lists whose
// number is not.
func (s *Search) kept(ctx context.Context, q querier) (n int64, ok bool, err error) {
	if !s.Open || s.Ended || s.CRN != "" || s.Measure != 0 || !s.RaisedFrom.IsZero() || !s.RaisedBefore.IsZero() {
		return 0, false, nil
	}
	narrowed := len(s.Codes) > 0 && !s.EveryCode
	switch {
	case s.Assignee == "" && !s.Unassigned:
		counts, err := openCounts(ctx, q, s.Codes, s.Office, s.Unrestricted, s.Without)
		for _, c := range counts {
			if !narrowed || slices.Contains(s.Codes, c.Code) {
				n += c.Open
			}
		}
		return n, true, err
	case narrowed || s.Unrestricted || len(s.Without) > 0:
		return 0, false, nil
	case s.Unassigned:
		err = q.QueryRow(ctx, "SELECT coalesce(sum(open), 0)::bigint FROM day_count WHERE NOT assigned AND ($1 = '' OR office = $1)", s.Office).Scan(&n)
		return n, true, err
	}
	err = q.QueryRow(ctx, "SELECT coalesce(sum(open), 0)::bigint FROM assignee_count WHERE assignee = $1 AND ($2 = '' OR office = $2)", s.Assignee, s.Office).Scan(&n)
	return n, true, err
}
