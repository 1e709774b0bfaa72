package cells

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// fingerprint is what business tables hold, by table: the number of rows and a
// sum over their hashes.
type fingerprint map[string]string

// differs names the tables that hold something else, sorted.
func (f fingerprint) differs(other fingerprint) []string {
	var tables []string
	for table, was := range f {
		if other[table] != was {
			tables = append(tables, fmt.Sprintf("%s (%s before, %s after)", table, was, other[table]))
		}
	}
	slices.Sort(tables)
	return tables
}

// Tables of couriers and of the audit log are no business tables: a refusal
// leaves an entry there, and messages are under way at any time; how far intake
// has compared its events moves by itself, too.
const tables = `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema|audit$|public$|console$)'
	AND c.relname NOT IN ('outbox', 'inbox', 'parked', 'reconciled') AND c.relname !~ '^goose' ORDER BY 1`

// fingerprint waits until nothing changes any more, at most 20 s, and tells what
// the tables hold then.
func (w *World) fingerprint(ctx context.Context) (fingerprint, error) {
	db, err := pgx.Connect(ctx, w.hub.Database)
	if err != nil {
		return nil, err
	}
	defer db.Close(context.WithoutCancel(ctx))
	var before fingerprint
	var moving []string
	for range 40 {
		now, err := look(ctx, db)
		if err != nil {
			return nil, err
		}
		if moving = now.differs(before); len(moving) == 0 {
			return now, nil
		}
		before = now
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("the hub does not come to rest: %s", strings.Join(moving, ", "))
}

func look(ctx context.Context, db *pgx.Conn) (fingerprint, error) {
	rows, err := db.Query(ctx, tables)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the database has no business tables")
	}
	f := fingerprint{}
	for _, table := range all {
		var n int64
		var sum string
		if err := db.QueryRow(ctx, "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM "+table+" t").Scan(&n, &sum); err != nil {
			return nil, fmt.Errorf("%s: %w", table, err)
		}
		f[table] = fmt.Sprintf("%d rows, %s", n, sum)
	}
	return f, nil
}
