package tlsfiles_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

const day = 24 * time.Hour

var frc = identity.Caller{Kind: identity.Authority, ID: "frc"}

// world is an authority with a server and a client.
type world struct {
	at             *clock.Fake
	ca             *tlsfiles.CA
	server, client tlsfiles.Files
	log            bytes.Buffer
	metrics        *prometheus.Registry
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{at: clock.NewFake(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)), metrics: prometheus.NewRegistry()}
	var err error
	if w.ca, err = tlsfiles.DevelopmentCA(filepath.Join(t.TempDir(), "tls"), w.at); err != nil {
		t.Fatal(err)
	}
	if w.server, err = w.ca.Server("hub", "hub.example"); err != nil {
		t.Fatal(err)
	}
	if w.client, err = w.ca.Client(frc); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) open(t *testing.T, files tlsfiles.Files) *tlsfiles.Store {
	t.Helper()
	s, err := tlsfiles.Open(files, tlsfiles.Options{Name: "test", Log: slog.New(slog.NewTextHandler(&w.log, nil)), Metrics: w.metrics, Clock: w.at})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// meet makes a handshake and gives the client's certificate as the server sees
// it, and both errors.
func meet(t *testing.T, server, client *tlsfiles.Store, host string) (*x509.Certificate, error) {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	sc, err1 := server.Server()
	cc, err2 := client.Client()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	cc.ServerName = host
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, c := tls.Server(there, sc), tls.Client(here, cc)
	met := make(chan error, 1)
	go func() {
		err := s.HandshakeContext(ctx)
		_ = there.SetDeadline(time.Now().Add(20 * time.Second))
		if err == nil {
			_, _ = s.Write([]byte("x"))
		}
		met <- err
		_ = there.Close()
	}()
	clientErr := c.HandshakeContext(ctx)
	if clientErr == nil {
		_, clientErr = c.Read(make([]byte, 1)) // a server refuses after the client is done
	} else {
		_ = here.Close()
	}
	err := errors.Join(<-met, clientErr)
	if err != nil {
		return nil, err
	}
	if s.ConnectionState().Version != tls.VersionTLS13 || s.ConnectionState().DidResume {
		t.Errorf("the connection is %+v", s.ConnectionState())
	}
	return s.ConnectionState().PeerCertificates[0], nil
}

func TestDevelopmentCertificates(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server, client := w.open(t, w.server), w.open(t, w.client)
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "hub.example"} {
		leaf, err := meet(t, server, client, host)
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if got, err := identity.OfCertificate(leaf); err != nil || got.Actor() != "authority:frc" {
			t.Errorf("%+v %v", got, err)
		}
	}
	if _, err := meet(t, server, client, "other.example"); err == nil {
		t.Error("a server of another name is believed")
	}
	if _, err := meet(t, client, client, "localhost"); err == nil {
		t.Error("a client's certificate serves")
	}
	if left := server.Left(); left < 29*day || left > 30*day {
		t.Errorf("it lasts %s", left)
	}
	err := filepath.WalkDir(filepath.Dir(w.ca.Certificate()), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		want := fs.FileMode(0o600)
		switch {
		case d.IsDir():
			want = 0o700
		case strings.HasSuffix(path, ".key"):
			want = 0o400
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "ca", "revoked", "../x", "A", "a b"} {
		if _, err := w.ca.Issue(bad, tlsfiles.Subject{Caller: frc}); err == nil {
			t.Errorf("a certificate called %q was issued", bad)
		}
	}
	if _, err := w.ca.Client(identity.Caller{Kind: identity.Person, ID: "alice"}); err == nil {
		t.Error("a person got a certificate")
	}
}

func TestCertificatesStayUntilAThirdIsLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, err := os.ReadFile(w.client.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	again := func() bool { // the same one?
		t.Helper()
		files, err := w.ca.Client(frc)
		if err != nil {
			t.Fatal(err)
		}
		now, err := os.ReadFile(files.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Equal(now, first)
	}
	w.at.Advance(19 * day)
	if !again() {
		t.Error("it was renewed too soon")
	}
	w.at.Advance(2 * day)
	if again() {
		t.Error("it was not renewed")
	}
	// Another process opens the same authority and takes what is there.
	other, err := tlsfiles.DevelopmentCA(filepath.Dir(w.ca.Certificate()), w.at)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := other.Client(frc); err != nil || files != w.client {
		t.Fatalf("%+v %v", files, err)
	}
	if _, err := meet(t, w.open(t, w.server), w.open(t, w.client), "localhost"); err != nil {
		t.Error(err)
	}
}

func testLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestProcessesAgreeOnOneAuthority(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tls")
	var wait sync.WaitGroup
	stores := make([]*tlsfiles.Store, 8)
	for i := range stores {
		wait.Go(func() {
			ca, err := tlsfiles.DevelopmentCA(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			files, err := ca.Issue("server-"+string(rune('a'+i)), tlsfiles.Subject{Caller: frc, Hosts: tlsfiles.Loopback()})
			if err != nil {
				t.Error(err)
				return
			}
			stores[i], err = tlsfiles.Open(files, tlsfiles.Options{Name: "x", Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i := range stores {
		if _, err := meet(t, stores[0], stores[i], "localhost"); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}
