package postgres_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// owned is a schema with a table under row security and a row of each of two owners.
func owned() postgres.Schema {
	return postgres.Schema{Name: "owned", Role: "owned_service", Migrations: fstest.MapFS{
		"0001_item.sql": {Data: []byte(`-- +goose Up
CREATE TABLE item (owner text NOT NULL);
INSERT INTO item VALUES ('a'), ('b');
CREATE POLICY scope ON item USING ((SELECT current_setting('noticehub.scope', true)) = '*' OR owner = ANY (string_to_array((SELECT current_setting('noticehub.scope', true)), ',')));
ALTER TABLE item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
`)},
	}}
}

func TestQueryInScope(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	address := postgrestest.URL(t, owned())
	door := postgrestest.Open(t, postgrestest.Login(t, address, owned()), owned(), "")
	ask := func(owner, sql string, arguments ...any) (found []string, err error) {
		err = postgres.QueryInScope(ctx, door, owner, sql, arguments, func(rows pgx.Rows) (err error) {
			found, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
		return found, err
	}
	for range 3 { // unknown statements first, then known ones
		if found, err := ask("b", "SELECT owner FROM item WHERE owner <> $1", "x"); err != nil || len(found) != 1 || found[0] != "b" {
			t.Fatalf("%v, %v", found, err)
		}
		if n := query[int](t, door, "SELECT count(*) FROM item"); n != 0 {
			t.Errorf("%d rows without a scope: one outlived its statement", n)
		}
	}
	for _, owner := range []string{"", "*", "a,b"} {
		if _, err := ask(owner, "SELECT owner FROM item"); !fault.Is(err, fault.Internal) {
			t.Errorf("owner %q: %v", owner, err)
		}
	}
	mine := errors.New("mine")
	if err := postgres.QueryInScope(ctx, door, "a", "SELECT owner FROM item", nil, func(pgx.Rows) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("the reader's error came back as %v", err)
	}
	if _, err := ask("a", "SELECT 1/0 FROM item"); err == nil {
		t.Error("an error of the statement was lost")
	}
	// A statement may write, within the scope, and is all or nothing.
	if _, err := ask("a", "INSERT INTO item VALUES ('b') RETURNING owner"); err == nil {
		t.Error("a row was added for another owner")
	}
	if found, err := ask("a", "INSERT INTO item VALUES ('a') RETURNING owner"); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}
