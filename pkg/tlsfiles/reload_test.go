package tlsfiles_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

func TestChangedFilesAreNoticed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server := w.open(t, w.server)
	first := server.Leaf().SerialNumber
	w.at.Advance(21 * day)
	if err := w.ca.Renew(); err != nil {
		t.Fatal(err)
	}
	if server.Leaf().SerialNumber.Cmp(first) == 0 {
		t.Error("the new certificate was not read")
	}
	client := w.open(t, w.client)
	if _, err := meet(t, server, client, "localhost"); err != nil {
		t.Error(err)
	}
	second := server.Leaf().SerialNumber
	// A key that is not the certificate's, a file that is gone: what was good stays.
	key, err := os.ReadFile(w.client.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"another key": func() error {
			return errors.Join(os.Remove(w.server.Key), os.WriteFile(w.server.Key, key, 0o400))
		},
		"half a file": func() error { return os.WriteFile(w.server.Certificate, []byte("-----BEGIN CERT"), 0o600) },
		"no file":     func() error { return os.Remove(w.server.Certificate) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		w.at.Advance(2 * time.Second)
		if server.Leaf().SerialNumber.Cmp(second) != 0 {
			t.Errorf("%s: the certificate changed", name)
		}
		if _, err := meet(t, server, client, "localhost"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.ca.Server("hub", "hub.example"); err != nil { // makes good ones again
		t.Fatal(err)
	}
	w.at.Advance(2 * time.Second)
	if server.Leaf().SerialNumber.Cmp(second) == 0 {
		t.Error("the files are good again and were not read")
	}
	if !strings.Contains(w.log.String(), "stay in use") {
		t.Error("that files could not be used is not in the log")
	}
}

func TestFilesAreLookedAtOnceASecond(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server := w.open(t, w.server)
	first := server.Leaf().SerialNumber
	if err := errors.Join(os.Remove(w.server.Certificate), os.Remove(w.server.Key)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ca.Server("hub", "hub.example"); err != nil {
		t.Fatal(err)
	}
	if server.Leaf().SerialNumber.Cmp(first) != 0 {
		t.Error("they were looked at within the second")
	}
	w.at.Advance(time.Second)
	if server.Leaf().SerialNumber.Cmp(first) == 0 {
		t.Error("they were not looked at after a second")
	}
}

func TestRevokedCertificates(t *testing.T) {
	t.Parallel()
	w := setup(t)
	stolen := w.client // a copy, which the authority does not renew
	stolen.Certificate, stolen.Key = filepath.Join(t.TempDir(), "x.pem"), filepath.Join(t.TempDir(), "x.key")
	for from, to := range map[string]string{w.client.Certificate: stolen.Certificate, w.client.Key: stolen.Key} {
		data, err := os.ReadFile(from)
		if err := errors.Join(err, os.WriteFile(to, data, 0o400)); err != nil {
			t.Fatal(err)
		}
	}
	server, client := w.open(t, w.server), w.open(t, stolen)
	if _, err := meet(t, server, client, "localhost"); err != nil {
		t.Fatal(err)
	}
	if err := w.ca.Revoke(w.client); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Second)
	if _, err := meet(t, server, client, "localhost"); !errors.Is(err, tlsfiles.ErrRevoked) {
		t.Errorf("a revoked client: %v", err)
	}
	// The authority gives out another, the list goes on, whoever renews it.
	fresh, err := w.ca.Client(frc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := meet(t, server, w.open(t, fresh), "localhost"); err != nil {
		t.Errorf("the new certificate: %v", err)
	}
	w.at.Advance(5 * day)
	if err := w.ca.Renew(); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Second)
	if _, err := meet(t, server, client, "localhost"); !errors.Is(err, tlsfiles.ErrRevoked) {
		t.Errorf("after the list was renewed: %v", err)
	}
	// A server that is revoked is not believed either.
	if err := w.ca.Revoke(w.server); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Second)
	if _, err := meet(t, server, w.open(t, fresh), "localhost"); !errors.Is(err, tlsfiles.ErrRevoked) {
		t.Errorf("a revoked server: %v", err)
	}
}

func TestExpiredListsLetNobodyIn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server, client := w.open(t, w.server), w.open(t, w.client)
	w.at.Advance(8 * day)
	if _, err := meet(t, server, client, "localhost"); !errors.Is(err, tlsfiles.ErrRevocationUnknown) {
		t.Errorf("%v", err)
	}
	if err := w.ca.Renew(); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Second)
	if _, err := meet(t, server, client, "localhost"); err != nil {
		t.Errorf("with a new list: %v", err)
	}
}

func TestForgedListsAreNotTaken(t *testing.T) {
	t.Parallel()
	w, other := setup(t), setup(t)
	server, client := w.open(t, w.server), w.open(t, w.client)
	if err := w.ca.Revoke(w.client); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Second)
	if _, err := meet(t, server, client, "localhost"); err == nil {
		t.Fatal("not revoked")
	}
	forged, err := os.ReadFile(other.ca.Revoked())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"another authority's": forged, "empty": nil, "rubbish": []byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")} {
		if err := os.WriteFile(w.ca.Revoked(), content, 0o600); err != nil {
			t.Fatal(err)
		}
		w.at.Advance(2 * time.Second)
		if _, err := meet(t, server, client, "localhost"); !errors.Is(err, tlsfiles.ErrRevoked) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := tlsfiles.Open(w.server, tlsfiles.Options{Name: "x", Log: testLog()}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestExpiryIsToldInTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.open(t, w.server)
	left := func() float64 {
		t.Helper()
		families, err := w.metrics.Gather()
		if err != nil || len(families) != 1 {
			t.Fatal(families, err)
		}
		return families[0].GetMetric()[0].GetGauge().GetValue()
	}
	if got := left(); got < 29.9 || got > 30 {
		t.Errorf("%v days left", got)
	}
	if w.log.Len() != 0 {
		t.Errorf("log: %s", &w.log)
	}
	w.at.Advance(17 * day)
	if got := left(); got < 12.9 || got > 13 {
		t.Errorf("%v days left", got)
	}
	w.open(t, w.server)
	if !strings.Contains(w.log.String(), "ends soon") || !strings.Contains(w.log.String(), "days_left=13") {
		t.Errorf("log: %s", &w.log)
	}
}

func TestOpenRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	nowhere := filepath.Join(t.TempDir(), "x")
	for name, change := range map[string]func(*tlsfiles.Files){
		"certificate": func(f *tlsfiles.Files) { f.Certificate = nowhere },
		"key":         func(f *tlsfiles.Files) { f.Key = nowhere },
		"authorities": func(f *tlsfiles.Files) { f.Authorities = nowhere },
		"list":        func(f *tlsfiles.Files) { f.Revoked = nowhere },
		"another key": func(f *tlsfiles.Files) { f.Key = w.client.Key },
		"no list":     func(f *tlsfiles.Files) { f.Revoked = f.Certificate },
	} {
		files := w.server
		change(&files)
		if _, err := tlsfiles.Open(files, tlsfiles.Options{Name: "x", Log: testLog()}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
