package adviceoutcome

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

const pemType = "PRIVATE KEY"

// openKey reads the signing key, making it first when it is missing and create
// is set.
func openKey(path string, create bool) (report.Signer, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := createKey(path); err != nil {
			return report.Signer{}, fmt.Errorf("make signing key: %w", err)
		}
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return report.Signer{}, fmt.Errorf("signing key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != pemType {
		return report.Signer{}, fmt.Errorf("signing key %s is no PEM %s", path, pemType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return report.Signer{}, fmt.Errorf("signing key %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return report.Signer{}, fmt.Errorf("signing key %s is no ed25519 key", path)
	}
	return report.NewSigner(key), nil
}

// createKey writes a new key under another name and links it into place, so that
// of two processes that start at once one wins and nobody reads half a key.
func createKey(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".signing-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	err = pem.Encode(file, &pem.Block{Type: pemType, Bytes: encoded})
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
