// Package authztest walks every cell of who may call what over a whole hub in one
// process.
package authztest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/authztest/cells"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// start runs a hub of its own and tells how to walk it.
func start(t *testing.T) cells.Hub {
	t.Helper()
	dir, err := os.MkdirTemp("", "noticehub-authz-") // t.TempDir is closed to PostgreSQL's own user
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h, err := hub.Open(t.Context(), hub.Options{
		Insecure: true, Unlimited: true,
		Dir: filepath.Join(dir, "hub"), GRPCListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", Zone: "Australia/Sydney", FastDisk: true,
		Telemetry: telemetry.Config{LogFormat: "text", LogLevel: "error"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the hub ended with %v", err)
		}
	})
	conn, err := rpc.Dial(h.GRPC(), nil, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	return cells.Hub{Native: conn, HTTP: "http://" + h.HTTP(), Client: &http.Client{Transport: &http.Transport{Protocols: &protocols}}, Database: h.DatabaseURL()}
}

// The walk and the clock share one hub: its records are the same.
func TestEveryCell(t *testing.T) {
	t.Parallel()
	w, err := cells.Prepare(t.Context(), start(t))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	n, leaks, problems := w.Walk(t.Context())
	t.Logf("authz_cells=%d authz_leaks=%d in %s", n, leaks, time.Since(began).Round(time.Millisecond))
	for _, p := range problems {
		t.Error(p)
	}
	if n < 10_000 || leaks > 0 {
		t.Errorf("%d cells with %d leaks; at least 10,000 and none are wanted", n, leaks)
	}
	for _, p := range w.Timing(t.Context()) {
		t.Errorf("timing: %s", p)
	}
}
