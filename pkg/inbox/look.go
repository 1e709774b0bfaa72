package inbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// States of parked events, for those who look at them.
const (
	// Retrying failed, or wait behind one that failed, and are tried by themselves.
	Retrying = stateRetry
	// Waiting have their turn after an event that has not come.
	Waiting = stateWaiting
	// Quarantined wait for a person, or a later version of the program.
	Quarantined = stateQuarantined
)

// Querier is a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Parked is a parked event as people see it: nothing of what is in it. Cause has
// no values out of events (Consumer parks them by code and words alone).
type Parked struct {
	Consumer    string
	ID          clock.ID
	State       string
	Attempts    int
	Cause       string
	Traceparent string
	// ParkedAt and NextAt are the database's time.
	ParkedAt, NextAt time.Time
}

// Place is where in the order of age, consumer and id a parked event stands.
type Place struct {
	ParkedAt time.Time
	Consumer string
	ID       clock.ID
}

// Listing filters parked events; "" means all.
type Listing struct {
	Consumer, State string
	// After leaves out those up to a place; the zero one leaves out none.
	After Place
	// Limit is the most events.
	Limit int
}

// parkedColumns are what people see of a row.
const parkedColumns = `consumer, event_id, state, attempts, cause, traceparent, created_at, next_at`

// List returns parked events, oldest first.
func List(ctx context.Context, q Querier, l Listing) ([]Parked, error) {
	return look[Parked](ctx, q, `
SELECT `+parkedColumns+` FROM parked
WHERE ($1 = '' OR consumer = $1) AND ($2 = '' OR state = $2)
  AND (created_at, consumer, event_id) > ($3::timestamptz, $4::text, $5::uuid)
ORDER BY created_at, consumer, event_id LIMIT $6`, l.Consumer, l.State, l.After.ParkedAt, l.After.Consumer, l.After.ID, l.Limit)
}

// Cause is one cause with the number of its events.
type Cause struct {
	Consumer, State, Cause string
	Events                 int64
	Oldest                 time.Time
}

// Causes returns the causes of parked events, most events first; "" means all.
func Causes(ctx context.Context, q Querier, consumer, state string, limit int) ([]Cause, error) {
	return look[Cause](ctx, q, `
SELECT consumer, state, cause, count(*), min(created_at) FROM parked
WHERE ($1 = '' OR consumer = $1) AND ($2 = '' OR state = $2)
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5, 1, 2, 3 LIMIT $3`, consumer, state, limit)
}

// Count is how many events of a consumer are parked in a state.
type Count struct {
	Consumer, State string
	Events          int64
	Oldest          time.Time
}

// Counts returns how many events are parked, by consumer and state.
func Counts(ctx context.Context, q Querier) ([]Count, error) {
	return look[Count](ctx, q, `SELECT consumer, state, count(*), min(created_at) FROM parked GROUP BY 1, 2`)
}

