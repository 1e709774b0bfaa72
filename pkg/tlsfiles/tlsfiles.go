// Package tlsfiles keeps certificates in files: it reads them again when they
// change, so that rotation needs no restart, checks revocation lists, watches
// how long certificates last, and makes a certificate authority for development.
//
// It guarantees TLS 1.3 only, that a certificate on the revocation list or an
// expired list lets nobody in, and that a file that cannot be used (half
// written, key of another certificate) leaves what was good before in place. It
// does not say who may do what: pkg/identity reads the names in certificates.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/clock"
)

// statEvery is how old the knowledge may be that files did not change.
const statEvery = time.Second

// Files are the paths of PEM files.
type Files struct {
	// Certificate with its chain, the leaf first, and its Key.
	Certificate, Key string
	// Authorities whose certificates the other side may have.
	Authorities string
	// Revoked is a file with the revocation list of each authority that issues the
	// other side's certificates; "" checks none.
	Revoked string
}

func (f Files) paths() []string {
	paths := []string{f.Certificate, f.Key, f.Authorities}
	if f.Revoked != "" {
		paths = append(paths, f.Revoked)
	}
	return paths
}

// Options of a Store.
type Options struct {
	// Name of the certificate in metrics and logs, such as "intake"; required.
	Name string
	// Log is required.
	Log *slog.Logger
	// Metrics gets noticehub_certificate_days_left; may be nil.
	Metrics *prometheus.Registry
	// Clock is the machine's by default; it is no business clock.
	Clock clock.Clock
}

// Store gives TLS configurations of files as they are now. It is safe for
// concurrent use.
type Store struct {
	files Files
	o     Options

	current atomic.Pointer[loaded]
	checked atomic.Int64 // when the files were looked at last, in Unix nanoseconds

	mu     sync.Mutex // guards looking and loading
	stamps []stamp
}

// loaded is what the files said.
type loaded struct {
	certificate tls.Certificate
	authorities *x509.CertPool
	revoked     *revocations // nil: not checked
}

// Open reads the files; everything in them must be good now.
func Open(files Files, o Options) (*Store, error) {
	if o.Name == "" || o.Log == nil {
		return nil, errors.New("tlsfiles: a name and a log are required")
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	s := &Store{files: files, o: o}
	stamps, err := look(files.paths())
	if err != nil {
		return nil, fmt.Errorf("tlsfiles: %w", err)
	}
	first, err := load(files)
	if err != nil {
		return nil, fmt.Errorf("tlsfiles: %w", err)
	}
	s.stamps = stamps
	s.current.Store(first)
	s.checked.Store(o.Clock.Now().UnixNano())
	s.measure()
	s.warn()
	return s, nil
}

// now is what the files say, looked at in the last second.
func (s *Store) now() *loaded {
	now := s.o.Clock.Now().UnixNano()
	if now-s.checked.Load() < int64(statEvery) {
		return s.current.Load()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now-s.checked.Load() < int64(statEvery) {
		return s.current.Load()
	}
	s.checked.Store(now)
	s.reload()
	return s.current.Load()
}

func (s *Store) reload() {
	stamps, err := look(s.files.paths())
	if err != nil {
		s.o.Log.Error("certificate files cannot be read; the ones before stay in use", "certificate", s.o.Name, "error", err.Error())
		return
	}
	if same(stamps, s.stamps) {
		return
	}
	fresh, err := load(s.files)
	if err != nil {
		// Most likely they are being written: the stamps stay, so that the next look tries again.
		s.o.Log.Warn("changed certificate files cannot be used; the ones before stay in use", "certificate", s.o.Name, "error", err.Error())
		return
	}
	s.stamps = stamps
	s.current.Store(fresh)
	s.o.Log.Info("certificate files were read again", "certificate", s.o.Name, "expires", fresh.certificate.Leaf.NotAfter.UTC().Format(time.RFC3339))
	s.warn()
}

// stamp tells one content of a file from another.
type stamp struct {
	info fs.FileInfo
}

func look(paths []string) ([]stamp, error) {
	stamps := make([]stamp, len(paths))
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		stamps[i] = stamp{info}
	}
	return stamps, nil
}

func same(a, b []stamp) bool {
	for i := range a {
		if !os.SameFile(a[i].info, b[i].info) || a[i].info.Size() != b[i].info.Size() || !a[i].info.ModTime().Equal(b[i].info.ModTime()) {
			return false
		}
	}
	return true
}

func load(f Files) (*loaded, error) {
	l := &loaded{authorities: x509.NewCertPool()}
	var err error
	if l.certificate, err = tls.LoadX509KeyPair(f.Certificate, f.Key); err != nil {
		return nil, fmt.Errorf("%s with %s: %w", f.Certificate, f.Key, err)
	}
	authorities, err := readCertificates(f.Authorities)
	if err != nil {
		return nil, err
	}
	for _, c := range authorities {
		l.authorities.AddCert(c)
	}
	if f.Revoked != "" {
		if l.revoked, err = readRevoked(f.Revoked, authorities); err != nil {
			return nil, err
		}
	}
	return l, nil
}
