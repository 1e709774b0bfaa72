package postgres_test

import (
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// with returns the schema with one more migration.
func with(s postgres.Schema, name, sql string) postgres.Schema {
	files := fstest.MapFS{name: {Data: []byte("-- +goose Up\n" + sql)}}
	for n, f := range s.Migrations.(fstest.MapFS) {
		files[n] = f
	}
	s.Migrations = files
	return s
}

// superuser is a pool without a role.
func superuser(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(background(t), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	other := postgres.Schema{Name: "depot", Role: "depot_service", Migrations: fstest.MapFS{
		"0001_crate.sql": {Data: []byte("-- +goose Up\nCREATE TABLE crate (id int);\n-- slow enough for the others to meet it\nSELECT pg_sleep(0.2);")},
		"0002_index.sql": {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY crate_id ON crate (id);")},
	}}
	// Two databases of one server: roles are shared, locks are not.
	urls := []string{postgrestest.URL(t), postgrestest.URL(t)}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := postgres.Migrate(ctx, urls[i%2], nil, shop(), other); err != nil {
				t.Errorf("process %d: %v", i, err)
			}
		})
	}
	all.Wait()
	for _, url := range urls {
		admin := superuser(t, url)
		if got := query[int](t, admin, "SELECT count(*) FROM depot.goose_db_version WHERE version_id > 0"); got != 2 {
			t.Errorf("%d versions applied, want 2", got)
		}
		if !query[bool](t, admin, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'depot.crate_id'::regclass") {
			t.Error("index made concurrently is invalid")
		}
	}
}

func TestMigrateGrantsLittle(t *testing.T) {
	t.Parallel()
	other := postgres.Schema{Name: "depot", Role: "depot_service", Migrations: fstest.MapFS{
		"0001_crate.sql": {Data: []byte("-- +goose Up\nCREATE TABLE crate (id int);")},
	}}
	pool := postgrestest.Pool(t, shop(), other)
	if got := query[string](t, pool, "SELECT current_user"); got != "shop_service" {
		t.Fatalf("acting as %s", got)
	}
	exec(t, pool, "INSERT INTO numbered (note) VALUES ('x')")
	exec(t, pool, "UPDATE item SET stock = 0; DELETE FROM item; INSERT INTO sealed VALUES (1)")
	if !query[bool](t, pool, "SELECT 'abc' % 'abd' OR true") {
		t.Error("pg_trgm is not there")
	}
	for _, sql := range []string{
		"UPDATE sealed SET id = 2",
		"TRUNCATE item",
		"CREATE TABLE shop.mine ()",
		"CREATE TABLE public.mine ()",
		"ALTER TABLE item ADD COLUMN mine int",
		"DELETE FROM goose_db_version",
		"SELECT FROM depot.crate",
		"CREATE ROLE mine",
	} {
		_, err := pool.Exec(background(t), sql)
		if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
			t.Errorf("%s: %v, want permission denied", sql, err)
		}
	}
	if query[bool](t, pool, "SELECT bool_or(rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole) FROM pg_roles WHERE rolname = current_user") {
		t.Error("the role may too much")
	}
}

func TestMigrateAgain(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	url := postgrestest.URL(t, shop())
	newer := with(shop(), "0002_more.sql", "CREATE TABLE more (id int);")

	broken := with(newer, "0003_broken.sql", "CREATE TABLE half (id int); CREATE TABLE half (id int);")
	if err := postgres.Migrate(ctx, url, nil, broken); err == nil {
		t.Error("a broken migration succeeded")
	}
	admin := superuser(t, url)
	if got := query[int](t, admin, "SELECT count(*) FROM pg_tables WHERE schemaname = 'shop' AND tablename IN ('more', 'half')"); got != 1 {
		t.Errorf("%d of the tables, want the first one only", got)
	}
	if err := postgres.Migrate(ctx, url, nil, newer); err != nil {
		t.Errorf("after the repair: %v", err)
	}
	// The version before meets a database that is ahead.
	if err := postgres.Migrate(ctx, url, nil, shop()); err != nil {
		t.Errorf("older program: %v", err)
	}
	// A grant taken back stays so.
	if query[bool](t, admin, "SELECT has_table_privilege('shop_service', 'shop.sealed', 'UPDATE')") {
		t.Error("migrating again gave a privilege back")
	}
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	url := postgrestest.URL(t)
	for name, c := range map[string]struct {
		url    string
		schema postgres.Schema
		kind   fault.Kind
	}{
		"schema name":   {url, postgres.Schema{Name: `x"; DROP`, Role: "r"}, fault.Invalid},
		"role name":     {url, postgres.Schema{Name: "x"}, fault.Invalid},
		"url":           {"postgres://%zz", postgres.Schema{Name: "x", Role: "r"}, fault.Invalid},
		"no migrations": {url, postgres.Schema{Name: "x", Role: "r", Migrations: fs.FS(fstest.MapFS{"d/0001_a.sql": {}})}, fault.Invalid},
		"mighty role":   {url, postgres.Schema{Name: "x", Role: "postgres"}, fault.Precondition},
	} {
		if err := postgres.Migrate(ctx, c.url, nil, c.schema); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
	if err := postgres.Migrate(ctx, url, nil, postgres.Schema{Name: "bare", Role: "bare_service"}); err != nil {
		t.Errorf("schema without migrations: %v", err)
	}
}
