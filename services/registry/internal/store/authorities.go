package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/proto/term"
)

// Authority is a body allowed to refer customers.
type Authority struct {
	// ID, such as "frc".
	ID string
	// Name to display.
	Name string
	// Function it acts under.
	Function term.BusinessFunction
	// Jurisdiction whose public holidays count.
	Jurisdiction term.Jurisdiction
	// Enabled is false when it may no longer lodge.
	Enabled bool
	// ReportsFrom is the first day for which daily reports are made.
	ReportsFrom calendar.Date
	// Version of the record: 1, 2, 3, …
	Version int64
}

const authorityColumns = `authority_id, name, business_function, jurisdiction, enabled, reports_from, record_version`

func scanAuthority(row pgx.CollectableRow) (a Authority, err error) {
	err = row.Scan(&a.ID, &a.Name, &a.Function, &a.Jurisdiction, &a.Enabled, &a.ReportsFrom, &a.Version)
	return a, err
}

// Authorities returns the authorities of the ids, or all when there are none, by id.
func (s *Store) Authorities(ctx context.Context, ids ...string) ([]Authority, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+authorityColumns+` FROM authority
		WHERE cardinality($1::text[]) = 0 OR authority_id = ANY($1) ORDER BY authority_id`, append([]string{}, ids...))
	if err != nil {
		return nil, failed(err, "read authorities")
	}
	found, err := pgx.CollectRows(rows, scanAuthority)
	return found, failed(err, "read authorities")
}

// LockAuthorities returns the authorities there are of the ids, locked until tx
// ends, in the order of ids.
func (s *Store) LockAuthorities(ctx context.Context, tx pgx.Tx, ids []string) (map[string]Authority, error) {
	rows, err := tx.Query(ctx, `SELECT `+authorityColumns+` FROM authority WHERE authority_id = ANY($1) ORDER BY authority_id FOR UPDATE`, ids)
	if err != nil {
		return nil, failed(err, "lock authorities")
	}
	list, err := pgx.CollectRows(rows, scanAuthority)
	found := make(map[string]Authority, len(list))
	for _, a := range list {
		found[a.ID] = a
	}
	return found, failed(err, "lock authorities")
}

// WriteAuthorities creates (version 1) or replaces authorities and queues the
// outbox rows, in one round trip. One created by somebody else meanwhile fails
// with a unique violation.
func (s *Store) WriteAuthorities(ctx context.Context, tx pgx.Tx, authorities []Authority, events []outbox.Row) error {
	b := new(pgx.Batch)
	for _, a := range authorities {
		statement := `UPDATE authority SET name = $2, business_function = $3, jurisdiction = $4, enabled = $5, reports_from = $6, record_version = $7 WHERE authority_id = $1`
		if a.Version == 1 {
			statement = `INSERT INTO authority (` + authorityColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`
		}
		b.Queue(statement, a.ID, a.Name, int16(a.Function), int16(a.Jurisdiction), a.Enabled, a.ReportsFrom, a.Version)
	}
	if err := s.audit.Queue(ctx, b, ofAuthorities(authorities)...); err != nil {
		return err
	}
	outbox.Queue(b, events...)
	return runBatch(ctx, tx, b, "write authorities")
}
