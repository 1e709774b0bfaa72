package ledger

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

func superuser(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// login is a connection of a login that is nothing but a member of a role: what
// it may do cannot be undone by RESET ROLE.
func login(t testing.TB, address, role string) *pgx.Conn {
	t.Helper()
	name := "t" + clock.NewID(clock.System().Now()).String()[24:]
	admin := superuser(t, address)
	if _, err := admin.Exec(t.Context(), fmt.Sprintf(`CREATE ROLE %q LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS PASSWORD 'p' IN ROLE %s`, name, role)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.Exec(context.Background(), fmt.Sprintf(`DROP ROLE %q`, name)) })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, "p")
	conn, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
