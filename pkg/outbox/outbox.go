// Package outbox gets messages that were committed with a change in PostgreSQL to
// every consumer, at least once.
//
// Duty: Queue or Insert adds rows in the caller's transaction; a Relay publishes
// them on the bus and deletes each row once every declared consumer has
// acknowledged it. A row is one message, usually of many packed events.
//
// Guarantees: a committed row stays until a publication of it, known to this
// relay, lies at or below the acknowledgement floor of all declared consumers,
// read in the same epoch (pkg/bus). So a relay or a broker may die at any moment,
// and the store may be wiped or put back: on any change of epoch all that was
// remembered is forgotten and what is left is published again. Several relays may
// serve one table.
//
// Not guaranteed: order, and that a message comes only once. Consumers apply each
// message id once (pkg/inbox).
package outbox

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Row is one message to be sent.
type Row struct {
	// ID identifies the message for ever; made by clock.NewID, since rows are
	// published again in the order of ids.
	ID clock.ID
	// Stream must be one of the relay's.
	Stream string
	// Subject is one of the stream's.
	Subject string
	// Headers travel beside the body, without personal data; may be nil.
	Headers map[string]string
	// Payload is the body; far below 8 MiB.
	Payload []byte
	// Traceparent (W3C) of the cause; may be empty.
	Traceparent string
}

// Table is the definition of the table a service puts in its first migration.
// A fresh row is left alone for a few seconds: it is on its way through memory.
const Table = `CREATE TABLE outbox (
    id            uuid        PRIMARY KEY,
    stream        text        NOT NULL,
    subject       text        NOT NULL,
    headers       jsonb,
    payload       bytea       NOT NULL,
    traceparent   text        NOT NULL DEFAULT '',
    publish_after timestamptz NOT NULL DEFAULT now() + interval '5 seconds',
    attempts      int         NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (publish_after);
`

const insertSQL = `INSERT INTO outbox (id, stream, subject, headers, payload, traceparent)
SELECT id, stream, subject, headers::jsonb, payload, traceparent
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[]) AS r (id, stream, subject, headers, payload, traceparent)`

// Queue adds one statement that inserts the rows to the caller's batch, which
// must run in the transaction of the change. Hand the rows to Relay.Committed
// after the commit.
func Queue(b *pgx.Batch, rows ...Row) {
	if len(rows) > 0 {
		b.Queue(insertSQL, columns(rows)...)
	}
}

// Insert inserts the rows at once, in the transaction of the change.
func Insert(ctx context.Context, tx pgx.Tx, rows ...Row) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, insertSQL, columns(rows)...); err != nil {
		return fmt.Errorf("insert %d outbox rows: %w", len(rows), err)
	}
	return nil
}

func columns(rows []Row) []any {
	ids, streams, subjects := make([]clock.ID, len(rows)), make([]string, len(rows)), make([]string, len(rows))
	headers, payloads, parents := make([]*string, len(rows)), make([][]byte, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ids[i], streams[i], subjects[i], payloads[i], parents[i] = r.ID, r.Stream, r.Subject, r.Payload, r.Traceparent
		if payloads[i] == nil {
			payloads[i] = []byte{}
		}
		if len(r.Headers) > 0 {
			text, _ := json.Marshal(r.Headers) // a map of strings always has a form
			s := string(text)
			headers[i] = &s
		}
	}
	return []any{ids, streams, subjects, headers, payloads, parents}
}
