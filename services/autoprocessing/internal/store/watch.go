package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/queue"
)

// Watched is what tells whether a submission changed for whoever looks at it.
type Watched struct {
	Version int
	Status  term.Status
	// Holding is zero without an open entry.
	Holding queue.Holding
	// LastNote grows with every note, Cases with every step of a way to a
	// restricted record that changes it.
	LastNote, Cases int64
}

// Watch reads what is watched of the submissions that exist, each part of it by
// index: this runs several times a second while anybody watches.
func Watch(ctx context.Context, pool *pgxpool.Pool, ids []clock.ID) (map[clock.ID]Watched, error) {
	out := make(map[clock.ID]Watched, len(ids))
	err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		b := byIndex()
		b.Queue(`SELECT s.id, s.version, s.status,
				COALESCE(q.held_by, ''), q.claim_expires_at, COALESCE(q.assigned, false), q.hold_until - DATE '1970-01-01',
				COALESCE((SELECT max(n.id) FROM note n WHERE n.submission_id = s.id), 0),
				COALESCE((SELECT sum(c.version) FROM access_case c WHERE c.submission_id = s.id), 0)
			FROM submission s LEFT JOIN queue_entry q ON q.submission_id = s.id AND q.closed_at IS NULL WHERE s.id = ANY($1)`, raw(ids)).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var id clock.ID
					var w Watched
					var e entryScan
					err := rows.Scan((*[16]byte)(&id), &w.Version, (*int16)(&w.Status), &e.heldBy, &e.until, &e.assigned, &e.hold, &w.LastNote, &w.Cases)
					if err != nil {
						return err
					}
					w.Holding = e.entry().Holding
					out[id] = w
				}
				return rows.Err()
			})
		return tx.SendBatch(ctx, b).Close()
	})
	return out, err
}

// NoticeChanges counts how often the notices of customers were changed; those
// without notices are left out. A notice's version counts its changes.
func NoticeChanges(ctx context.Context, q Querier, crns []string) (map[string]int64, error) {
	out := make(map[string]int64, len(crns))
	rows, _ := q.Query(ctx, "SELECT crn, sum(version)::bigint FROM notice WHERE crn = ANY($1) GROUP BY crn", crns)
	var crn string
	var n int64
	_, err := pgx.ForEachRow(rows, []any{&crn, &n}, func() error { out[crn] = n; return nil })
	return out, err
}

// References returns the authorities' references of the submissions that exist.
func References(ctx context.Context, q Querier, ids []clock.ID) (map[clock.ID]string, error) {
	out := make(map[clock.ID]string, len(ids))
	rows, _ := q.Query(ctx, "SELECT id, reference FROM submission WHERE id = ANY($1)", raw(ids))
	var id clock.ID
	var reference string
	_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&id), &reference}, func() error { out[id] = reference; return nil })
	return out, err
}
