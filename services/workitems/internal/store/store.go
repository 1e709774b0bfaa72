// Package store keeps work items, what the generator knows of customers and
// notices, and the activity list in PostgreSQL. All SQL of the service is here.
//
// Functions that write take the caller's transaction, so that a change, its
// event and its audit entries are one. Whoever raises or closes items of a customer by the customer's
// facts holds the customer's row (Lock) first; an officer's action on one item
// needs only the item's row. Locks are taken in the order customers (by CRN),
// notices, items, counts, so that nobody waits in a circle.
package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the service's schema in PostgreSQL.
func Schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return postgres.Schema{
		Name: "workitems", Role: "noticehub_workitems", Migrations: files, With: []postgres.Schema{audit.Schema()},
		Open: []string{"notice"}, // no authority is answered from here
	}
}

// Store reads and writes the service's tables.
type Store struct {
	pool  *pgxpool.Pool
	audit *audit.Writer
}

// New makes a store on a pool opened for Schema; what it writes it tells the writer.
func New(pool *pgxpool.Pool, writer *audit.Writer) *Store { return &Store{pool: pool, audit: writer} }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return postgres.Classify(s.pool.Ping(ctx)) }

// InTx runs f in a transaction; f may run several times.
func (s *Store) InTx(ctx context.Context, f func(pgx.Tx) error) error {
	return postgres.InTx(ctx, s.pool, f)
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
