// Package store holds all SQL of advice outcomes and daily reports.
//
// It guarantees, by constraint, lock or trigger: one outcome per submission and
// one entry per notification, which alone has no outcome; an entry never gets a
// report date whose report is closed; report sequences
// without gaps; sealed reports, their bytes and the ledger never change. What an
// authority asks runs in its scope, within which row security shows its rows only.
// What changes is on record in the same transaction, or does not change. It does
// not decide which dates have reports: package report does.
package store

import (
	"context"
	"embed"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema names the schema, its role and its migrations.
func Schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return postgres.Schema{Name: "adviceoutcome", Role: "noticehub_adviceoutcome", Migrations: files, With: []postgres.Schema{audit.Schema()}}
}

// Store reads and writes the schema. Functions that take a tx do their part of
// the caller's transaction. Its own Reader reads the rows of all authorities.
type Store struct {
	Reader
	pool  *pgxpool.Pool
	door  *pgxpool.Pool
	audit *audit.Writer
}

// New works on two pools: one for the service's own work and for persons, which
// sees every row and must have at least MinConns connections, and one for what
// authorities ask, which sees none but in an authority's scope.
func New(pool, door *pgxpool.Pool, w *audit.Writer) *Store {
	s := &Store{pool: pool, door: door, audit: w}
	s.Reader = Reader{func(ctx context.Context, sql string, arguments []any, read func(pgx.Rows) error) error {
		rows, err := pool.Query(ctx, sql, arguments...)
		if err != nil {
			return postgres.Classify(err)
		}
		defer rows.Close()
		return postgres.Classify(read(rows))
	}}
	return s
}

// Reader reads what authorities are shown.
type Reader struct {
	// ask sends one statement and gives its rows to read, which reads all of them;
	// its errors are classified.
	ask func(ctx context.Context, sql string, arguments []any, read func(pgx.Rows) error) error
}

// Of reads within one authority's rows.
func (s *Store) Of(authority string) Reader {
	return Reader{func(ctx context.Context, sql string, arguments []any, read func(pgx.Rows) error) error {
		return postgres.QueryInScope(ctx, s.door, authority, sql, arguments, read)
	}}
}

// collect reads all rows of a statement.
func collect[T any](ctx context.Context, r Reader, scan pgx.RowToFunc[T], sql string, arguments ...any) (all []T, err error) {
	err = r.ask(ctx, sql, arguments, func(rows pgx.Rows) (err error) {
		all, err = pgx.CollectRows(rows, scan)
		return err
	})
	return all, err
}

// first reads the only row of a statement; false when there is none.
func first[T any](ctx context.Context, r Reader, scan pgx.RowToFunc[T], sql string, arguments ...any) (one T, found bool, err error) {
	all, err := collect(ctx, r, scan, sql, arguments...)
	if err != nil || len(all) == 0 {
		return one, false, err
	}
	return all[0], true, nil
}

// MinConns is how many connections a pool needs: sealing a report reads lines on
// one and writes the form on another while the rest of the service goes on.
const MinConns = 4

// Ping reports whether the database answers and the schema is there.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, "SELECT FROM authority LIMIT 1")
	return postgres.Classify(err)
}
