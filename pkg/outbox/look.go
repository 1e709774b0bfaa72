package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Querier is a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Standing is what an outbox holds.
type Standing struct {
	// Rows that not every consumer has taken, counted up to the limit asked for.
	Rows int64
	// Oldest is when the oldest of them was committed, by the database's time; nil without any.
	Oldest *time.Time
}

// Look tells what is in the outbox of the schema, without a relay.
func Look(ctx context.Context, q Querier, limit int) (Standing, error) {
	return one[Standing](ctx, q, `
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted), (SELECT created_at FROM outbox ORDER BY id LIMIT 1)`, limit)
}

// Late are rows older than an age.
type Late struct {
	// Rows, counted among the oldest up to the limit asked for.
	Rows     int64
	Oldest   *time.Time
	Examples []clock.ID
}

// LookLate tells which of the oldest rows, at most limit, are older than age. Ids
// are in the order of time, so the oldest are the first of the primary key.
func LookLate(ctx context.Context, q Querier, age time.Duration, limit, examples int) (Late, error) {
	return one[Late](ctx, q, `
WITH late AS MATERIALIZED (
    SELECT id, created_at FROM (SELECT id, created_at FROM outbox ORDER BY id LIMIT $1) AS oldest
    WHERE created_at < now() - $2 * interval '1 second'
)
SELECT count(*), min(created_at), ARRAY(SELECT id FROM late ORDER BY created_at, id LIMIT $3) FROM late`, limit, age.Seconds(), examples)
}

func one[T any](ctx context.Context, q Querier, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	var found T
	if err == nil {
		found, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[T])
	}
	if err != nil {
		return found, fmt.Errorf("look at the outbox: %w", err)
	}
	return found, nil
}
