package rpc_test

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"testing"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

// keys are an authority's certificates for a test.
type keys struct {
	ca    *tlsfiles.CA
	store *tlsfiles.Store
	at    *clock.Fake // nil: the machine's clock
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	return newKeysAt(t, nil)
}

// newKeysAt has certificates from a clock that stands still.
func newKeysAt(t testing.TB, at *clock.Fake) *keys {
	t.Helper()
	k := &keys{at: at}
	var err error
	if k.ca, err = tlsfiles.DevelopmentCA(t.TempDir(), k.clock()); err != nil {
		t.Fatal(err)
	}
	files, err := k.ca.Server("hub")
	if err != nil {
		t.Fatal(err)
	}
	k.store = k.open(t, files)
	return k
}

func (k *keys) clock() clock.Clock {
	if k.at == nil {
		return clock.System()
	}
	return k.at
}

func (k *keys) server() (*tls.Config, error) { return k.store.Server() }

func (k *keys) open(t testing.TB, files tlsfiles.Files) *tlsfiles.Store {
	t.Helper()
	s, err := tlsfiles.Open(files, tlsfiles.Options{Name: "test", Log: slog.New(slog.DiscardHandler), Clock: k.clock()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// of is the store of a client's certificate.
func (k *keys) of(t testing.TB, kind, id string) *tlsfiles.Store {
	t.Helper()
	c := identity.Caller{Kind: identity.Authority, ID: id}
	if kind == "service" {
		c.Kind = identity.Service
	}
	files, err := k.ca.Client(c)
	if err != nil {
		t.Fatal(err)
	}
	return k.open(t, files)
}

func (k *keys) dial(t *testing.T, w *world, kind, id string) *grpc.ClientConn {
	t.Helper()
	return dialWith(t, w, rpc.DialOptions{TLS: k.of(t, kind, id).Client})
}

func dialWith(t *testing.T, w *world, o rpc.DialOptions) *grpc.ClientConn {
	t.Helper()
	o.Telemetry = w.tel
	c, err := rpc.DialWith(w.grpc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// client speaks HTTPS, with the certificate of an authority unless that is "".
func (k *keys) client(t *testing.T, authority string) *http.Client {
	t.Helper()
	store := k.store
	if authority != "" {
		store = k.of(t, "authority", authority)
	}
	c, err := store.Client()
	if err != nil {
		t.Fatal(err)
	}
	if authority == "" {
		c.Certificates = nil
	}
	transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
