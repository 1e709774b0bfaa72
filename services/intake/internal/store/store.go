// Package store holds all SQL of intake.
//
// It guarantees, by constraint: one submission per authority and reference; the
// submissions of one CRN numbered without gaps (lanes are given out as the last
// one plus one, and no two may be equal); one row per version of a submission's
// status. Every query for an authority names it, so that a foreign row is an
// absent row, and runs in the authority's scope, so that row security says so
// too. What changes is on record in the same transaction, or does not change. It
// does not decide what is a repetition and what a conflict: package commit does.
package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
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
	return postgres.Schema{Name: "intake", Role: "noticehub_intake", Migrations: files, With: []postgres.Schema{audit.Schema()}}
}

// Store reads and writes the schema. Functions that take a tx do their part of
// the caller's transaction; all others classify their errors.
type Store struct {
	pool  *pgxpool.Pool
	door  *pgxpool.Pool
	audit *audit.Writer
}

// New works on two pools: one for the service's own work, which sees every row,
// and one for what authorities ask, which sees none but in an authority's scope.
func New(pool, door *pgxpool.Pool, w *audit.Writer) *Store {
	return &Store{pool: pool, door: door, audit: w}
}

// asking sends one statement and gives its rows to read; its errors are classified.
type asking func(ctx context.Context, sql string, arguments []any, read func(pgx.Rows) error) error

// of asks within one authority's rows.
func (s *Store) of(authority string) asking {
	return func(ctx context.Context, sql string, arguments []any, read func(pgx.Rows) error) error {
		return postgres.QueryInScope(ctx, s.door, authority, sql, arguments, read)
	}
}

// all asks for the service's own work.
func (s *Store) all(ctx context.Context, sql string, arguments []any, read func(pgx.Rows) error) error {
	rows, err := s.pool.Query(ctx, sql, arguments...)
	if err != nil {
		return postgres.Classify(err)
	}
	defer rows.Close()
	if err := read(rows); err != nil {
		return postgres.Classify(err)
	}
	rows.Close()
	return postgres.Classify(rows.Err())
}

// Ping reports whether the database answers and the schema is there.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, "SELECT FROM authority LIMIT 1")
	return postgres.Classify(err)
}

// CommitUnknown reports whether err leaves open if the transaction was committed.
func CommitUnknown(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Reason == "COMMIT_UNKNOWN"
}

// Taken reports whether err says that a reference, a lane or an id is in use.
func Taken(err error) bool { return postgres.IsUnique(err, "") }
