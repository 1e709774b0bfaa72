package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// small servers start quickly and leave memory to the others.
var small = map[string]string{"shared_buffers": "16MB"}

func startLocal(t *testing.T, dir string) *postgres.Local {
	t.Helper()
	return startWith(t, postgres.LocalOptions{Dir: dir, NoSync: true, Settings: small})
}

func startWith(t *testing.T, o postgres.LocalOptions) *postgres.Local {
	t.Helper()
	l, err := postgres.StartLocal(background(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := l.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return l
}

func connect(t *testing.T, l *postgres.Local) *pgxpool.Pool { return superuser(t, l.URL()) }

func TestLocalSettings(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "new", "pg")
	l := startWith(t, postgres.LocalOptions{Dir: dir, Settings: map[string]string{"work_mem": "8MB"}})
	pool := connect(t, l)
	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"jit": "off", "max_connections": "200", "shared_buffers": "256MB", "work_mem": "8MB", "listen_addresses": "",
		"server_encoding": "UTF8", "lc_collate": "C", "unix_socket_permissions": "0700",
	} {
		if got := query[string](t, pool, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	if got := query[string](t, pool, "SELECT current_setting('wal_compression')"); got == "off" {
		t.Error("the log is not compressed")
	}
	// What clients did wrong, with their data, is not logged.
	if _, err := pool.Exec(background(t), "SELECT 'canary'::int"); err == nil {
		t.Error("the canary is a number")
	}
	log, err := os.ReadFile(filepath.Join(dir, "server.log"))
	if err != nil || strings.Contains(string(log), "canary") || !strings.Contains(string(log), "ready to accept") {
		t.Errorf("log %q: %v", log, err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory %v: %v", info.Mode(), err)
	}
}

func TestLocalTCPNeedsPassword(t *testing.T) {
	t.Parallel()
	free := freePort(t)
	l := startWith(t, postgres.LocalOptions{Dir: tempDir(t), NoSync: true, Settings: small, Port: free})
	if got := query[int](t, superuser(t, l.TCPURL()), "SELECT 1"); got != 1 {
		t.Error("no answer over TCP")
	}
	wrong := strings.Replace(l.TCPURL(), "postgres:", "postgres:not", 2)
	pool, err := pgxpool.New(background(t), strings.Replace(wrong, "postgres:not//", "postgres://", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.Ping(background(t)); err == nil || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("wrong password: %v", err)
	}
}

func TestLocalKeepsDataOverKill(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	// With syncs: what was committed must be there after kill -9.
	l := startWith(t, postgres.LocalOptions{Dir: dir, Settings: small})
	exec(t, connect(t, l), "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
	if err := syscall.Kill(l.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	l.Kill() // reaps it
	l.Kill() // harmless

	again := startLocal(t, dir)
	if again.URL() != l.URL() {
		t.Errorf("address changed from %s to %s", l.URL(), again.URL())
	}
	if got := query[int](t, connect(t, again), "SELECT id FROM kept"); got != 1 {
		t.Error("row lost")
	}
	if err := again.Stop(background(t)); err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(background(t)); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
	if got := query[int](t, connect(t, startLocal(t, dir)), "SELECT id FROM kept"); got != 1 {
		t.Error("row lost")
	}
}

func TestLocalKeepRestarts(t *testing.T) {
	t.Parallel()
	l := startLocal(t, tempDir(t))
	pool := connect(t, l)
	exec(t, pool, "SELECT 1")
	ctx, cancel := context.WithCancel(background(t))
	kept := make(chan error, 1)
	go func() { kept <- l.Keep(ctx) }()
	for range 2 {
		before := l.PID()
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for l.PID() == before {
			time.Sleep(10 * time.Millisecond)
			if ctx.Err() != nil {
				t.Fatal("not started again")
			}
		}
		for { // each of the pool's dead connections fails once at most
			_, err := pool.Exec(ctx, "SELECT 1")
			if err == nil {
				break
			}
			if got := postgres.Classify(err); !fault.Is(got, fault.Unavailable) {
				t.Fatalf("the pool did not heal: %v", got)
			}
		}
	}
	cancel()
	if err := <-kept; err != nil {
		t.Error(err)
	}
}

func TestLocalRefusesSecondLauncher(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	l := startLocal(t, dir)
	_, err := postgres.StartLocal(background(t), postgres.LocalOptions{Dir: dir})
	if !fault.Is(err, fault.Precondition) || !strings.Contains(err.Error(), "run by another process") {
		t.Errorf("second launcher: %v", err)
	}
	exec(t, connect(t, l), "SELECT 1")
}

func TestLocalRefusesForeignDirectory(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.StartLocal(background(t), postgres.LocalOptions{Dir: dir}); !fault.Is(err, fault.Precondition) {
		t.Errorf("foreign directory: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("directory changed to %v: %v", info.Mode(), err)
	}
}

func TestLocalMissingPrograms(t *testing.T) {
	t.Parallel()
	_, err := postgres.StartLocal(background(t), postgres.LocalOptions{Dir: tempDir(t), BinDir: tempDir(t)})
	if !fault.Is(err, fault.Precondition) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("missing programs: %v", err)
	}
}

func TestLocalSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := postgres.StartLocal(background(t), postgres.LocalOptions{
		Dir: tempDir(t), NoSync: true, Settings: map[string]string{"shared_buffers": "lots"},
	})
	var f *fault.Error
	if !errors.As(err, &f) || !strings.Contains(f.Message, "shared_buffers") {
		t.Errorf("bad setting: %v", err)
	}
}
