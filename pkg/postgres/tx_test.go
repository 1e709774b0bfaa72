package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestInTxCommitsOrRollsBack(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())
	insert := func(tx pgx.Tx, note string) {
		if _, err := tx.Exec(ctx, "INSERT INTO numbered (note) VALUES ($1)", note); err != nil {
			t.Error(err)
		}
	}
	if err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error { insert(tx, "kept"); return nil }); err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	if err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error { insert(tx, "error"); return mine }); err != mine { //nolint:errorlint // unchanged
		t.Errorf("error came back as %v", err)
	}
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = postgres.InTx(ctx, pool, func(tx pgx.Tx) error { insert(tx, "panic"); panic("boom") })
	}()
	canceled, cancel := context.WithCancel(ctx)
	err := postgres.InTx(canceled, pool, func(tx pgx.Tx) error { insert(tx, "canceled"); cancel(); return nil })
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("canceled before commit: %v", err)
	}
	err = postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		_, _ = tx.Exec(ctx, "SELECT 1/0") // the error is dropped on purpose
		return nil
	})
	if !fault.Is(err, fault.Internal) {
		t.Errorf("commit of a failed transaction: %v", err)
	}
	if got := query[string](t, pool, "SELECT string_agg(note, ',') FROM numbered"); got != "kept" {
		t.Errorf("rows %q", got)
	}
	if n := pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections leaked", n)
	}
}

func TestInTxIsReadCommitted(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())
	err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		var level string
		if err := tx.QueryRow(ctx, "SHOW transaction_isolation").Scan(&level); err != nil {
			return err
		}
		if level != "read committed" {
			t.Errorf("isolation %q", level)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInTxRepeatsSerializationFailure(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())
	exec(t, pool, "INSERT INTO item (id, name) VALUES (1, 'a')")

	// A real one: our snapshot is older than somebody else's update.
	runs := 0
	err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		runs++
		if _, err := tx.Exec(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
			return err
		}
		var stock int
		if err := tx.QueryRow(ctx, "SELECT stock FROM item WHERE id = 1").Scan(&stock); err != nil {
			return err
		}
		if runs == 1 {
			exec(t, pool, "UPDATE item SET stock = stock + 10 WHERE id = 1")
		}
		_, err := tx.Exec(ctx, "UPDATE item SET stock = $1 WHERE id = 1", stock+1)
		return err
	})
	if err != nil || runs != 2 {
		t.Fatalf("%d runs: %v", runs, err)
	}
	if got := query[int](t, pool, "SELECT stock FROM item"); got != 11 {
		t.Errorf("stock %d, want 11", got)
	}

	// One that never ends: given up after a few, as a Conflict.
	runs = 0
	err = postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		runs++
		_, err := tx.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION 'race' USING ERRCODE = '40001'; END $$")
		return err
	})
	if !fault.Is(err, fault.Conflict) || runs < 3 || runs > 10 {
		t.Errorf("%d runs: %v", runs, err)
	}
}

func TestInTxRepeatsDeadlock(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())
	exec(t, pool, "INSERT INTO item (id, name) VALUES (1, 'a'), (2, 'b')")

	var met sync.WaitGroup // both hold their first row
	met.Add(2)
	var runs [2]int
	var flows sync.WaitGroup
	for i, order := range [][2]int{{1, 2}, {2, 1}} {
		flows.Go(func() {
			err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
				runs[i]++
				for step, id := range order {
					if _, err := tx.Exec(ctx, "UPDATE item SET stock = stock + 1 WHERE id = $1", id); err != nil {
						return err
					}
					if step == 0 && runs[i] == 1 {
						met.Done()
						met.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	flows.Wait()
	if runs[0]+runs[1] < 3 {
		t.Errorf("runs %v, want a repeat", runs)
	}
	if got := query[int](t, pool, "SELECT min(stock) FROM item"); got != 2 {
		t.Errorf("stock %d, want 2", got)
	}
}

func TestInTxLockTimeout(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	url := postgrestest.URL(t, shop())
	pool, err := postgres.Open(ctx, url, shop(), postgres.Options{LockTimeout: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	exec(t, pool, "INSERT INTO item (id, name) VALUES (1, 'a')")
	err = postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT FROM item WHERE id = 1 FOR UPDATE"); err != nil {
			return err
		}
		return postgres.InTx(ctx, pool, func(other pgx.Tx) error {
			_, err := other.Exec(ctx, "SELECT FROM item WHERE id = 1 FOR UPDATE")
			return err
		})
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("lock timeout: %v", err)
	}
}

func TestInTxRefusedAtCommit(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())
	exec(t, pool, "INSERT INTO item (id, name) VALUES (1, 'a')")
	err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SET CONSTRAINTS item_name DEFERRED; INSERT INTO item (id, name) VALUES (2, 'a')")
		return err
	})
	if !postgres.IsUnique(err, "item_name") {
		t.Errorf("deferred constraint came back as %v", err)
	}
}
