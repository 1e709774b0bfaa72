package tlsfiles

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

const (
	authorityLifetime = 10 * 365 * day
	leafLifetime      = 30 * day
	// listLifetime is short: a list that is kept from the servers must not be good for long.
	listLifetime = 7 * day
	// backdate allows for other machines' clocks.
	backdate = 5 * time.Minute
	// keepEvery is how often Keep looks for what is to be renewed.
	keepEvery = time.Minute
)

// CA is a certificate authority in a directory, for development and tests: its
// key lies beside the certificates.
type CA struct {
	dir   string
	clock clock.Clock

	mu          sync.Mutex
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	issued      map[string]func() error // renews if need be, by file name
}

// DevelopmentCA opens the authority in dir, or makes one: ca.pem, ca.key, and the
// revocation list revoked.pem. Processes that start together agree on one. c is
// the machine's clock when nil.
func DevelopmentCA(dir string, c clock.Clock) (*CA, error) {
	if c == nil {
		c = clock.System()
	}
	a := &CA{dir: dir, clock: c, issued: make(map[string]func() error)}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("tlsfiles: %w", err)
	}
	if err := a.alone(func() error { return errors.Join(a.openKey(), a.openCertificate()) }); err != nil {
		return nil, fmt.Errorf("tlsfiles: development authority in %s: %w", dir, err)
	}
	if err := a.keepList(); err != nil {
		return nil, fmt.Errorf("tlsfiles: development authority in %s: %w", dir, err)
	}
	return a, nil
}

func (a *CA) path(name string) string { return filepath.Join(a.dir, name) }

// Certificate is the path of the authority's certificate.
func (a *CA) Certificate() string { return a.path("ca.pem") }

// Revoked is the path of the revocation list.
func (a *CA) Revoked() string { return a.path("revoked.pem") }

func (a *CA) openKey() error {
	data, err := os.ReadFile(a.path("ca.key"))
	if errors.Is(err, fs.ErrNotExist) {
		var key *ecdsa.PrivateKey
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return err
		}
		if data, err = encodeKey(key); err != nil {
			return err
		}
		data, err = writeFirst(a.path("ca.key"), data, 0o400)
	}
	if err != nil {
		return err
	}
	a.key, err = decodeKey(data)
	return err
}

func (a *CA) openCertificate() error {
	if a.key == nil {
		return nil // the error of openKey says why
	}
	list, err := readCertificates(a.Certificate())
	if errors.Is(err, fs.ErrNotExist) {
		now := a.clock.Now()
		template := &x509.Certificate{
			SerialNumber: serial(), Subject: pkix.Name{CommonName: "NoticeHub development authority"},
			NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLifetime),
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		}
		var der []byte
		if der, err = x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key); err != nil {
			return err
		}
		if _, err = writeFirst(a.Certificate(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			return err
		}
		list, err = readCertificates(a.Certificate())
	}
	if err != nil {
		return err
	}
	a.certificate = list[0]
	if !a.key.PublicKey.Equal(a.certificate.PublicKey) {
		return errors.New("ca.key is not the key of ca.pem; remove both to start anew")
	}
	return nil
}

// Revoke puts the certificate of files on the revocation list.
func (a *CA) Revoke(files Files) error {
	list, err := readCertificates(files.Certificate)
	if err != nil {
		return fmt.Errorf("tlsfiles: revoke: %w", err)
	}
	if err := a.alone(func() error {
		entries, _, err := a.entries()
		if err != nil {
			return err
		}
		return a.writeList(append(entries, x509.RevocationListEntry{SerialNumber: list[0].SerialNumber, RevocationTime: a.clock.Now()}))
	}); err != nil {
		return fmt.Errorf("tlsfiles: revoke: %w", err)
	}
	return nil
}

// Keep renews certificates and the list when a third of their time is left, until
// ctx ends. Only certificates that this CA value gave out are renewed.
func (a *CA) Keep(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := a.Renew(); err != nil {
				return err
			}
		}
	}
}

// Renew renews what has less than a third of its time left.
func (a *CA) Renew() error {
	if err := a.keepList(); err != nil {
		return fmt.Errorf("tlsfiles: renew: %w", err)
	}
	if err := a.alone(func() error {
		for _, renew := range a.issued {
			if err := renew(); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("tlsfiles: renew: %w", err)
	}
	return nil
}

func (a *CA) keepList() error {
	return a.alone(func() error {
		entries, until, err := a.entries()
		if err != nil || until.Sub(a.clock.Now()) >= listLifetime/3 {
			return err
		}
		return a.writeList(entries)
	})
}

// alone does f while nobody else, in this process or another, changes the
// directory: a key must not end up beside another's certificate, and a list that
// is renewed must not lose what was just revoked.
func (a *CA) alone(f func() error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	lock, err := os.OpenFile(a.path(".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return f()
}

// entries are those of the list and how long it is good; none without a list.
func (a *CA) entries() ([]x509.RevocationListEntry, time.Time, error) {
	data, err := os.ReadFile(a.Revoked())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, time.Time{}, errors.New("revoked.pem is no revocation list")
	}
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		return nil, time.Time{}, err
	}
	return list.RevokedCertificateEntries, list.NextUpdate, nil
}

func (a *CA) writeList(entries []x509.RevocationListEntry) error {
	now := a.clock.Now()
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(now.UnixNano()), ThisUpdate: now.Add(-backdate), NextUpdate: now.Add(listLifetime), RevokedCertificateEntries: entries,
	}, a.certificate, a.key)
	if err != nil {
		return err
	}
	return replace(a.Revoked(), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o600)
}
