package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func code(c string) error { return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: c}) }

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind fault.Kind
	}{
		{code("08006"), fault.Unavailable}, // connection failure
		{code("08P01"), fault.Unavailable}, // protocol violation
		{code("53100"), fault.Unavailable}, // disk full
		{code("53200"), fault.Unavailable}, // out of memory
		{code("53300"), fault.Unavailable}, // too many connections
		{code("57P01"), fault.Unavailable}, // admin shutdown
		{code("57P02"), fault.Unavailable}, // crash shutdown
		{code("57P03"), fault.Unavailable}, // cannot connect now
		{code("57P05"), fault.Unavailable}, // idle session timeout
		{code("58030"), fault.Unavailable}, // I/O error
		{code("55P03"), fault.Unavailable}, // lock not available
		{code("25P03"), fault.Unavailable}, // idle in transaction
		{code("25006"), fault.Unavailable}, // read only: a standby
		{code("40003"), fault.Unavailable}, // statement completion unknown
		{code("40001"), fault.Conflict},
		{code("40P01"), fault.Conflict},
		{code("57014"), fault.Deadline},
		{code("23505"), fault.Unknown},
		{code("23P01"), fault.Unknown},
		{code("42601"), fault.Unknown},
		{code("28P01"), fault.Unknown}, // wrong password: not going to pass by itself
		{code(""), fault.Unknown},
		{pgx.ErrNoRows, fault.Unknown},
		{errors.New("ours"), fault.Unknown},
		{context.Canceled, fault.Canceled},
		{context.DeadlineExceeded, fault.Deadline},
		{fmt.Errorf("timeout: %w", context.DeadlineExceeded), fault.Deadline},
		{io.EOF, fault.Unavailable},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), fault.Unavailable},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, fault.Unavailable},
		{&net.DNSError{Err: "no such host"}, fault.Unavailable},
		{syscall.EPIPE, fault.Unavailable},
		{net.ErrClosed, fault.Unavailable},
		{pgconn.ErrConnClosed, fault.Unavailable},
		{fault.New(fault.NotFound, "X", "x").Wrap(code("40001")), fault.NotFound},
	} {
		got := postgres.Classify(c.err)
		if fault.KindOf(got) != c.kind {
			t.Errorf("Classify(%v) is %v, want %v", c.err, fault.KindOf(got), c.kind)
		}
		if !errors.Is(got, c.err) {
			t.Errorf("Classify(%v) lost its cause: %v", c.err, got)
		}
		if c.kind == fault.Unknown && got != c.err { //nolint:errorlint // must be the very same
			t.Errorf("Classify(%v) changed to %v", c.err, got)
		}
	}
	if postgres.Classify(nil) != nil {
		t.Error("Classify(nil) is an error")
	}
}

func TestClassifyRealTrouble(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())

	_, err := pool.Exec(ctx, "SET statement_timeout = '20ms'; SELECT pg_sleep(5)")
	if got := postgres.Classify(err); !fault.Is(got, fault.Deadline) {
		t.Errorf("statement timeout is %v: %v", fault.KindOf(got), got)
	}
	_, err = pool.Exec(ctx, "SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())")
	if err == nil {
		t.Error("killed session reported no error")
	}
	if got := postgres.Classify(err); err != nil && !fault.Is(got, fault.Unavailable) {
		t.Errorf("killed session is %v: %v", fault.KindOf(got), got)
	}
	refused, err := pgxpool.New(ctx, "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	if got := postgres.Classify(refused.Ping(ctx)); !fault.Is(got, fault.Unavailable) {
		t.Errorf("refused connection is %v: %v", fault.KindOf(got), got)
	}
	refused.Close()
	if got := postgres.Classify(refused.Ping(ctx)); !fault.Is(got, fault.Unavailable) {
		t.Errorf("closed pool is %v: %v", fault.KindOf(got), got)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if got := postgres.Classify(pool.Ping(canceled)); !fault.Is(got, fault.Canceled) {
		t.Errorf("canceled call is %v: %v", fault.KindOf(got), got)
	}
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	pool := postgrestest.Pool(t, shop())
	exec(t, pool, "INSERT INTO item (id, name, stock, period) VALUES (1, 'a', 7, '[2026-01-01,2026-02-01)')")

	_, unique := pool.Exec(ctx, "INSERT INTO item (id, name) VALUES (2, 'a')")
	if !postgres.IsUnique(unique, "item_name") || !postgres.IsUnique(unique, "") || postgres.IsUnique(unique, "item_pkey") || postgres.IsExclusion(unique) {
		t.Errorf("unique violation not told apart: %v", unique)
	}
	_, exclusion := pool.Exec(ctx, "INSERT INTO item (id, name, stock, period) VALUES (3, 'c', 7, '[2026-01-31,2026-03-01)')")
	if !postgres.IsExclusion(exclusion) || postgres.IsUnique(exclusion, "") {
		t.Errorf("exclusion violation not told apart: %v", exclusion)
	}
	if postgres.IsUnique(nil, "") || postgres.IsExclusion(errors.New("x")) {
		t.Error("other errors taken for violations")
	}
}
