package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// ledger is a schema with rows of authorities, a record nobody may change, and a
// neighbour whose services write there.
func ledger() postgres.Schema {
	return postgres.Schema{Name: "ledger", Role: "ledger_service", Writers: "ledger_writer", Migrations: fstest.MapFS{
		"0001_entry.sql": {Data: []byte(`-- +goose Up
CREATE TABLE entry (id int PRIMARY KEY, authority_id text NOT NULL, note text NOT NULL DEFAULT '');
ALTER TABLE entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE entry FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON entry USING ((SELECT current_setting('noticehub.scope', true)) = '*' OR authority_id = ANY (string_to_array((SELECT current_setting('noticehub.scope', true)), ',')));
CREATE TABLE record (id bigserial PRIMARY KEY, note text NOT NULL);
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON record FOR EACH ROW EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE ON record FROM ledger_service;
GRANT USAGE ON SCHEMA ledger TO ledger_writer;
GRANT USAGE ON SEQUENCE record_id_seq TO ledger_writer;
GRANT INSERT ON record TO ledger_writer;
`)},
	}}
}

// desk is a shop whose role logs in; roles belong to the whole server.
func desk() postgres.Schema {
	return postgres.Schema{Name: "desk", Role: "desk_service", With: []postgres.Schema{ledger()}, Migrations: fstest.MapFS{
		"0001_item.sql": {Data: []byte("-- +goose Up\nCREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, stock int NOT NULL DEFAULT 0);")},
	}}
}

// walled is a database as Migrate leaves it: clones do not have what was granted
// on the database itself.
func walled(t *testing.T) (admin string, d postgres.Schema) {
	t.Helper()
	admin, d = postgrestest.URL(t, desk(), ledger()), desk()
	if err := postgres.Migrate(background(t), admin, nil, d, ledger()); err != nil {
		t.Fatal(err)
	}
	return admin, d
}

func refusal(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return ""
	}
	return pg.Code
}

