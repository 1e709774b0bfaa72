package postgres_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// A data directory made by an older version let everybody in over the socket.
func TestLocalServerAsksForPasswords(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "pg")
	// What the server is told is read back from its log.
	o := postgres.LocalOptions{Dir: dir, NoSync: true, Settings: map[string]string{"log_statement": "all"}}
	l, err := postgres.StartLocal(background(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(background(t)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "pg_hba.conf"), []byte("local all all trust\nhost all all 0.0.0.0/0 trust\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err = postgres.StartLocal(background(t), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop(context.Background()) })
	s := shop()
	if err := postgres.Migrate(background(t), l.URL(), nil, s); err != nil {
		t.Fatal(err)
	}
	connect := func(role, password string) error {
		url, err := postgres.URLFor(l.URL(), role, password)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(background(t), url)
		if err == nil {
			err = conn.Close(background(t))
		}
		return err
	}
	secret := rand.Text()
	if connect(s.Role, secret) == nil {
		t.Error("a role without a login could connect")
	}
	if err := postgres.Login(background(t), l.URL(), s, secret); err != nil {
		t.Fatal(err)
	}
	if err := connect(s.Role, secret); err != nil {
		t.Errorf("with its password: %v", err)
	}
	for _, wrong := range []string{"", "wrong-password-of-some-length", secret + "x"} {
		if connect(s.Role, wrong) == nil {
			t.Errorf("connected with password %q", wrong)
		}
	}
	fresh := rand.Text()
	if err := postgres.Login(background(t), l.URL(), s, fresh); err != nil {
		t.Fatal(err)
	}
	if connect(s.Role, secret) == nil || connect(s.Role, fresh) != nil {
		t.Error("a new password did not replace the old one")
	}
	said, err := os.ReadFile(filepath.Join(dir, "server.log"))
	if err != nil || !strings.Contains(string(said), "ALTER ROLE") {
		t.Fatalf("the log has no statements: %v", err)
	}
	if strings.Contains(string(said), secret) || strings.Contains(string(said), fresh) {
		t.Error("the log has a password")
	}
}

func TestLoginRefuses(t *testing.T) {
	t.Parallel()
	s := shop()
	url := postgrestest.URL(t, s)
	for _, password := range []string{"", "short", "long enough but with spaces", "länger-als-sechzehn-zeichen"} {
		if err := postgres.Login(background(t), url, s, password); !fault.Is(err, fault.Invalid) {
			t.Errorf("password %q: %v", password, err)
		}
	}
	mighty := postgres.Schema{Name: "mighty", Role: "mighty_service"}
	exec(t, as(t, url), "CREATE ROLE mighty_service BYPASSRLS")
	if err := postgres.Login(background(t), url, mighty, rand.Text()); !fault.Is(err, fault.Precondition) {
		t.Errorf("a role exempt from row security: %v", err)
	}
}

func TestURLFor(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"postgres://root:secret@db.example:5433/hub?sslmode=verify-full&role=x&user=y": "postgres://r:p%2F@db.example:5433/hub?sslmode=verify-full",
		"postgresql:///hub?host=%2Frun%2Fpg":                                           "postgresql://r:p%2F@/hub?host=%2Frun%2Fpg",
		"host=/run/pg user=root password='a b' dbname=hub":                             "host=/run/pg user=root password='a b' dbname=hub user='r' password='p/'",
	} {
		got, err := postgres.URLFor(in, "r", "p/")
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
		cfg, err := pgx.ParseConfig(got)
		if err != nil || cfg.User != "r" || cfg.Password != "p/" || cfg.Database != "hub" {
			t.Errorf("%s is not as meant: %v", got, err)
		}
	}
}

func TestCheckTransport(t *testing.T) {
	t.Parallel()
	for url, sound := range map[string]bool{
		"postgres:///hub?host=/run/postgresql":                                               true,
		"postgres://a@127.0.0.1/hub?sslmode=disable":                                         true,
		"postgres://a@db.example/hub?sslmode=verify-full&channel_binding=require":            true,
		"postgres://a@db.example/hub?sslmode=verify-full":                                    false,
		"postgres://a@db.example/hub?sslmode=verify-ca&channel_binding=require":              false,
		"postgres://a@db.example/hub?sslmode=require&channel_binding=require":                false,
		"postgres://a@db.example/hub?sslmode=prefer&channel_binding=require":                 false,
		"postgres://a@db.example/hub?sslmode=disable":                                        false,
		"postgres://a@db.example/hub":                                                        false,
		"postgres://a@127.0.0.1,db.example/hub?sslmode=disable":                              false,
		"postgres://a@db1.example,db2.example/h?sslmode=verify-full&channel_binding=require": true,
	} {
		if err := postgres.CheckTransport(url); (err == nil) != sound {
			t.Errorf("%s: %v", url, err)
		}
	}
}
