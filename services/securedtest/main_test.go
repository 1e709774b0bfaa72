// Package securedtest runs the services as they run in production: each binary a
// process of its own, outside development, with TLS everywhere, its own login, its
// own key on the bus and tokens of an OpenID provider.
package securedtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// services in the order in which they are started; the registry declares streams.
var services = []string{"registry", "audit", "intake", "autoprocessing", "adviceoutcome", "workitems", "console"}

// binaries is where the services' programs are; made when first asked for.
var binaries string

var build = sync.OnceValue(func() error {
	// Without tables for debuggers linking takes half the time.
	arguments := []string{"build", "-ldflags=-s -w", "-o", binaries}
	for _, s := range services {
		arguments = append(arguments, "../cmd/"+s)
	}
	if said, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the services: %w\n%s", err, said)
	}
	return nil
})

// program is the path of a service's binary.
func program(t *testing.T, service string) string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(binaries, service)
}

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "noticehub-secured-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(binaries)
	os.Exit(code)
}
