// Package store holds all SQL of advice outcomes and daily reports.
//
// It guarantees, by constraint, lock or trigger: one outcome per submission and
// one entry per notification, which alone has no outcome; an entry never gets a
// report date whose report is closed; report sequences
// without gaps; sealed reports, their bytes and the ledger never change. It does
// not decide which dates have reports: package report does.
package store

import (
	"context"
	"embed"
	"io/fs"

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
// the caller's transaction.
type Store struct {
	pool *pgxpool.Pool
}

// New works on the pool, which must have at least MinConns connections.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// MinConns is how many connections a pool needs: sealing a report reads lines on
// one and writes the form on another while the rest of the service goes on.
const MinConns = 4

// Ping reports whether the database answers and the schema is there.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, "SELECT FROM authority LIMIT 1")
	return postgres.Classify(err)
}
