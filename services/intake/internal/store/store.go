// Package store holds all SQL of intake.
//
// It guarantees, by constraint: one submission per authority and reference; the
// submissions of one CRN numbered without gaps (lanes are given out as the last
// one plus one, and no two may be equal); one row per version of a submission's
// status. Every query for an authority names it, so that a foreign row is an
// absent row. It does not decide what is a repetition and what a conflict:
// package commit does.
package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"

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
	pool *pgxpool.Pool
}

// New works on the pool.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

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
