package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/trail"
)

// Close closes the authority's next report in one short transaction: it waits
// until no transaction holds the authority (Hold), asks due what report comes
// after the standing, and adds it with the next sequence. due returns false when
// no report is due; Close then changes nothing and returns false.
//
// From the commit on nothing can be recorded for the report's date or before.
func (s *Store) Close(ctx context.Context, authority string, due func(Standing) (report.Head, bool, error)) (report.Head, bool, error) {
	var head report.Head
	var closed bool
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var standing Standing
		batch := &pgx.Batch{}
		batch.Queue("SELECT pg_advisory_xact_lock("+lockSpace+") FROM (VALUES ($1::text)) v (authority)", authority)
		batch.Queue("SELECT "+standingColumns+" FROM authority a"+lastReport+" WHERE a.authority_id = $1 FOR UPDATE OF a", authority).Query(func(rows pgx.Rows) (err error) {
			standing, err = pgx.CollectExactlyOneRow(rows, scanStanding)
			return err
		})
		err := tx.SendBatch(ctx, batch).Close()
		if err != nil {
			return err
		}
		if head, closed, err = due(standing); err != nil || !closed {
			return err
		}
		head.Sequence, head.Previous = standing.Sequence+1, standing.Closed
		if head.Counts, err = count(ctx, tx, authority, head.Date); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO report (report_id, authority_id, sequence, report_date, previous_date, covers_from, covers_to,
				layout, closed_at, lodged, unprocessed, unprocessed_own)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			head.ReportID, head.AuthorityID, head.Sequence, head.Date, head.Previous, head.CoversFrom, head.CoversTo,
			head.Layout, head.ClosedAt, head.Counts.Lodged, head.Counts.Unprocessed, head.Counts.UnprocessedOwn)
		if err != nil {
			return err
		}
		return s.Audit(ctx, tx, trail.Closed(head))
	})
	if err != nil {
		return report.Head{}, false, fmt.Errorf("close report of %s: %w", authority, err)
	}
	return head, closed, nil
}

// count takes the counts as of the start of date; see report.Counts.
func count(ctx context.Context, tx pgx.Tx, authority string, date calendar.Date) (report.Counts, error) {
	var c report.Counts
	err := tx.QueryRow(ctx, `SELECT
			(SELECT coalesce(sum(submissions), 0)::bigint FROM lodged WHERE authority_id = $1 AND day < $2),
			count(*), count(*) FILTER (WHERE NOT hub_created)
		FROM unprocessed u WHERE authority_id = $1 AND since < $2
			AND NOT EXISTS (SELECT FROM outcome o WHERE o.submission_id = u.submission_id AND o.report_date <= $2)`,
		authority, date).Scan(&c.Lodged, &c.Unprocessed, &c.UnprocessedOwn)
	return c, err
}

// SaveKey keeps a public key so that what it signed can always be checked. The
// first time is on record.
func (s *Store) SaveKey(ctx context.Context, id string, public []byte, now time.Time) error {
	return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "INSERT INTO signing_key (key_id, public_key, first_used) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
			id, public, now)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.Audit(ctx, tx, trail.KeyFirstUsed(id, public))
	})
}

// Key returns a public key that was saved; NotFound is pgx.ErrNoRows.
func (s *Store) Key(ctx context.Context, id string) ([]byte, error) {
	var public []byte
	err := s.pool.QueryRow(ctx, "SELECT public_key FROM signing_key WHERE key_id = $1", id).Scan(&public)
	return public, postgres.Classify(err)
}

// Unsealed returns the authority's first report that is closed and not sealed.
func (s *Store) Unsealed(ctx context.Context, authority string) (id clock.ID, found bool, err error) {
	return first(ctx, s.Reader, pgx.RowTo[clock.ID],
		"SELECT report_id FROM report WHERE authority_id = $1 AND sealed_at IS NULL ORDER BY sequence LIMIT 1", authority)
}
