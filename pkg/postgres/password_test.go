package postgres_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	for _, sound := range []string{
		"postgres://shop@db.example/x?sslmode=verify-full", "host=db.example user=password dbname=x", "postgresql:///x?host=/run/postgresql",
	} {
		if err := postgres.CheckSecret(sound); err != nil {
			t.Errorf("%s: %v", sound, err)
		}
	}
	for _, open := range []string{
		"postgres://shop:hush@db.example/x", "postgresql://shop:@db.example/x", "postgres://shop@db.example/x?password=hush", "postgres://shop@db.example/x?passfile=/p",
		"host=db.example password=hush", "postgres://shop@db.example/x?sslpassword=hush", "password = hush", "user=shop passfile=/p",
	} {
		if err := postgres.CheckSecret(open); !fault.Is(err, fault.Precondition) {
			t.Errorf("%s: %v", open, err)
		}
	}
}

// What a URL is can be told without its files; who opens it needs them.
func TestFilesOfURLs(t *testing.T) {
	t.Parallel()
	address := "postgres://shop@db.example/x?sslmode=verify-full&channel_binding=require&sslrootcert=/nowhere/ca.pem&sslkey=/nowhere/key.pem&sslcert=/nowhere/cert.pem"
	if err := postgres.CheckTransport(address); err != nil {
		t.Error(err)
	}
	if files := postgres.Files(address); len(files) != 3 || files["sslkey"] != "/nowhere/key.pem" {
		t.Errorf("%v", files)
	}
	if files := postgres.Files("host=db.example"); len(files) != 0 {
		t.Errorf("%v", files)
	}
	if err := postgres.CheckTransport("postgres://shop@db.example/x?sslrootcert=/nowhere/ca.pem"); !fault.Is(err, fault.Precondition) {
		t.Error(err)
	}
}

// A password that is changed counts at the next connection; sessions go on.
func TestPasswordIsAskedForEachConnection(t *testing.T) {
	t.Parallel()
	l, err := postgres.StartLocal(background(t), postgres.LocalOptions{Dir: filepath.Join(tempDir(t), "pg"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Kill)
	s := shop()
	if err := postgres.Migrate(background(t), l.URL(), nil, s); err != nil {
		t.Fatal(err)
	}
	now := rand.Text()
	change := func() {
		t.Helper()
		if err := postgres.Login(background(t), l.URL(), s, now); err != nil {
			t.Fatal(err)
		}
	}
	change()
	own, err := postgres.URLFor(l.URL(), s.Role, "none-of-this-counts")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(background(t), own, s, postgres.Options{Password: func() (string, error) { return now, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	now = rand.Text()
	change()
	pool.Reset()
	if err := pool.Ping(background(t)); err != nil {
		t.Error(err)
	}
	with, err := postgres.WithPassword(own, now)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(background(t), with)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(background(t))
}
