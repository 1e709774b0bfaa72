package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/internal/hub"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// What lets anybody be anybody is not reached from other machines.
func TestTheHubStaysOnItsMachine(t *testing.T) {
	t.Parallel()
	for _, o := range []hub.Options{{GRPCListen: ":0", HTTPListen: "127.0.0.1:0"}, {GRPCListen: "127.0.0.1:0", HTTPListen: "0.0.0.0:0"}} {
		o.Dir, o.Zone = t.TempDir(), "Australia/Sydney"
		if _, err := hub.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "this machine only") {
			t.Errorf("%s %s: %v", o.GRPCListen, o.HTTPListen, err)
		}
	}
}

// Every schema of the hub is as its service's start demands.
func TestWallsOfEverySchema(t *testing.T) {
	t.Parallel()
	admin := postgrestest.URL(t, hub.Schemas()...)
	for _, s := range hub.Schemas() {
		pool := postgrestest.Open(t, postgrestest.Login(t, admin, s), s, "")
		if err := errors.Join(postgres.CheckWalls(t.Context(), pool, s), postgres.CheckLogin(t.Context(), pool, s)); err != nil {
			t.Error(err)
		}
	}
}

// Case 41 of the attack list, for every service's own login on the real schemas:
// nothing of the others' can be read, nothing anywhere be unmade.
func TestAttacksOfEveryLogin(t *testing.T) {
	t.Parallel()
	admin := postgrestest.URL(t, hub.Schemas()...)
	if err := postgres.Migrate(t.Context(), admin, nil, hub.Schemas()...); err != nil { // a clone lacks what is granted on the database
		t.Fatal(err)
	}
	root, err := pgx.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close(context.Background()) })
	rows, err := root.Query(t.Context(), `SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')`)
	if err != nil {
		t.Fatal(err)
	}
	type table struct{ Schema, Name string }
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	if err != nil || len(tables) < 20 {
		t.Fatalf("%d tables: %v", len(tables), err)
	}
	roles := []string{"postgres", "noticehub_audit"}
	for _, s := range hub.Schemas() {
		roles = append(roles, s.Role)
	}
	tried := 0
	for _, s := range hub.Schemas() {
		pool := postgrestest.Open(t, postgrestest.Login(t, admin, s), s, postgres.Everything)
		refused := func(sql string) {
			tried++
			var pg *pgconn.PgError
			if _, err := pool.Exec(t.Context(), sql); !errors.As(err, &pg) || pg.Code != "42501" {
				t.Errorf("%s: %s: %v", s.Role, sql, err)
			}
		}
		for _, role := range roles {
			if role != s.Role {
				refused("SET ROLE " + role)
				refused("SET SESSION AUTHORIZATION " + role)
			}
		}
		for _, x := range tables {
			name := pgx.Identifier{x.Schema, x.Name}.Sanitize()
			refused("TRUNCATE " + name)
			refused("DROP TABLE " + name)
			refused("ALTER TABLE " + name + " DISABLE TRIGGER ALL")
			refused("ALTER TABLE " + name + " DISABLE ROW LEVEL SECURITY")
			refused("CREATE POLICY intruder ON " + name + " USING (true)")
			if x.Schema != s.Name {
				refused("SELECT FROM " + name)
				refused("DELETE FROM " + name)
			}
		}
		for _, sql := range []string{
			"UPDATE audit.record SET actor = 'nobody'", "DELETE FROM audit.record",
			"SET session_replication_role = replica", "CREATE TABLE intruder ()", "CREATE TEMP TABLE intruder ()", "CREATE TABLE public.intruder ()",
			"CREATE FUNCTION intruder() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE EXTENSION dblink", "CREATE SCHEMA intruder",
			"COPY (SELECT 1) TO PROGRAM 'cat'", "COPY (SELECT 1) TO '/tmp/intruder'", "SELECT pg_read_file('PG_VERSION')", "SELECT lo_create(0)",
			"ALTER ROLE " + s.Role + " BYPASSRLS", "ALTER SYSTEM SET fsync = off",
		} {
			refused(sql)
		}
	}
	t.Logf("%d attacks on %d tables", tried, len(tables))
}

// The hub's own server: every service has a login, and no password is on disk.
func TestHubGivesLogins(t *testing.T) {
	t.Parallel()
	dir := open(t)
	h, err := hub.Open(t.Context(), hub.Options{
		Insecure: true, Unlimited: true,
		Dir: dir, GRPCListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", Zone: "Australia/Sydney", Clock: clock.System(), FastDisk: true, Conns: 4,
		Telemetry: telemetry.Config{LogFormat: "text", LogLevel: "error"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	root, err := pgx.Connect(t.Context(), h.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close(context.Background()) }()
	rows, err := root.Query(t.Context(), "SELECT usename || '@' || application_name FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(sessions) == 0 {
		t.Fatalf("%d sessions: %v", len(sessions), err)
	}
	for _, s := range sessions {
		if strings.HasPrefix(s, "postgres@") {
			t.Errorf("session %s is the superuser's", s)
		}
	}
	for _, s := range hub.Schemas() {
		url, err := postgres.URLFor(h.DatabaseURL(), s.Role, "a-guess-at-the-password")
		if err != nil {
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			_ = conn.Close(context.Background())
			t.Errorf("%s came in without its password", s.Role)
		}
	}
}

// open is a folder the server's own user can pass through.
func open(t *testing.T) string {
	t.Helper()
	var place string
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err == nil && fs.Bavail*uint64(fs.Bsize) > 4<<30 {
		place = "/dev/shm"
	}
	dir, err := os.MkdirTemp(place, "hub")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			slog.Warn(fmt.Sprint("left behind: ", err))
		}
	})
	return dir
}
