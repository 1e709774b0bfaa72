package inbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint/sabotage"
)

// States of parked events.
const (
	stateRetry       = "retry"
	stateWaiting     = "waiting"
	stateQuarantined = "quarantined"
)

const (
	// waitingFirst and waitingMost bound the pauses, in seconds, after which a
	// deferred event is looked at although nobody called it: a quarter of its age.
	waitingFirst, waitingMost = 1, 30
)

// store is the SQL about messages and the parking of events.
type store struct {
	consumer string
	base     time.Duration // pause after the first failure
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// park is an event to be parked.
type park struct {
	event    Event
	state    string
	attempts int
	cause    string
}

// known tells which messages were applied before.
func (s store) known(ctx context.Context, q querier, messages []string) (map[string]bool, error) {
	rows, err := q.Query(ctx, `SELECT message_id FROM inbox WHERE consumer = $1 AND message_id = ANY ($2)`, s.consumer, messages)
	return set(rows, err)
}

// claim remembers messages in the transaction and returns those that are new,
// and those of the keys behind whose failed events others must wait.
func (s store) claim(ctx context.Context, tx pgx.Tx, messages, keys []string) (fresh, blocked map[string]bool, err error) {
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO inbox (consumer, message_id) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING RETURNING message_id`, s.consumer, messages)
	// Nothing is parked most of the time; then the keys are not even looked at.
	b.Queue(`
SELECT DISTINCT key FROM parked
WHERE (SELECT EXISTS (SELECT FROM parked WHERE consumer = $1 AND state = 'retry'))
  AND consumer = $1 AND state = 'retry' AND key = ANY ($2)`, s.consumer, keys)
	results := tx.SendBatch(ctx, b)
	defer func() { err = closed(results, err) }()
	if fresh, err = set(results.Query()); err != nil {
		return nil, nil, err
	}
	if sabotage.NoInbox {
		for _, m := range messages {
			fresh[m] = true
		}
	}
	blocked, err = set(results.Query())
	return fresh, blocked, err
}

// queueParks inserts events in the order given. One that is parked already stays
// as it is.
func (s store) queueParks(b *pgx.Batch, parks []park) {
	if len(parks) == 0 {
		return
	}
	ids, keys, data, parents := make([]clock.ID, len(parks)), make([]string, len(parks)), make([][]byte, len(parks)), make([]string, len(parks))
	states, attempts, causes := make([]string, len(parks)), make([]int32, len(parks)), make([]string, len(parks))
	for i, p := range parks {
		ids[i], keys[i], data[i], parents[i] = p.event.ID, p.event.Key, notNil(p.event.Data), p.event.Traceparent
		states[i], attempts[i], causes[i] = p.state, int32(p.attempts), p.cause
	}
	b.Queue(`
INSERT INTO parked (consumer, event_id, key, data, traceparent, attempts, next_at, state, cause)
SELECT $1, id, key, data, parent, attempts, now() + least(attempts, 1) * $9::float8 * interval '1 second', state, cause
FROM unnest($2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::int[], $7::text[], $8::text[]) WITH ORDINALITY
  AS e (id, key, data, parent, attempts, state, cause, n)
ORDER BY n
ON CONFLICT DO NOTHING`, s.consumer, ids, keys, data, parents, attempts, states, causes, s.base.Seconds())
}

// queueDeferred parks events whose turn has not come. Those that are parked
// already stay as they are: a sweep may have them locked while it waits for
// something this transaction holds.
func (s store) queueDeferred(b *pgx.Batch, events []Event) {
	events = distinct(events)
	if len(events) == 0 {
		return
	}
	ids, keys, data, parents := make([]clock.ID, len(events)), make([]string, len(events)), make([][]byte, len(events)), make([]string, len(events))
	for i, e := range events {
		ids[i], keys[i], data[i], parents[i] = e.ID, e.Key, notNil(e.Data), e.Traceparent
	}
	b.Queue(`
INSERT INTO parked (consumer, event_id, key, data, traceparent, next_at, state, cause)
SELECT $1, id, key, data, parent, now() + $6::float8 * interval '1 second', 'waiting', $7
FROM unnest($2::uuid[], $3::text[], $4::bytea[], $5::text[]) AS e (id, key, data, parent)
ORDER BY id
ON CONFLICT DO NOTHING`, s.consumer, ids, keys, data, parents, float64(waitingFirst), causeNotItsTurn)
}

// queueLeft leaves parked events, locked by this transaction, where they are:
// their turn has not come.
func (s store) queueLeft(b *pgx.Batch, events []Event) {
	if len(events) == 0 {
		return
	}
	ids := make([]clock.ID, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	b.Queue(`
UPDATE parked SET state = 'waiting', cause = $5,
    next_at = now() + least($4, greatest($3, extract(epoch FROM now() - created_at)::float8 / 4)) * interval '1 second'
WHERE consumer = $1 AND event_id = ANY ($2) AND state <> 'quarantined'`, s.consumer, ids, float64(waitingFirst), float64(waitingMost), causeNotItsTurn)
}

// distinct drops repetitions of events.
func distinct(events []Event) []Event {
	seen := make(map[clock.ID]bool, len(events))
	kept := make([]Event, 0, len(events))
	for _, e := range events {
		if !seen[e.ID] {
			seen[e.ID] = true
			kept = append(kept, e)
		}
	}
	return kept
}

// wake gives deferred events of the keys their turn. It runs on its own, holding
// nothing another transaction could wait for: a sweep that has one of the events
// locked may itself be waiting for whoever decided its predecessor.
func (s store) wake(ctx context.Context, q querier, keys []string) error {
	_, err := q.Exec(ctx, `
UPDATE parked SET next_at = now() WHERE consumer = $1 AND event_id IN (
    SELECT event_id FROM parked WHERE consumer = $1 AND state = 'waiting' AND key = ANY ($2) ORDER BY event_id FOR UPDATE)`, s.consumer, keys)
	if err != nil {
		return fmt.Errorf("wake deferred events: %w", err)
	}
	return nil
}

// counts tells how many events are parked, by state.
func (s store) counts(ctx context.Context, q querier) (map[string]int64, error) {
	rows, err := q.Query(ctx, `SELECT state, count(*) FROM parked WHERE consumer = $1 GROUP BY state`, s.consumer)
	if err != nil {
		return nil, fmt.Errorf("count parked events: %w", err)
	}
	counts := map[string]int64{}
	var state string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { counts[state] = n; return nil })
	if err != nil {
		return nil, fmt.Errorf("count parked events: %w", err)
	}
	return counts, nil
}

// prune forgets messages of long ago, a bounded number at once. Message ids are
// UUIDs of version 7, so the old ones are the first of the primary key.
func (s store) prune(ctx context.Context, q querier, age time.Duration) error {
	for {
		tag, err := q.Exec(ctx, `
DELETE FROM inbox WHERE consumer = $1 AND message_id IN (
    SELECT message_id FROM (SELECT message_id, received_at FROM inbox WHERE consumer = $1 ORDER BY message_id LIMIT 5000) AS first
    WHERE received_at < now() - $2 * interval '1 second')`, s.consumer, age.Seconds())
		if err != nil {
			return fmt.Errorf("forget old messages: %w", err)
		}
		if tag.RowsAffected() < 5000 {
			return nil
		}
	}
}

// send runs a batch for its effects.
func send(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write effects: %w", err)
	}
	return nil
}

func set(rows pgx.Rows, err error) (map[string]bool, error) {
	if err != nil {
		return nil, fmt.Errorf("look messages up: %w", err)
	}
	found := map[string]bool{}
	var text string
	if _, err = pgx.ForEachRow(rows, []any{&text}, func() error { found[text] = true; return nil }); err != nil {
		return nil, fmt.Errorf("look messages up: %w", err)
	}
	return found, nil
}

func closed(results pgx.BatchResults, err error) error {
	if e := results.Close(); err == nil && e != nil {
		return fmt.Errorf("look messages up: %w", e)
	}
	return err
}

func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
