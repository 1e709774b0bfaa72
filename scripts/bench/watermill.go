package main

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5/stdlib"
)

// watermillPeer is the same three steps over watermill-sql: a message per
// submission, published in the transaction that writes the row.
type watermillPeer struct {
	*peer
	db     *stdsql.DB
	cancel context.CancelFunc
	subs   []*sql.Subscriber
}

var watermillSchema = sql.DefaultPostgreSQLSchema{}

func newWatermill(ctx context.Context, s *server) (subject, error) {
	base, err := newPeer(ctx, s, 40)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	w := &watermillPeer{peer: base, db: stdlib.OpenDBFromPool(base.pool), cancel: cancel}
	if err := w.consume(running, "lodged", func(tx *stdsql.Tx, r row, m *message.Message) error {
		if _, err := tx.ExecContext(running, insertDecision, r.decision()...); err != nil {
			return err
		}
		return publish(tx, "decided", m.Payload)
	}); err != nil {
		return nil, err
	}
	return w, w.consume(running, "decided", func(tx *stdsql.Tx, r row, _ *message.Message) error {
		_, err := tx.ExecContext(running, insertOutcome, r.outcome()...)
		return err
	})
}

func (w *watermillPeer) consume(ctx context.Context, topic string, handle func(*stdsql.Tx, row, *message.Message) error) error {
	sub, err := sql.NewSubscriber(w.db, sql.SubscriberConfig{
		ConsumerGroup: "bench", SchemaAdapter: watermillSchema, OffsetsAdapter: sql.DefaultPostgreSQLOffsetsAdapter{},
		InitializeSchema: true, PollInterval: 10 * time.Millisecond,
	}, watermill.NopLogger{})
	if err != nil {
		return err
	}
	if err := sub.SubscribeInitialize(topic); err != nil {
		return err
	}
	messages, err := sub.Subscribe(ctx, topic)
	if err != nil {
		return err
	}
	w.subs = append(w.subs, sub)
	go func() {
		for m := range messages {
			var r row
			err := json.Unmarshal(m.Payload, &r)
			if err == nil {
				err = w.inTx(ctx, func(tx *stdsql.Tx) error { return handle(tx, r, m) })
			}
			if err != nil {
				m.Nack()
				continue
			}
			m.Ack()
		}
	}()
	return nil
}

func (w *watermillPeer) inTx(ctx context.Context, f func(*stdsql.Tx) error) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error is the one that matters
		return err
	}
	return tx.Commit()
}

func publish(tx *stdsql.Tx, topic string, payload []byte) error {
	publisher, err := sql.NewPublisher(tx, sql.PublisherConfig{SchemaAdapter: watermillSchema}, watermill.NopLogger{})
	if err != nil {
		return err
	}
	return publisher.Publish(topic, message.NewMessage(watermill.NewUUID(), payload))
}

func (w *watermillPeer) submit(ctx context.Context, i int) error {
	r := makeRow(i)
	payload, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return w.inTx(ctx, func(tx *stdsql.Tx) error {
		if _, err := tx.ExecContext(ctx, insertSubmission, r.submission()...); err != nil {
			return err
		}
		return publish(tx, "lodged", payload)
	})
}

func (w *watermillPeer) close() {
	w.cancel()
	for _, s := range w.subs {
		_ = s.Close() // the database goes anyway
	}
	_ = w.db.Close()
	w.peer.close()
}