// Case 41 of the attack list: what a service's login may not do.
func TestAttacksAsServiceLogin(t *testing.T) {
	t.Parallel()
	admin, d := walled(t)
	pool := postgrestest.Open(t, postgrestest.Login(t, admin, d), d, postgres.Everything)
	exec(t, pool, "INSERT INTO ledger.record (note) VALUES ('written')") // as a member of the writers
	exec(t, pool, "INSERT INTO item (id, name) VALUES (1, 'kept')")
	before := query[string](t, pool, "SELECT session_user || '/' || current_user")
	if before != "desk_service/desk_service" {
		t.Fatalf("the service is %s", before)
	}
	for name, sql := range map[string]string{
		"superuser's hat":       "SET ROLE postgres",
		"another's hat":         "SET ROLE ledger_service",
		"session authorization": "SET SESSION AUTHORIZATION postgres",
		"mightier":              "ALTER ROLE desk_service SUPERUSER",
		"exempt":                "ALTER ROLE desk_service BYPASSRLS",
		"another's password":    "ALTER ROLE ledger_service PASSWORD 'x'",
		"into another's role":   "GRANT ledger_service TO desk_service",
		"into files":            "GRANT pg_read_server_files TO desk_service",
		"new role":              "CREATE ROLE intruder LOGIN",
		"new database":          "CREATE DATABASE intruder",
		"alter":                 "ALTER TABLE item ADD COLUMN more text",
		"row security off":      "ALTER TABLE item DISABLE ROW LEVEL SECURITY",
		"no force":              "ALTER TABLE item NO FORCE ROW LEVEL SECURITY",
		"policy":                "CREATE POLICY open ON item USING (true)",
		"trigger off":           "ALTER TABLE item DISABLE TRIGGER ALL",
		"replica":               "SET session_replication_role = replica",
		"drop":                  "DROP TABLE item",
		"truncate":              "TRUNCATE item",
		"index":                 "CREATE INDEX ON item (stock)",
		"own table":             "CREATE TABLE intruder (id int)",
		"public table":          "CREATE TABLE public.intruder (id int)",
		"temporary table":       "CREATE TEMP TABLE intruder (id int)",
		"view":                  "CREATE VIEW intruder AS SELECT * FROM item",
		"function":              "CREATE FUNCTION intruder() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"trigger":               "CREATE TRIGGER intruder BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		"extension":             "CREATE EXTENSION dblink",
		"schema":                "CREATE SCHEMA intruder",
		"server setting":        "ALTER SYSTEM SET fsync = off",
		"reload":                "SELECT pg_reload_conf()",
		"log off":               "SET log_statement = 'none'",
		"program":               "COPY item TO PROGRAM 'cat'",
		"program in":            "COPY item FROM PROGRAM 'id'",
		"file out":              "COPY item TO '/tmp/intruder'",
		"file in":               "COPY item FROM '/etc/passwd'",
		"read file":             "SELECT pg_read_file('postgresql.conf')",
		"list files":            "SELECT pg_ls_dir('.')",
		"import file":           "SELECT lo_import('/etc/passwd')",
		"large object":          "SELECT lo_create(0)",
		"large object of bytes": "SELECT lo_from_bytea(0, 'x')",
		"passwords":             "SELECT rolpassword FROM pg_authid",
		"who may connect":       "SELECT * FROM pg_hba_file_rules",
		"another's rows":        "SELECT * FROM ledger.entry",
		"another's record":      "SELECT * FROM ledger.record",
		"change the record":     "UPDATE ledger.record SET note = 'changed'",
		"shorten the record":    "DELETE FROM ledger.record",
		"empty the record":      "TRUNCATE ledger.record",
		"migrations":            "UPDATE goose_db_version SET is_applied = false",
		"replication slot":      "SELECT pg_create_physical_replication_slot('intruder')",
	} {
		if _, err := pool.Exec(background(t), sql); refusal(err) != "42501" { // insufficient_privilege
			t.Errorf("%s: %s: %v", name, sql, err)
		}
	}
	// The setting itself is anybody's, but then the tables answer nothing at all.
	if _, err := pool.Exec(background(t), "SET row_security = off"); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, pool, "SELECT count(*)::int FROM item WHERE name = 'kept'"); n != 1 {
		t.Errorf("%d rows left", n)
	}
	// Nobody connects who is not of this database.
	stranger := postgres.Schema{Name: "stranger", Role: "stranger_service"}
	other := postgrestest.URL(t, stranger)
	foreign := strings.Replace(postgrestest.Login(t, other, stranger), path(t, other), path(t, admin), 1)
	if pool, err := postgres.Open(background(t), foreign, stranger, postgres.Options{}); err == nil {
		pool.Close()
		t.Error("a role of another database could connect")
	}
}

func path(t *testing.T, url string) string {
	t.Helper()
	_, after, _ := strings.Cut(url, "://")
	_, after, ok := strings.Cut(after, "/")
	before, _, _ := strings.Cut(after, "?")
	if !ok || before == "" {
		t.Fatalf("no database in the URL")
	}
	return "/" + before + "?"
}

