// Package store keeps people's sessions and their sign-ins under way, who signed
// in lately, and the filters they gave a name, in PostgreSQL. All SQL of the
// service is here.
//
// Every change of a session or a filter and the audit entry that tells of it are one
// transaction: no entry, no change. Using a session and asking the provider
// without news are no changes.
package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the service's schema in PostgreSQL.
func Schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return postgres.Schema{Name: "console", Role: "noticehub_console", Migrations: files, With: []postgres.Schema{audit.Schema()}}
}

// Store reads and writes the service's tables.
type Store struct {
	pool  *pgxpool.Pool
	audit *audit.Writer
}

// New makes a store on a pool opened for Schema.
func New(pool *pgxpool.Pool, writer *audit.Writer) *Store { return &Store{pool: pool, audit: writer} }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return postgres.Classify(s.pool.Ping(ctx)) }

// Attempt is a sign-in under way.
type Attempt struct {
	// Cookie and State are what the browser must bring back.
	Cookie, State session.Hash
	// Nonce and Verifier are what the provider must answer to.
	Nonce, Verifier string
	// ReturnPath is where the browser goes afterwards.
	ReturnPath string
	// Expires is when it is too late.
	Expires time.Time
}

// maxAttempts bounds the sign-ins under way; anybody can begin one.
const maxAttempts = 10_000

// AddAttempt keeps a sign-in under way. With too many of them it is Exhausted.
func (s *Store) AddAttempt(ctx context.Context, a Attempt, now time.Time) error {
	ct, err := s.pool.Exec(ctx, `WITH old AS (DELETE FROM attempt WHERE cookie_hash IN (SELECT cookie_hash FROM attempt WHERE expires_at <= $7 LIMIT 100))
		INSERT INTO attempt (cookie_hash, state_hash, nonce, verifier, return_path, expires_at)
		SELECT $1::bytea, $2::bytea, $3::text, $4::text, $5::text, $6::timestamptz WHERE (SELECT count(*) FROM (SELECT FROM attempt WHERE expires_at > $7 LIMIT $8) live) < $8`,
		a.Cookie[:], a.State[:], a.Nonce, a.Verifier, a.ReturnPath, a.Expires, now, maxAttempts)
	if err != nil {
		return postgres.Classify(err)
	}
	if ct.RowsAffected() == 0 {
		return fault.New(fault.Exhausted, "TOO_MANY_SIGN_INS", "too many sign-ins are under way").WithHelp("Try again in a minute.").WithRetry(time.Minute)
	}
	return nil
}

// TakeAttempt takes the sign-in that a browser comes back to; nobody can take it
// again. False when there is none with this cookie and this state.
func (s *Store) TakeAttempt(ctx context.Context, cookie, state session.Hash) (a Attempt, ok bool, err error) {
	a.Cookie, a.State = cookie, state
	err = s.pool.QueryRow(ctx, "DELETE FROM attempt WHERE cookie_hash = $1 AND state_hash = $2 RETURNING nonce, verifier, return_path, expires_at", cookie[:], state[:]).
		Scan(&a.Nonce, &a.Verifier, &a.ReturnPath, &a.Expires)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, postgres.Classify(err)
}

// columns of a session, as scan reads them.
const columns = "id, person, roles, started_at, used_at, checked_at"

func scan(row pgx.Row) (x session.Session, err error) {
	err = row.Scan((*[16]byte)(&x.ID), &x.Person, &x.Roles, &x.Started, &x.Used, &x.Checked)
	return x, err
}

// Find returns the session of a token; false when there is none.
func (s *Store) Find(ctx context.Context, token session.Hash) (session.Session, bool, error) {
	return found(scan(s.pool.QueryRow(ctx, "SELECT "+columns+" FROM session WHERE token_hash = $1", token[:])))
}

func found(x session.Session, err error) (session.Session, bool, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return x, false, nil
	}
	return x, err == nil, postgres.Classify(err)
}
