package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// Unwritten is the trouble of an action whose entries could not be written. It is
// the hub's trouble and never that of what was asked: Unavailable, so that events
// are tried again and callers come back, instead of the action being given up as
// bad. Errors that say so already stay as they are, for a transaction is tried
// again because of some; nil stays nil.
func Unwritten(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || fault.Retryable(postgres.Classify(err)) {
		return err
	}
	return fault.New(fault.Unavailable, "AUDIT_UNAVAILABLE", "the audit record could not be written, so nothing was done").
		WithRetry(time.Second).Wrap(err)
}

// Send sends a batch of the action's transaction with the entries of what it does,
// which are written after its statements and before last, when there is one. Errors
// of the entries are as Unwritten says, those of the batch as they come.
func (w *Writer) Send(ctx context.Context, tx pgx.Tx, b *pgx.Batch, last string, entries ...Entry) error {
	actions := b.Len()
	if err := w.Queue(ctx, b, entries...); err != nil {
		return Unwritten(err)
	}
	records := b.QueuedQueries[actions:b.Len()]
	if last != "" {
		b.Queue(last)
	}
	err := tx.SendBatch(ctx, b).Close()
	var before pgx.ErrPreprocessingBatch
	if errors.As(err, &before) && slices.ContainsFunc(records, func(q *pgx.QueuedQuery) bool { return q.SQL == before.SQL() }) {
		return Unwritten(err)
	}
	return err
}

// written is what a batch does with the answer to a record.
func written(results pgx.BatchResults) error {
	_, err := results.Exec()
	return Unwritten(err)
}

// Digest stands for words in an entry; nil for none.
func Digest(words string) []byte {
	if words == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(words))
	return sum[:]
}
