package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestOpenSettings(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t, shop())
	pool, err := postgres.Open(background(t), url, shop(), postgres.Options{
		MaxConns: 3, StatementTimeout: 1500 * time.Millisecond, LockTimeout: -1, ApplicationName: "till",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if n := pool.Config().MaxConns; n != 3 {
		t.Errorf("%d connections", n)
	}
	for setting, want := range map[string]string{
		"role": "shop_service", "search_path": `"shop", public`, "application_name": "till",
		"statement_timeout": "1500ms", "lock_timeout": "0", "idle_in_transaction_session_timeout": "1min",
		"jit": "off", "TimeZone": "UTC", "default_transaction_isolation": "read committed",
	} {
		if got := query[string](t, pool, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	empty := postgrestest.URL(t)
	missing := postgres.Schema{Name: "absent", Role: "absent_service"}
	if _, err := postgres.Open(ctx, empty, missing, postgres.Options{}); !fault.Is(err, fault.Precondition) {
		t.Errorf("missing role: %v", err)
	}
	if _, err := postgres.Open(ctx, "postgres://user:hush@ho st/", shop(), postgres.Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("bad URL: %v", err)
	}
	if _, err := postgres.Open(ctx, empty, postgres.Schema{}, postgres.Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("empty schema: %v", err)
	}
	began := time.Now()
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if _, err := postgres.Open(short, "postgres://x@127.0.0.1:1/x?sslmode=disable", shop(), postgres.Options{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
	if took := time.Since(began); took < 250*time.Millisecond || took > 5*time.Second {
		t.Errorf("gave up after %v, want about 300 ms", took)
	}
}

// Open and Migrate are called while the server is down, then starting and
// recovering.
func TestOpenWaitsForServer(t *testing.T) {
	t.Parallel()
	ctx := background(t)
	dir := tempDir(t)
	server := startLocal(t, dir)
	url := server.URL()
	server.Kill()

	opened := make(chan error, 1)
	go func() {
		if err := postgres.Migrate(ctx, url, nil, shop()); err != nil {
			opened <- err
			return
		}
		pool, err := postgres.Open(ctx, url, shop(), postgres.Options{})
		if err == nil {
			pool.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("came back without a server: %v", err)
	case <-time.After(200 * time.Millisecond): // well into the attempts
	}
	startLocal(t, dir)
	if err := <-opened; err != nil {
		t.Error(err)
	}
}
