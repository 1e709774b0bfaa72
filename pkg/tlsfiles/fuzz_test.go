package tlsfiles

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/noticehub/noticehub/pkg/identity"
)

// FuzzRevoked: a revocation list that is taken is signed by the authority; no
// other file is, whatever is in it.
func FuzzRevoked(f *testing.F) {
	dir := f.TempDir()
	ca, err := DevelopmentCA(dir, nil)
	if err != nil {
		f.Fatal(err)
	}
	files, err := ca.Client(identity.Caller{Kind: identity.Authority, ID: "frc"})
	if err != nil {
		f.Fatal(err)
	}
	if err := ca.Revoke(files); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(ca.Revoked())
	if err != nil {
		f.Fatal(err)
	}
	authorities, err := readCertificates(ca.Certificate())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{})
	f.Add([]byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"))
	path := filepath.Join(dir, "fuzzed.pem")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := readRevoked(path, authorities)
		if err == nil && (len(r.lists) == 0 || len(r.lists[0].serials) != 1) {
			t.Errorf("taken: %q", data)
		}
		_, _ = readCertificates(path) // must not panic
	})
}
