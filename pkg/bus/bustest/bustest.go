// Package bustest gives tests a real bus: a NATS server of their own, in process,
// with its store in a temporary directory.
package bustest

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/noticehub/noticehub/pkg/bus"
)

// Key encrypts the stores of test servers, as in production.
const Key = "test-store-key"

// Server starts a server that ends with the test.
func Server(t testing.TB) *bus.Embedded {
	t.Helper()
	return ServerIn(t, t.TempDir())
}

// ServerIn starts a server with its store in dir, for tests that damage it.
func ServerIn(t testing.TB, dir string) *bus.Embedded {
	t.Helper()
	server, err := bus.StartEmbedded(bus.EmbeddedOptions{Dir: dir, Key: Key, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("start embedded bus: %v", err)
	}
	t.Cleanup(server.Shutdown)
	return server
}

// New connects to a server of the test's own.
func New(t testing.TB) *bus.Bus {
	t.Helper()
	return Connect(t, Server(t))
}

// Connect makes one more connection to a server.
func Connect(t testing.TB, server *bus.Embedded) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: server, Name: t.Name()}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("connect to embedded bus: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

// Snapshot copies a store that is in use, as a copy of the files looks after a
// crash that lost the tail. Files that vanish meanwhile are left out.
func Snapshot(t testing.TB, store string) (copied string) {
	t.Helper()
	copied = filepath.Join(t.TempDir(), "store")
	err := filepath.WalkDir(store, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it vanished
		}
		relative, _ := filepath.Rel(store, path)
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(copied, relative), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // it vanished
		}
		return os.WriteFile(filepath.Join(copied, relative), data, 0o600)
	})
	if err != nil {
		t.Fatalf("copy the store: %v", err)
	}
	return copied
}

// PutBack replaces a store that is not in use by a copy.
func PutBack(store, copied string) error {
	if err := Wipe(store); err != nil {
		return err
	}
	return os.CopyFS(store, os.DirFS(copied))
}

// Wipe empties a store that is not in use.
func Wipe(store string) error {
	if err := os.RemoveAll(store); err != nil {
		return err
	}
	return os.Mkdir(store, 0o700)
}
