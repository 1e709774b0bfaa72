package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// Provider of School Meals.
type Provider struct {
	// ID and Name to display.
	ID, Name string
	// FeeCents is the fee a fortnight in cents.
	FeeCents int64
	// EndsOn is the day the service ends; nil when none is known.
	EndsOn *calendar.Date
	// Version of the record: 1, 2, 3, …
	Version int64
}

// Same reports whether two differ in nothing but their versions.
func (p Provider) Same(q Provider) bool {
	ends := (p.EndsOn == nil) == (q.EndsOn == nil) && (p.EndsOn == nil || *p.EndsOn == *q.EndsOn)
	return ends && p.ID == q.ID && p.Name == q.Name && p.FeeCents == q.FeeCents
}

const providerColumns = `provider_id, name, fee_cents, ends_on, record_version`

func scanProvider(row pgx.CollectableRow) (p Provider, err error) {
	err = row.Scan(&p.ID, &p.Name, &p.FeeCents, &p.EndsOn, &p.Version)
	return p, err
}

// Providers returns all providers by id.
func (s *Store) Providers(ctx context.Context) ([]Provider, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+providerColumns+` FROM provider ORDER BY provider_id`)
	if err != nil {
		return nil, failed(err, "read providers")
	}
	list, err := pgx.CollectRows(rows, scanProvider)
	return list, failed(err, "read providers")
}

// LockProvider returns a provider, locked until tx ends; false when there is none.
func (s *Store) LockProvider(ctx context.Context, tx pgx.Tx, id string) (Provider, bool, error) {
	rows, err := tx.Query(ctx, `SELECT `+providerColumns+` FROM provider WHERE provider_id = $1 FOR UPDATE`, id)
	if err != nil {
		return Provider{}, false, failed(err, "lock a provider")
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanProvider)
	if errors.Is(err, pgx.ErrNoRows) {
		return Provider{}, false, nil
	}
	return p, err == nil, failed(err, "lock a provider")
}

// WriteProvider creates (version 1) or replaces a provider; what follows for
// customers' records is noted with it.
func (s *Store) WriteProvider(ctx context.Context, tx pgx.Tx, p Provider) error {
	statement := `UPDATE provider SET name = $2, fee_cents = $3, ends_on = $4, record_version = $5 WHERE provider_id = $1`
	if p.Version == 1 {
		statement = `INSERT INTO provider (` + providerColumns + `) VALUES ($1, $2, $3, $4, $5)`
	}
	b := new(pgx.Batch)
	b.Queue(statement, p.ID, p.Name, p.FeeCents, p.EndsOn, p.Version)
	queueFollowOns(b, []FollowOn{{What: ForProvider, Payload: p.ID}})
	if err := s.audit.Queue(ctx, b, ofProvider(p)); err != nil {
		return err
	}
	return runBatch(ctx, tx, b, "write a provider")
}

// queueSupplied keeps which customers' expenses name which providers.
func queueSupplied(b *pgx.Batch, created, replaced []Write) {
	var stale, crns, ids []string
	for _, writes := range [][]Write{created, replaced} {
		for i := range writes {
			if w := &writes[i]; w.Supplied {
				stale = append(stale, w.CRN)
				for _, id := range w.Providers {
					crns, ids = append(crns, w.CRN), append(ids, id)
				}
			}
		}
	}
	if len(stale) > 0 {
		b.Queue(`DELETE FROM customer_provider WHERE crn = ANY($1)`, stale)
	}
	if len(crns) > 0 {
		b.Queue(`INSERT INTO customer_provider (provider_id, crn) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`, ids, crns)
	}
}
