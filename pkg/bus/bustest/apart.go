package bustest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
)

// Apart is a server as it runs in production: from a file, with TLS.
type Apart struct {
	// URL of the server, by TLS.
	URL string

	said *telemetrytest.Log
}

// Said is what the server has logged.
func (a *Apart) Said() string { return a.said.String() }

// FromFile starts a server from the text of a configuration file, such as
// bus.ServerFile with this machine's paths and keys put in; it ends with the test.
func FromFile(t testing.TB, text string) *Apart {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs = true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	a := &Apart{said: &telemetrytest.Log{}}
	s.SetLoggerV2(told{a.said}, false, false, false)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server does not start")
	}
	a.URL = "tls://" + s.Addr().String()
	return a
}

// told keeps what a server complains of.
type told struct{ lines *telemetrytest.Log }

func (told) Noticef(string, ...any) {}
func (told) Debugf(string, ...any)  {}
func (told) Tracef(string, ...any)  {}

func (l told) Warnf(format string, a ...any)  { fmt.Fprintf(l.lines, format+"\n", a...) }
func (l told) Errorf(format string, a ...any) { fmt.Fprintf(l.lines, format+"\n", a...) }
func (l told) Fatalf(format string, a ...any) { fmt.Fprintf(l.lines, format+"\n", a...) }
