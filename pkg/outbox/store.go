package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/clock"
)

// pageRows is how many rows are looked at in one query: one by one, republishing
// ran at under 1,000 a second.
const pageRows = 500

// store is all SQL of the relay.
type store struct{ pool *pgxpool.Pool }

// brief is a row without its body.
type brief struct {
	ID     clock.ID
	Stream string
	Size   int64
}

// claim leases due rows to this relay: none other takes them before the lease
// ends. The lease grows with each claim, from 5 to 60 seconds, so that a backlog
// nobody consumes is not sent round and round.
func (s store) claim(ctx context.Context) ([]brief, error) {
	return collect(s.pool.Query(ctx, `
UPDATE outbox AS o
SET attempts = o.attempts + 1, publish_after = now() + least(60, 5 * 2 ^ least(o.attempts, 4)) * interval '1 second'
FROM (SELECT id FROM outbox WHERE publish_after <= now() ORDER BY publish_after LIMIT $1 FOR UPDATE SKIP LOCKED) AS due
WHERE o.id = due.id
RETURNING o.id, o.stream, octet_length(o.payload)::bigint`, pageRows))
}

// last is the highest id of a stream's rows; false when there are none.
func (s store) last(ctx context.Context, stream string) (id clock.ID, found bool, err error) {
	ids, err := s.ids(ctx, `SELECT id FROM outbox WHERE stream = $1 ORDER BY id DESC LIMIT 1`, stream)
	if len(ids) == 1 {
		return ids[0], true, err
	}
	return id, false, err
}

// page lists rows of a stream after one id and up to another.
func (s store) page(ctx context.Context, stream string, after, last clock.ID) ([]brief, error) {
	return collect(s.pool.Query(ctx, `
SELECT id, stream, octet_length(payload)::bigint FROM outbox
WHERE stream = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4`, stream, after, last, pageRows))
}

// load reads whole rows, in the order of ids; rows deleted meanwhile are missing.
func (s store) load(ctx context.Context, ids []clock.ID) ([]Row, error) {
	rows, err := s.pool.Query(ctx, `
SELECT id, stream, subject, coalesce(headers::text, ''), payload, traceparent FROM outbox WHERE id = ANY ($1) ORDER BY id`, ids)
	if err != nil {
		return nil, fmt.Errorf("read outbox rows: %w", err)
	}
	loaded, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Row, err error) {
		var headers string
		if err = row.Scan(&r.ID, &r.Stream, &r.Subject, &headers, &r.Payload, &r.Traceparent); err == nil && headers != "" {
			err = json.Unmarshal([]byte(headers), &r.Headers)
		}
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read outbox rows: %w", err)
	}
	return loaded, nil
}

// remove deletes rows and returns how many there were.
func (s store) remove(ctx context.Context, ids []clock.ID) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM outbox WHERE id = ANY ($1)`, ids)
	if err != nil {
		return 0, fmt.Errorf("delete outbox rows: %w", err)
	}
	return tag.RowsAffected(), nil
}

// depth counts the rows, up to a limit, and tells the age of the oldest.
func (s store) depth(ctx context.Context, limit int64) (rows int64, oldest time.Duration, err error) {
	var seconds float64
	err = s.pool.QueryRow(ctx, `
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted),
       coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1), 0)::float8`, limit).Scan(&rows, &seconds)
	if err != nil {
		return 0, 0, fmt.Errorf("count outbox rows: %w", err)
	}
	return rows, time.Duration(seconds * float64(time.Second)), nil
}

func (s store) ids(ctx context.Context, sql string, args ...any) ([]clock.ID, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read outbox ids: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[clock.ID])
	if err != nil {
		return nil, fmt.Errorf("read outbox ids: %w", err)
	}
	return ids, nil
}

func collect(rows pgx.Rows, err error) ([]brief, error) {
	if err != nil {
		return nil, fmt.Errorf("look at outbox rows: %w", err)
	}
	briefs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[brief])
	if err != nil {
		return nil, fmt.Errorf("look at outbox rows: %w", err)
	}
	return briefs, nil
}
