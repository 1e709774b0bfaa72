package launch

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secretBytes is the length of a secret: that of a SHA-256.
const secretBytes = 32

// SecretFile reads 32 bytes, kept as 64 hexadecimal digits in a file that only
// its owner can read. With create, a file that is missing is made.
func SecretFile(path string, create bool) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		data, err = makeSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("secret: %s does not hold %d hexadecimal digits", path, 2*secretBytes)
	}
	return secret, nil
}

// makeSecret writes a new secret. Processes that start together agree: the first
// link wins, the others read it.
func makeSecret(path string) ([]byte, error) {
	random := make([]byte, secretBytes)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.WriteString(hex.EncodeToString(random))
	if err = errors.Join(err, fresh.Chmod(0o400), fresh.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(fresh.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}
