package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
)

// FindStragglers moves the reconciler's mark on over submissions older than age
// (the database's time) and notes those that are still PENDING. It looks at
// about batch of them, does nothing while room stragglers are known already, and
// reports whether more wait. Only one process does it at a time; for the others
// there is nothing to do.
//
// Every row is looked at once: the mark passes it 'age' after its transaction
// began. Transactions are far shorter than that (their statements time out), so
// none appears behind the mark.
func (s *Store) FindStragglers(ctx context.Context, age time.Duration, batch, room int) (more bool, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		more, err = findStragglers(ctx, tx, age, batch, room)
		return err
	})
	return more, err
}

func findStragglers(ctx context.Context, tx pgx.Tx, age time.Duration, batch, room int) (more bool, err error) {
	var mark time.Time
	err = tx.QueryRow(ctx, "SELECT up_to FROM reconciled FOR UPDATE SKIP LOCKED").Scan(&mark)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	var known, due int
	var through *time.Time
	if err == nil {
		err = tx.QueryRow(ctx, "SELECT count(*) FROM (SELECT FROM straggler LIMIT $1) k", room).Scan(&known)
	}
	if err != nil || known >= room {
		return false, err
	}
	// Whole transactions, until they hold enough submissions.
	err = tx.QueryRow(ctx, `
SELECT coalesce(sum(size), 0), max(recorded_at) FROM (
  SELECT recorded_at, size, sum(size) OVER (ORDER BY recorded_at, id) - size AS before FROM (
    SELECT id, recorded_at, length(leaves) / 32 AS size FROM receipt_batch
    WHERE recorded_at > $1 AND recorded_at <= now() - make_interval(secs => $2) ORDER BY recorded_at LIMIT $3) b) d
WHERE before < $3`,
		mark, age.Seconds(), batch).Scan(&due, &through)
	if err != nil || through == nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `
WITH due AS MATERIALIZED (
  SELECT b.authority_id, l.id FROM receipt_batch b, unnest(b.lodged) AS l(id)
  WHERE b.recorded_at > $1 AND b.recorded_at <= $2
    AND NOT EXISTS (SELECT FROM status t WHERE t.submission_id = l.id))
INSERT INTO straggler (submission_id, authority_id, announced_at)
SELECT s.id, s.authority_id, '-infinity' FROM due JOIN submission s USING (authority_id, id)
ON CONFLICT DO NOTHING`, mark, *through)
	if err == nil {
		_, err = tx.Exec(ctx, "UPDATE reconciled SET up_to = $1", *through)
	}
	return due >= batch, err
}

// AnnounceStragglers forgets those that have a status by now, and announces up to
// limit of the rest, not announced within the last pause: announce makes their
// outbox rows, which are written along with the mark. It returns the rows and how
// many submissions they announce.
func (s *Store) AnnounceStragglers(ctx context.Context, pause time.Duration, limit int,
	announce func([]lodging.Submission) []outbox.Row,
) (rows []outbox.Row, n int, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		found, err := s.stragglers(ctx, tx, pause, limit)
		rows, n = nil, len(found)
		if err != nil || n == 0 {
			return err
		}
		rows = announce(found)
		return outbox.Insert(ctx, tx, rows...)
	})
	return rows, n, err
}

func (s *Store) stragglers(ctx context.Context, tx pgx.Tx, pause time.Duration, limit int) ([]lodging.Submission, error) {
	if _, err := tx.Exec(ctx, `
DELETE FROM straggler g WHERE submission_id IN (
  SELECT submission_id FROM straggler g WHERE EXISTS (SELECT FROM status t WHERE t.submission_id = g.submission_id)
  FOR UPDATE SKIP LOCKED)`); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
UPDATE straggler SET announced_at = now(), announced = announced + 1
WHERE submission_id IN (
  SELECT submission_id FROM straggler WHERE announced_at <= now() - make_interval(secs => $1)
  ORDER BY announced_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING submission_id, authority_id`, pause.Seconds(), limit)
	if err != nil {
		return nil, err
	}
	var ids [][16]byte
	var authorities []string
	var id [16]byte
	var authority string
	if _, err := pgx.ForEachRow(rows, []any{&id, &authority}, func() error {
		ids, authorities = append(ids, id), append(authorities, authority)
		return nil
	}); err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.submissions(ctx, tx, authorities, ids)
}

func (s *Store) submissions(ctx context.Context, tx pgx.Tx, authorities []string, ids [][16]byte) ([]lodging.Submission, error) {
	rows, err := tx.Query(ctx, "SELECT "+submissionColumns+` FROM submission s
JOIN unnest($1::text[], $2::uuid[]) AS k(authority_id, id) USING (authority_id, id)
ORDER BY s.crn, s.lane, s.id`, authorities, ids)
	if err != nil {
		return nil, err
	}
	var found []lodging.Submission
	var r submissionRow
	_, err = pgx.ForEachRow(rows, r.targets(), func() error {
		submission, err := r.submission()
		found = append(found, submission)
		return err
	})
	return found, err
}

// CountStragglers is how many submissions are known to make no progress.
func (s *Store) CountStragglers(ctx context.Context) (n int64, err error) {
	err = s.pool.QueryRow(ctx, "SELECT count(*) FROM straggler").Scan(&n)
	return n, err
}
