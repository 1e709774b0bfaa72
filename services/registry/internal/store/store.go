// Package store keeps the registry's customers, authorities, documents and the
// state of notices in PostgreSQL. All SQL of the registry is here. It treats a
// customer's record as bytes: what the bytes mean is the business of the API.
//
// Functions that write take the caller's transaction, so that a change, its
// event and its audit entries are one.
package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/internal/childkey"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the registry's schema in PostgreSQL.
func Schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return postgres.Schema{
		Name: "registry", Role: "noticehub_registry", Migrations: files, With: []postgres.Schema{audit.Schema()},
		Open: []string{"authority", "notice"}, // no authority is answered from here
	}
}

// Store reads and writes the registry's tables.
type Store struct {
	pool  *pgxpool.Pool
	audit *audit.Writer
}

// New makes a store on a pool opened for Schema; what it writes it tells the writer.
func New(pool *pgxpool.Pool, writer *audit.Writer) *Store { return &Store{pool: pool, audit: writer} }

// ChildKey stands for a child's name where that is not told.
func (s *Store) ChildKey(crn, givenName, born string) string {
	return childkey.Of(s.audit, crn, givenName, born)
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return postgres.Classify(s.pool.Ping(ctx)) }

// Tries of a transaction that lost a race to create the same record; the
// second try finds it there, more are for series of deletions by hand.
const createTries = 3

// InTx runs f in a transaction; f may run several times. Records created by
// somebody else meanwhile (a unique key) are met on the next try.
func (s *Store) InTx(ctx context.Context, f func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := postgres.InTx(ctx, s.pool, f)
		switch {
		case err == nil:
			return nil
		case !postgres.IsUnique(err, ""):
			return err
		case try == createTries:
			return fault.New(fault.Conflict, "CREATED_MEANWHILE", "the same record was created at the same time").Wrap(err)
		}
	}
}

// failed classifies an error of a statement and says what was attempted.
func failed(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, postgres.Classify(err))
}

// runBatch sends a batch in one round trip and reports its first error.
func runBatch(ctx context.Context, tx pgx.Tx, b *pgx.Batch, what string) error {
	if b.Len() == 0 {
		return nil
	}
	return failed(tx.SendBatch(ctx, b).Close(), what)
}
