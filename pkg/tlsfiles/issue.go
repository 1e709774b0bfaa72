package tlsfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/noticehub/noticehub/pkg/identity"
)

// Subject is whom a certificate is for.
type Subject struct {
	// Caller becomes the URI name; the zero Caller gives none. Persons have no certificates.
	Caller identity.Caller
	// Hosts a server is reached by: DNS names and IP addresses; none for clients.
	Hosts []string
}

// Loopback are the names of a server that is reached on its own machine.
func Loopback() []string { return []string{"localhost", "127.0.0.1", "::1"} }

var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,127}$`)

// Issue gives the certificate called name, made now unless there is one for the
// same subject with more than a third of its time left: name.pem and name.key,
// ECDSA on P-256, good for 30 days for servers and clients. Keep renews it.
func (a *CA) Issue(name string, s Subject) (Files, error) {
	files := Files{Certificate: a.path(name + ".pem"), Key: a.path(name + ".key"), Authorities: a.Certificate(), Revoked: a.Revoked()}
	if !fileName.MatchString(name) || name == "ca" || name == "revoked" {
		return files, fmt.Errorf("tlsfiles: %q cannot be the name of a certificate", name)
	}
	if s.Caller.Kind == identity.Person {
		return files, errors.New("tlsfiles: persons have no certificates")
	}
	renew := func() error {
		if a.good(files, s) {
			return nil
		}
		return a.make(files, s)
	}
	if err := a.alone(func() error {
		err := renew()
		if err == nil {
			a.issued[name] = renew
		}
		return err
	}); err != nil {
		return files, fmt.Errorf("tlsfiles: issue %s: %w", name, err)
	}
	return files, nil
}

// Server issues a server's certificate for loopback names and hosts, which is
// also its certificate as the named service when it calls others.
func (a *CA) Server(service string, hosts ...string) (Files, error) {
	return a.Issue("server-"+service, Subject{Caller: identity.Caller{Kind: identity.Service, ID: service}, Hosts: append(Loopback(), hosts...)})
}

// Client issues the certificate of an authority or a service: authority-frc.pem.
func (a *CA) Client(c identity.Caller) (Files, error) {
	return a.Issue(c.Kind.String()+"-"+c.ID, Subject{Caller: c})
}

// Calling issues the certificate of an authority or a service and opens it, to
// call as it in development.
func (a *CA) Calling(c identity.Caller) (*Store, error) {
	files, err := a.Client(c)
	if err != nil {
		return nil, err
	}
	return Open(files, Options{Name: c.ID, Log: slog.New(slog.DiscardHandler)})
}

// good reports whether the files hold a certificate for the subject with time left.
func (a *CA) good(files Files, s Subject) bool {
	l, err := load(Files{Certificate: files.Certificate, Key: files.Key, Authorities: files.Authorities})
	if err != nil {
		return false
	}
	leaf, now := l.certificate.Leaf, a.clock.Now()
	if leaf.CheckSignatureFrom(a.certificate) != nil || leaf.NotAfter.Sub(now) < leafLifetime/3 || now.Before(leaf.NotBefore) {
		return false
	}
	entries, _, err := a.entries()
	if err != nil || slices.ContainsFunc(entries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(leaf.SerialNumber) == 0 }) {
		return false
	}
	if s.Caller.Kind != 0 {
		if c, err := identity.OfCertificate(leaf); err != nil || c.Kind != s.Caller.Kind || c.ID != s.Caller.ID {
			return false
		}
	}
	for _, host := range s.Hosts {
		if leaf.VerifyHostname(host) != nil {
			return false
		}
	}
	return true
}

func (a *CA) make(files Files, s Subject) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := a.clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), NotBefore: now.Add(-backdate), NotAfter: now.Add(leafLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	if s.Caller.Kind != 0 {
		template.Subject = pkix.Name{CommonName: s.Caller.Actor()}
		template.URIs = []*url.URL{identity.URI(s.Caller)}
	}
	for _, host := range s.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	if len(s.Hosts) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return err
	}
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	// Between the two a reader finds a key of another certificate and keeps what it had.
	return errors.Join(
		replace(files.Key, private, 0o400),
		replace(files.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
}

func serial() *big.Int {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	random[0] &= 0x7f
	return new(big.Int).SetBytes(random)
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

func decodeKey(data []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("ca.key is no key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("ca.key is not an ECDSA key")
	}
	return key, nil
}

// replace makes the content of a file appear at once.
func replace(path string, data []byte, mode os.FileMode) error {
	fresh, err := writeBeside(path, data, mode)
	if err != nil {
		return err
	}
	defer os.Remove(fresh)
	return os.Rename(fresh, path)
}

// writeFirst makes the file unless there is one, and returns what it holds then.
func writeFirst(path string, data []byte, mode os.FileMode) ([]byte, error) {
	fresh, err := writeBeside(path, data, mode)
	if err != nil {
		return nil, err
	}
	defer os.Remove(fresh)
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

func writeBeside(path string, data []byte, mode os.FileMode) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".fresh-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
