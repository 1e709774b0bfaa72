package postgres_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// launcherDir, in the environment, makes this program a launcher of a local
// server instead of a test: see TestServerDiesWithLauncher.
const launcherDir = "POSTGRES_TEST_LAUNCHER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(launcherDir); dir != "" {
		launch(dir)
		return
	}
	postgrestest.Main(m)
}

// launch starts a server, prints its process number and waits to be killed.
func launch(dir string) {
	l, err := postgres.StartLocal(context.Background(), postgres.LocalOptions{Dir: dir, NoSync: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.PID())
	select {}
}

// shop is a schema such as a service has.
func shop() postgres.Schema {
	return postgres.Schema{Name: "shop", Role: "shop_service", Migrations: fstest.MapFS{
		"0001_items.sql": {Data: []byte(`-- +goose Up
CREATE TABLE item (
	id     int PRIMARY KEY,
	name   text NOT NULL CONSTRAINT item_name UNIQUE DEFERRABLE INITIALLY IMMEDIATE,
	stock  int NOT NULL DEFAULT 0,
	period daterange,
	CONSTRAINT item_period EXCLUDE USING gist (stock WITH =, period WITH &&)
);
CREATE TABLE numbered (id bigserial PRIMARY KEY, note text NOT NULL);
CREATE TABLE sealed (id int PRIMARY KEY);
REVOKE UPDATE, DELETE ON sealed FROM shop_service;
`)},
	}}
}

func background(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// tempDir is open to the user a server of root runs as; t.TempDir is not.
func tempDir(t *testing.T) string {
	t.Helper()
	// In memory if there is enough: on disk making a cluster takes seconds.
	var place string
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err == nil && fs.Bavail*uint64(fs.Bsize) > 4<<30 {
		place = "/dev/shm"
	}
	dir, err := os.MkdirTemp(place, "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(background(t), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func query[T any](t *testing.T, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := pool.QueryRow(background(t), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}
