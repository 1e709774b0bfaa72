package inbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// parkedRow is an event as it is parked.
type parkedRow struct {
	ID          clock.ID
	Key         string
	Position    int64
	Data        []byte
	Traceparent string
	Attempts    int
	Cause       string
}

// free says that nothing failed holds a parked event p up. Those before it that
// may be tried now do not: they are tried with it, and before it.
const (
	columnsOfParked = `p.event_id, p.key, p.position, p.data, p.traceparent, p.attempts, p.cause`
	freeOfLater     = `(p.key = '' OR NOT EXISTS (
    SELECT FROM parked AS q WHERE q.consumer = p.consumer AND q.key = p.key AND q.state = 'retry' AND q.position < p.position AND q.next_at > now()))`
	freeOfAny = `(p.key = '' OR NOT EXISTS (
    SELECT FROM parked AS q WHERE q.consumer = p.consumer AND q.key = p.key AND q.state = 'retry' AND q.position < p.position))`
)

// dueRetries are failed events whose pause is over, and those behind them.
func (s store) dueRetries(ctx context.Context, q querier, limit int) ([]parkedRow, error) {
	return parkedRows(q.Query(ctx, `
SELECT `+columnsOfParked+` FROM parked AS p
WHERE p.consumer = $1 AND p.state = 'retry' AND p.next_at <= now() AND `+freeOfLater+`
ORDER BY p.position LIMIT $2`, s.consumer, limit))
}

// dueWaiting are deferred events that were called or whose pause is over, with
// the others of their keys, so that Apply can put them in order. The order by
// next_at lets everyone have a turn even if they are more than the limit.
func (s store) dueWaiting(ctx context.Context, q querier, limit int) ([]parkedRow, error) {
	return parkedRows(q.Query(ctx, `
WITH due AS (
    SELECT p.event_id, p.key FROM parked AS p
    WHERE p.consumer = $1 AND p.state = 'waiting' AND p.next_at <= now() AND `+freeOfAny+`
    ORDER BY p.next_at LIMIT $2
)
SELECT `+columnsOfParked+` FROM parked AS p
WHERE p.consumer = $1 AND p.state = 'waiting' AND `+freeOfAny+`
  AND (p.event_id IN (SELECT event_id FROM due) OR p.key IN (SELECT key FROM due WHERE key <> ''))
ORDER BY p.next_at, p.position LIMIT $2`, s.consumer, limit))
}

// lock takes parked events for this transaction and returns those that are still
// as they were found and not with another replica.
func (s store) lock(ctx context.Context, tx pgx.Tx, state string, rows []parkedRow) (map[clock.ID]bool, error) {
	ids, attempts := make([]clock.ID, len(rows)), make([]int32, len(rows))
	for i, row := range rows {
		ids[i], attempts[i] = row.ID, int32(row.Attempts)
	}
	found, err := tx.Query(ctx, `
SELECT p.event_id FROM parked AS p
JOIN unnest($3::uuid[], $4::int[]) AS was (event_id, attempts) ON was.event_id = p.event_id AND was.attempts = p.attempts
WHERE p.consumer = $1 AND p.state = $2
ORDER BY p.position FOR UPDATE OF p SKIP LOCKED`, s.consumer, state, ids, attempts)
	if err != nil {
		return nil, fmt.Errorf("lock parked events: %w", err)
	}
	locked := map[clock.ID]bool{}
	var id clock.ID
	if _, err = pgx.ForEachRow(found, []any{&id}, func() error { locked[id] = true; return nil }); err != nil {
		return nil, fmt.Errorf("lock parked events: %w", err)
	}
	return locked, nil
}

// held tells, for keys, from which position on events must wait: that of the
// first failed event of the key that is not in mine.
func (s store) held(ctx context.Context, tx pgx.Tx, keys []string, mine map[clock.ID]bool) (map[string]int64, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `SELECT event_id, key, position FROM parked WHERE consumer = $1 AND state = 'retry' AND key = ANY ($2)`, s.consumer, keys)
	if err != nil {
		return nil, fmt.Errorf("look for failed events: %w", err)
	}
	from := map[string]int64{}
	var id clock.ID
	var key string
	var position int64
	_, err = pgx.ForEachRow(rows, []any{&id, &key, &position}, func() error {
		if first, is := from[key]; !mine[id] && (!is || position < first) {
			from[key] = position
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for failed events: %w", err)
	}
	return from, nil
}

// queueDone removes parked events.
func (s store) queueDone(b *pgx.Batch, ids []clock.ID) {
	if len(ids) > 0 {
		b.Queue(`DELETE FROM parked WHERE consumer = $1 AND event_id = ANY ($2)`, s.consumer, ids)
	}
}

// queueFailed counts an attempt of each event. After the last one it is due at
// once, to be given up.
func (s store) queueFailed(b *pgx.Batch, failed []park, maxAttempts int) {
	if len(failed) == 0 {
		return
	}
	ids, causes := make([]clock.ID, len(failed)), make([]string, len(failed))
	for i, f := range failed {
		ids[i], causes[i] = f.event.ID, f.cause
	}
	b.Queue(`
UPDATE parked AS p
SET state = 'retry', attempts = p.attempts + 1, cause = f.cause,
    next_at = now() + CASE WHEN p.attempts + 1 >= $4 THEN 0 ELSE $5::float8 * 4 ^ p.attempts END * interval '1 second'
FROM unnest($2::uuid[], $3::text[]) AS f (event_id, cause)
WHERE p.consumer = $1 AND p.event_id = f.event_id`, s.consumer, ids, causes, maxAttempts, s.base.Seconds())
}

// quarantine keeps an event for a person or a later version.
func (s store) quarantine(ctx context.Context, q querier, id clock.ID, cause string) error {
	if _, err := q.Exec(ctx, `UPDATE parked SET state = 'quarantined', cause = $3 WHERE consumer = $1 AND event_id = $2`, s.consumer, id, cause); err != nil {
		return fmt.Errorf("quarantine an event: %w", err)
	}
	return nil
}

func parkedRows(rows pgx.Rows, err error) ([]parkedRow, error) {
	if err != nil {
		return nil, fmt.Errorf("look for parked events: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[parkedRow])
	if err != nil {
		return nil, fmt.Errorf("look for parked events: %w", err)
	}
	return found, nil
}
