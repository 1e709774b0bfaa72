package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// txAttempts bounds the repeats of a transaction that lost a race. Races are
	// over in milliseconds; after that many the load is the trouble and the
	// caller's back-off is the better answer.
	txAttempts = 5
	// txBackoff is the mean first pause; it doubles each time.
	txBackoff = 4 * time.Millisecond
	// rollbackTime bounds the ROLLBACK sent after the caller gave up.
	rollbackTime = 2 * time.Second
)

// InTx runs f in a READ COMMITTED transaction and commits it when f returns nil.
//
// f may run several times: serialization failures and deadlocks are repeated a
// few times, so f must keep its effects in tx. Other errors roll back and come
// back classified (see Classify). When the connection broke during COMMIT, the
// error is Unavailable with reason COMMIT_UNKNOWN and the work may or may not
// have been done: look it up by its key before doing it again. A panic in f
// rolls back and goes on.
func InTx(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) error) error {
	backoff := txBackoff
	for attempt := 1; ; attempt++ {
		err := once(ctx, pool, f)
		if err == nil {
			return nil
		}
		if attempt == txAttempts || !hasCode(err, codeSerialization, codeDeadlock) {
			return Classify(err)
		}
		// Random, so that the rivals of a deadlock do not meet again.
		pause := time.NewTimer(backoff/2 + rand.N(backoff))
		select {
		case <-pause.C:
			backoff *= 2
		case <-ctx.Done():
			pause.Stop()
			return Classify(err)
		}
	}
}

func once(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) error) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		// The caller's context may be over; the locks must go all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		_ = tx.Rollback(ctx) // a rollback that fails closes the connection, which rolls back too
	}()
	if err := f(tx); err != nil {
		return err
	}
	// After this point only the server's word counts.
	if err := ctx.Err(); err != nil {
		return err
	}
	if tx.Conn().IsClosed() {
		return pgconn.ErrConnClosed
	}
	err = tx.Commit(ctx)
	if err == nil {
		committed = true
		return nil
	}
	return commitFailed(err)
}

// commitFailed tells a COMMIT that did not happen from one nobody knows about.
// pgconn.SafeToRetry is of no use: with pgx 5.12.0 it also says yes when the
// connection broke after COMMIT was sent (TestInTxCommitUnknown).
func commitFailed(err error) error {
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrTxCommitRollback):
		// f went on after a statement had failed, or dropped its error.
		return fault.New(fault.Internal, "TX_ROLLED_BACK", "the transaction was rolled back because one of its statements had failed").Wrap(err)
	case errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR":
		return err // refused, for example by a deferred constraint
	case errors.Is(err, pgx.ErrTxClosed):
		return err // f ended it by itself
	}
	// Includes FATAL messages: the session can end between the commit and its
	// confirmation.
	return fault.New(fault.Unavailable, "COMMIT_UNKNOWN", "the connection broke during commit; whether the work was done is unknown").
		WithHelp("Look the result up by its key before trying again.").WithRetry(retryAfter).Wrap(err)
}
