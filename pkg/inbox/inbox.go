// Package inbox applies the events of a stream to a service's tables, each
// message once, however often and in whatever order it comes.
//
// Duty: a Consumer takes batches of messages from the bus and runs the service's
// Prepare and Apply over their events, a transaction per batch: the inbox rows
// that remember the messages, the effects, and the outbox rows of what follows
// commit together, and only then are the messages acknowledged.
//
// Guarantees: effects of a message happen at most once, and at least once after
// faults have ended. One bad event does not hold up others: it is found by
// halving, parked and tried again with growing pauses, MaxAttempts in all, then
// handed to Exhausted or kept in quarantine; nothing is dropped. Later events of
// its order key wait behind it. Trouble of the infrastructure (fault.Retryable)
// is never held against an event: the batch is tried again for ever. Panics of
// the service's functions are errors of the event.
//
// Not guaranteed: order between messages. An event that comes before its
// predecessor is for Apply to recognise and to put into Effects.Defer; it is tried
// again when Apply names its key in Effects.Ready, and every now and then.
package inbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

// Event is one fact out of a message.
type Event struct {
	// ID of the event, stable over repetitions; never zero.
	ID clock.ID
	// Key orders events: while one of a key is parked after a failure, later ones
	// of the key wait. Empty means no order.
	Key string
	// Data is what DecodeParked makes the event from again.
	Data []byte
	// Traceparent (W3C) of the cause; may be empty.
	Traceparent string
	// Value is the decoded event, for the service.
	Value any
	// Refused is set by decoders when the event must not be applied by this
	// version of the program: it goes to quarantine with this as cause, and is
	// tried again each time a Consumer starts.
	Refused error
}

// Effects are what Apply wants done in its transaction, and after it.
type Effects struct {
	// Outbox rows to insert.
	Outbox []outbox.Row
	// Defer are events of the batch whose turn has not come: nothing of them was
	// applied. They are parked without counting an attempt.
	Defer []Event
	// Ready are keys whose deferred events may have their turn now.
	Ready []string
	// After runs after the commit; may be nil. It may never run.
	After func()
}

// Consumer consumes one stream for one service. Fill it in and Run it; replicas
// may run the same consumer.
type Consumer struct {
	// Name is the durable name of the consumer, Stream its stream.
	Name, Stream string
	// Pool reaches the schema with the tables of Table. Two connections are used
	// at once, besides the relay's.
	Pool *pgxpool.Pool
	// Bus to consume from.
	Bus *bus.Bus
	// Relay of the outbox in the same schema; its Room holds consumption back.
	// May be nil when Apply makes no rows.
	Relay *outbox.Relay
	// Clock only wakes the loop over parked events when it jumps; pauses are real
	// time. Nil means clock.System.
	Clock clock.Clock
	// Telemetry takes logs, spans and metrics; nothing of events is in them.
	Telemetry *telemetry.Telemetry
	// MaxEvents in one transaction, except that messages are never divided; 0 means 500.
	MaxEvents int
	// MaxAttempts after which an event counts as bad for good; 0 means 5.
	MaxAttempts int
	// RetryBase is the pause after the first failure; each further one is four
	// times as long. 0 means 1 s.
	RetryBase time.Duration

	// Decode takes a message apart. A message it fails on is quarantined whole.
	Decode func(d bus.Delivery) ([]Event, error)
	// DecodeParked makes an event again from Event.Data.
	DecodeParked func(data []byte) (Event, error)
	// Prepare runs before the transaction, for calls to other services; it may
	// replace Event.Value. May be nil. It runs again whenever Apply does, on
	// events as decoded.
	Prepare func(ctx context.Context, events []Event) error
	// Apply does everything in tx. Rows that may exist by natural keys are for it
	// to filter, inside a savepoint if it takes a constraint to know.
	Apply func(ctx context.Context, tx pgx.Tx, events []Event) (Effects, error)
	// Exhausted gives up on an event whose attempts are used up, in a transaction
	// of its own; cause says why it failed. Nil keeps such events in quarantine.
	Exhausted func(ctx context.Context, tx pgx.Tx, e Event, cause error) (Effects, error)
}

const (
	defaultMaxEvents   = 500
	defaultMaxAttempts = 5
	defaultRetryBase   = time.Second
)

// Table is the definition of the tables a service puts in its first migration.
// States of parked: retry (failed, or behind one that failed), waiting (not its
// turn), quarantined (for a person, or a later version of the program).
const Table = `CREATE TABLE inbox (
    consumer    text        NOT NULL,
    message_id  text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE TABLE parked (
    consumer    text        NOT NULL,
    event_id    uuid        NOT NULL,
    key         text        NOT NULL DEFAULT '',
    position    bigint      GENERATED ALWAYS AS IDENTITY,
    data        bytea       NOT NULL,
    traceparent text        NOT NULL DEFAULT '',
    attempts    int         NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,
    state       text        NOT NULL CHECK (state IN ('retry', 'waiting', 'quarantined')),
    cause       text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX parked_due ON parked (consumer, next_at) WHERE state <> 'quarantined';
CREATE INDEX parked_key ON parked (consumer, key);
CREATE INDEX parked_age ON parked (created_at, consumer, event_id);
`

// Requeue gives quarantined events of a consumer their attempts back, those
// whose cause begins with cause ("" means all), and returns how many.
func Requeue(ctx context.Context, tx pgx.Tx, consumer, cause string) (int64, error) {
	tag, err := tx.Exec(ctx, `
UPDATE parked SET state = 'retry', attempts = 0, next_at = now()
WHERE consumer = $1 AND state = 'quarantined' AND starts_with(cause, $2)`, consumer, cause)
	if err != nil {
		return 0, fmt.Errorf("requeue quarantined events: %w", err)
	}
	return tag.RowsAffected(), nil
}