// RequeueOne gives a quarantined event its attempts back; false when no event of
// the consumer and id is in quarantine.
func RequeueOne(ctx context.Context, tx pgx.Tx, consumer string, id clock.ID) (bool, error) {
	tag, err := tx.Exec(ctx, `
UPDATE parked SET state = 'retry', attempts = 0, next_at = now()
WHERE consumer = $1 AND event_id = $2 AND state = 'quarantined'`, consumer, id)
	if err != nil {
		return false, fmt.Errorf("requeue a quarantined event: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// RequeueCause gives all quarantined events of exactly one cause their attempts
// back, and returns which. Whoever else does it at the same time waits.
func RequeueCause(ctx context.Context, tx pgx.Tx, consumer, cause string) ([]clock.ID, error) {
	rows, err := tx.Query(ctx, `
UPDATE parked SET state = 'retry', attempts = 0, next_at = now()
WHERE consumer = $1 AND state = 'quarantined' AND event_id IN (
    SELECT event_id FROM parked WHERE consumer = $1 AND state = 'quarantined' AND cause = $2 ORDER BY event_id FOR UPDATE)
RETURNING event_id`, consumer, cause)
	var ids []clock.ID
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[clock.ID])
	}
	if err != nil {
		return nil, fmt.Errorf("requeue quarantined events: %w", err)
	}
	return ids, nil
}

// Requeued is what is still parked of events that were requeued.
type Requeued struct {
	Parked
	// Untried says that the event has not had its turn since.
	Untried bool
}

// StillParked returns those of the ids that are still parked.
func StillParked(ctx context.Context, q Querier, consumer string, ids []clock.ID) ([]Requeued, error) {
	return look[Requeued](ctx, q, `
SELECT `+parkedColumns+`, state = 'retry' AND attempts = 0 FROM parked
WHERE consumer = $1 AND event_id = ANY ($2) ORDER BY position`, consumer, ids)
}

// Whole tells which of the ids are messages that could not be decoded and are
// parked whole, and the last position before now. Once such a message can be decoded
// its row goes, and its events are parked behind that position under their own ids
// (ParkedSince): that the row is gone does not say that they went well.
func Whole(ctx context.Context, q Querier, consumer string, ids []clock.ID) (whole []clock.ID, last int64, err error) {
	rows, err := q.Query(ctx, `
SELECT p.event_id, (SELECT max(position) FROM parked WHERE consumer = $1) FROM parked AS p
WHERE p.consumer = $1 AND p.event_id = ANY ($2) AND substr(p.data, 1, $3) = $4`, consumer, ids, len(wrapping), []byte(wrapping))
	if err != nil {
		return nil, 0, fmt.Errorf("look for whole messages: %w", err)
	}
	var id clock.ID
	if _, err = pgx.ForEachRow(rows, []any{&id, &last}, func() error { whole = append(whole, id); return nil }); err != nil {
		return nil, 0, fmt.Errorf("look for whole messages: %w", err)
	}
	return whole, last, nil
}

// ParkedSince returns what is parked behind a position, at most limit.
func ParkedSince(ctx context.Context, q Querier, consumer string, position int64, limit int) ([]Requeued, error) {
	return look[Requeued](ctx, q, `
SELECT `+parkedColumns+`, state = 'retry' AND attempts = 0 FROM parked
WHERE consumer = $1 AND position > $2 ORDER BY position LIMIT $3`, consumer, position, limit)
}

// Stand is how many events stand still, and which are the oldest.
type Stand struct {
	Events   int64
	Oldest   *time.Time
	Examples []clock.ID
}

// LongWaiting are events that have waited for another one for longer than age: for
// one before them that has not come, or behind one that failed.
func LongWaiting(ctx context.Context, q Querier, age time.Duration, examples int) (Stand, error) {
	return stand(ctx, q, `state <> 'quarantined' AND (state = 'waiting' OR attempts = 0) AND created_at < now() - $2 * interval '1 second'`, examples, age.Seconds())
}

// InQuarantine are the events that wait for a person.
func InQuarantine(ctx context.Context, q Querier, examples int) (Stand, error) {
	return stand(ctx, q, `state = 'quarantined'`, examples)
}

// Undone are a consumer's events that came longer ago than age and are not applied.
func Undone(ctx context.Context, q Querier, consumer string, age time.Duration, examples int) (Stand, error) {
	return stand(ctx, q, `consumer = $2 AND created_at < now() - $3 * interval '1 second'`, examples, consumer, age.Seconds())
}

// stand counts up to 100,000 events; there is no reading far beyond what is parked.
func stand(ctx context.Context, q Querier, condition string, examples int, args ...any) (Stand, error) {
	all, err := look[Stand](ctx, q, `
WITH found AS MATERIALIZED (SELECT event_id, created_at FROM parked WHERE `+condition+` LIMIT 100000)
SELECT count(*), min(created_at),
    ARRAY(SELECT event_id FROM found ORDER BY created_at, event_id LIMIT $1) FROM found`, append([]any{examples}, args...)...)
	if err != nil {
		return Stand{}, err
	}
	return all[0], nil
}

func look[T any](ctx context.Context, q Querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	var all []T
	if err == nil {
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	}
	if err != nil {
		return nil, fmt.Errorf("look at parked events: %w", err)
	}
	return all, nil
}
