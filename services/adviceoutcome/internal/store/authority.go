package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// Standing is an authority and how far its reports are.
type Standing struct {
	report.Authority
	// Closed is the date of its last closed report; nil before the first.
	Closed *calendar.Date
	// Sequence of that report; 0 before the first.
	Sequence int64
}

// SaveAuthorities keeps the newest version of each authority; older versions
// and repetitions change nothing.
func (*Store) SaveAuthorities(ctx context.Context, tx pgx.Tx, authorities []report.Authority) error {
	newest := make(map[string]report.Authority, len(authorities))
	for _, a := range authorities {
		if seen, ok := newest[a.ID]; !ok || a.Version > seen.Version {
			newest[a.ID] = a
		}
	}
	ids := make([]string, 0, len(newest))
	for id := range newest {
		ids = append(ids, id)
	}
	slices.Sort(ids) // two writers lock rows in the same order
	batch := &pgx.Batch{}
	for _, id := range ids {
		a := newest[id]
		batch.Queue(`INSERT INTO authority AS a (authority_id, jurisdiction, reports_from, enabled, record_version)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (authority_id) DO UPDATE SET jurisdiction = excluded.jurisdiction, reports_from = excluded.reports_from,
				enabled = excluded.enabled, record_version = excluded.record_version
			WHERE a.record_version < excluded.record_version`,
			a.ID, int16(a.Jurisdiction), a.ReportsFrom, a.Enabled, a.Version)
	}
	return tx.SendBatch(ctx, batch).Close()
}

const standingColumns = `a.authority_id, a.jurisdiction, a.reports_from, a.enabled, a.record_version, r.report_date, coalesce(r.sequence, 0)`

const lastReport = ` LEFT JOIN LATERAL (SELECT report_date, sequence FROM report
	WHERE report.authority_id = a.authority_id ORDER BY sequence DESC LIMIT 1) r ON true`

func scanStanding(row pgx.CollectableRow) (Standing, error) {
	var s Standing
	var jurisdiction int16
	err := row.Scan(&s.ID, &jurisdiction, &s.ReportsFrom, &s.Enabled, &s.Version, &s.Closed, &s.Sequence)
	s.Jurisdiction = term.Jurisdiction(jurisdiction)
	return s, err
}

// Standings returns every authority, by id.
func (s *Store) Standings(ctx context.Context) ([]Standing, error) {
	return collect(ctx, s.Reader, scanStanding, "SELECT "+standingColumns+" FROM authority a"+lastReport+" ORDER BY a.authority_id")
}

// Standing returns one authority; false when it is not known.
func (r Reader) Standing(ctx context.Context, id string) (Standing, bool, error) {
	return first(ctx, r, scanStanding, "SELECT "+standingColumns+" FROM authority a"+lastReport+" WHERE a.authority_id = $1", id)
}

// lockSpace keeps the advisory locks of authorities apart from other users of
// advisory locks in the same database. Two authorities whose names hash alike
// only wait for each other.
const lockSpace = "hashtextextended(authority, 4919)"

// Hold keeps the authorities' next reports from being closed until tx ends, and
// returns their standings by id, without those that are not known. Any number
// of transactions may hold the same authority; ids must be sorted.
//
// The standings are read by a statement of its own after the locks are taken, so
// they include every close that was committed before.
func (*Store) Hold(ctx context.Context, tx pgx.Tx, ids []string) (map[string]Standing, error) {
	standings := make(map[string]Standing, len(ids))
	batch := &pgx.Batch{}
	batch.Queue("SELECT pg_advisory_xact_lock_shared("+lockSpace+") FROM unnest($1::text[]) authority", ids)
	batch.Queue("SELECT "+standingColumns+" FROM authority a"+lastReport+" WHERE a.authority_id = ANY ($1)", ids).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scanStanding)
		for _, s := range found {
			standings[s.ID] = s
		}
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("hold authorities: %w", err)
	}
	return standings, nil
}
