package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/fault"
)

// scopeSetting is what row security policies ask: '*', or the owners whose rows
// may be touched, separated by commas. Unset or empty, no row may.
const scopeSetting = "noticehub.scope"

// Everything is the scope of a service's own work, for all owners.
const Everything = "*"

// setScope narrows or widens the scope until the transaction ends.
const setScope = "SELECT set_config('" + scopeSetting + "', $1, true)"

// QueueScope sets the scope of a batch's transaction to the rows of the owners;
// it belongs in front of the statements it is for.
func QueueScope(b *pgx.Batch, owners ...string) { b.Queue(setScope, strings.Join(owners, ",")) }

// InScope is InTx with the scope set to the rows of one owner. An owner without
// a name, or named Everything, is refused: callers must say whose rows.
func InScope(ctx context.Context, pool *pgxpool.Pool, owner string, f func(pgx.Tx) error) error {
	if err := oneOwner(owner); err != nil {
		return err
	}
	return InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setScope, owner); err != nil {
			return err
		}
		return f(tx)
	})
}

// QueryInScope asks one statement within the rows of one owner, in one round
// trip: the scope is set in front of it, in the same implicit transaction. read
// takes the rows and need not close them. Owners are refused as by InScope;
// errors come back classified.
func QueryInScope(ctx context.Context, pool *pgxpool.Pool, owner, sql string, arguments []any, read func(pgx.Rows) error) error {
	if err := oneOwner(owner); err != nil {
		return err
	}
	var batch pgx.Batch
	QueueScope(&batch, owner)
	batch.Queue(sql, arguments...).Query(read)
	return Classify(pool.SendBatch(ctx, &batch).Close())
}

func oneOwner(owner string) error {
	if owner == "" || strings.ContainsAny(owner, ",*") {
		return fault.New(fault.Internal, "SCOPE_MISSING", "a transaction does not say whose rows it is for")
	}
	return nil
}