// Row security holds for a login, in every way of asking.
func TestRowsOfOthersAsServiceLogin(t *testing.T) {
	t.Parallel()
	l := ledger()
	url := postgrestest.URL(t, l)
	all := postgrestest.Open(t, url, l, postgres.Everything)
	exec(t, all, "INSERT INTO entry VALUES (1, 'one'), (2, 'two')")
	own := postgrestest.Login(t, url, l)
	count := "SELECT count(*)::int FROM entry"
	if n := query[int](t, postgrestest.Open(t, own, l, ""), count); n != 0 {
		t.Errorf("without a scope %d rows", n)
	}
	one := postgrestest.Open(t, own, l, "one")
	if n := query[int](t, one, count); n != 1 {
		t.Errorf("in the scope of one %d rows", n)
	}
	for name, sql := range map[string]string{
		"without security": "SET row_security = off; SELECT * FROM entry",
		"another's":        "INSERT INTO entry VALUES (3, 'two')",
		"handed over":      "UPDATE entry SET authority_id = 'two'",
		"copied out":       "SET row_security = off; COPY entry TO STDOUT",
	} {
		if _, err := one.Exec(background(t), sql); refusal(err) != "42501" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckWalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, breach string }{
		"sound":           {"", ""},
		"bypass":          {"ALTER ROLE %r BYPASSRLS", "too mighty"},
		"file group":      {"GRANT pg_read_all_data TO %r", "pg_read_all_data is too mighty"},
		"owner":           {"ALTER TABLE entry OWNER TO %r", "owns relation"},
		"owner by a role": {"ALTER TABLE entry OWNER TO %r_writer", "owns relation"},
		"not forced":      {"ALTER TABLE entry NO FORCE ROW LEVEL SECURITY", "entry does not force"},
		"not enabled":     {"ALTER TABLE entry DISABLE ROW LEVEL SECURITY", "entry does not force"},
		"open policy":     {"CREATE POLICY open ON entry USING (true)", "does not ask for the scope"},
		"view":            {"CREATE VIEW seen AS SELECT * FROM entry", "view seen"},
		"invoker's view":  {"CREATE VIEW seen WITH (security_invoker = true) AS SELECT * FROM entry", ""},
		"exempt":          {"CREATE TABLE known (authority_id text)", ""},
		"maker":           {"GRANT CREATE ON SCHEMA %s TO %r", "may make objects"},
		"truncates":       {"GRANT TRUNCATE ON entry TO %r", "may truncate"},
		"reaches":         {"CREATE SCHEMA near; GRANT USAGE ON SCHEMA near TO %r", "reaches schema near"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ledger()
			// Roles belong to the server: each case breaks one of its own.
			s.Role = "ledger_" + strings.NewReplacer(" ", "_", "'", "").Replace(name)
			s.Writers = s.Role + "_writer"
			s.Open = []string{"known"}
			s.Migrations = fstest.MapFS{"0001_entry.sql": {Data: []byte(`-- +goose Up
CREATE TABLE entry (id int PRIMARY KEY, authority_id text NOT NULL);
ALTER TABLE entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE entry FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON entry USING (authority_id = current_setting('noticehub.scope', true));
GRANT ` + s.Writers + ` TO ` + s.Role + `;
`)}}
			admin := postgrestest.URL(t, s)
			pool := postgrestest.Open(t, postgrestest.Login(t, admin, s), s, "")
			if c.sql != "" {
				root := as(t, admin)
				exec(t, root, "SET search_path = "+s.Name+"; "+strings.NewReplacer("%r", s.Role, "%s", s.Name).Replace(c.sql))
			}
			err := postgres.CheckWalls(background(t), pool, s)
			if c.breach == "" && err != nil || c.breach != "" && (!fault.Is(err, fault.Precondition) || !strings.Contains(err.Error(), c.breach)) {
				t.Errorf("want %q, got %v", c.breach, err)
			}
		})
	}
}

// as is a pool of the administrator.
func as(t *testing.T, admin string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(background(t), admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestCheckLogin(t *testing.T) {
	t.Parallel()
	s := desk()
	url := postgrestest.URL(t, s, ledger())
	if err := postgres.CheckLogin(background(t), postgrestest.Open(t, url, s, ""), s); !fault.Is(err, fault.Precondition) {
		t.Errorf("an administrator with another hat: %v", err)
	}
	if err := postgres.CheckWalls(background(t), postgrestest.Open(t, url, s, ""), s); err != nil {
		t.Errorf("walls of a role taken by SET ROLE: %v", err)
	}
	if err := postgres.CheckLogin(background(t), postgrestest.Open(t, postgrestest.Login(t, url, s), s, ""), s); err != nil {
		t.Errorf("the role's own login: %v", err)
	}
	root := s
	root.Role = "postgres"
	if err := postgres.CheckWalls(background(t), postgrestest.Open(t, url, root, ""), root); !fault.Is(err, fault.Precondition) {
		t.Errorf("walls of a superuser: %v", err)
	}
}
