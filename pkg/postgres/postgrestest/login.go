package postgrestest

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// Login is address, made by URL, with the login of the role of s: what a service
// sees that is not an administrator with another hat on. The password is the
// same for the whole test process.
func Login(t testing.TB, address string, s postgres.Schema) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	srv, err := start(ctx)
	if err != nil {
		t.Fatalf("start the test server: %v", err)
	}
	password, err := srv.password(ctx, address, s)
	if err != nil {
		t.Fatalf("give role %s a login: %v", s.Role, err)
	}
	own, err := postgres.URLFor(address, s.Role, password)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// LoginPool is Pool over the role's own login.
func LoginPool(t testing.TB, s ...postgres.Schema) *pgxpool.Pool {
	t.Helper()
	if len(s) == 0 {
		t.Fatal("postgrestest.LoginPool needs a schema to act as")
	}
	return Open(t, Login(t, URL(t, s...), s[0]), s[0], postgres.Everything)
}

// password of a role, which belongs to the whole server.
func (s *server) password(ctx context.Context, address string, schema postgres.Schema) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.passwords[schema.Role]; ok {
		return known, nil
	}
	fresh := rand.Text()
	if err := postgres.Login(ctx, address, schema, fresh); err != nil {
		return "", err
	}
	s.passwords[schema.Role] = fresh
	return fresh, nil
}
