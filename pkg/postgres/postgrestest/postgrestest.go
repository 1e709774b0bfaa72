// Package postgrestest gives tests real databases, fast.
//
// Each test process has one server of its own, started at first use, with fsync
// off, in memory where there is enough of it; it dies with the process, even by kill -9. Each
// distinct set of schemas is migrated once into a template; each test gets a
// clone of it, gone when the test ends. Processes never share anything, so
// packages can be tested in parallel. A machine without PostgreSQL fails the
// test: nothing is skipped.
package postgrestest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/postgres"
)

const (
	// patience bounds each step of the kit, on a machine busy with other tests.
	patience = 2 * time.Minute
	// poolConns per test: enough for a few concurrent parts of one service.
	poolConns = 8
	// closePatience is how long a test may keep connections after its end.
	closePatience = 10 * time.Second
)

// Main runs the tests of a package and stops the server:
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
//
// Without it the server ends with the process all the same; only its temporary
// directory stays, until the next run of any test sweeps it.
func Main(m *testing.M) {
	m.Run() // testing exits with its result when TestMain returns
	stop()
}

// Pool is a pool as the role of s[0] on a fresh database with the schemas s, as
// postgres.Open makes it for a service's own work (scope Everything). Both are
// gone when the test ends.
func Pool(t testing.TB, s ...postgres.Schema) *pgxpool.Pool {
	t.Helper()
	if len(s) == 0 {
		t.Fatal("postgrestest.Pool needs a schema to act as")
	}
	return Open(t, URL(t, s...), s[0], postgres.Everything)
}

// Open is a pool as the role of s, with a scope, on a database made by URL.
func Open(t testing.TB, address string, s postgres.Schema, scope string) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pool, err := postgres.Open(ctx, address, s, postgres.Options{MaxConns: poolConns, ApplicationName: "test", Scope: scope})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { pool.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(closePatience):
			t.Errorf("%d connections of the pool are still in use after the test", pool.Stat().AcquiredConns())
		}
	})
	return pool
}

// databases numbers the clones.
var databases atomic.Int64

// URL is the superuser's URL of a fresh database with the schemas s (an empty
// one without), gone when the test ends.
func URL(t testing.TB, s ...postgres.Schema) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	srv, err := start(ctx)
	if err != nil {
		t.Fatalf("start the test server: %v", err)
	}
	template, err := srv.template(ctx, s)
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	name := fmt.Sprintf("t%d", databases.Add(1))
	if _, err := srv.admin.Exec(ctx, create(name, template)); err != nil {
		t.Fatalf("clone the template database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := srv.admin.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return srv.url(name)
}

// create copies a template's files: 10 ms in memory, half of what a copy through
// the log takes; its checkpoints are cheap without syncs.
func create(name, template string) string {
	return "CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " TEMPLATE " + pgx.Identifier{template}.Sanitize() + " STRATEGY file_copy"
}

// url of another database of the server.
func (s *server) url(database string) string {
	u, err := url.Parse(s.local.URL())
	if err != nil {
		panic(err) // made by us
	}
	u.Path = "/" + strings.TrimPrefix(database, "/")
	return u.String()
}
