package receipt

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const pemType = "PRIVATE KEY"

// Key signs receipts.
type Key struct {
	private ed25519.PrivateKey
	id      string
}

// NewKey wraps a private key.
func NewKey(private ed25519.PrivateKey) *Key {
	return &Key{private: private, id: KeyID(private.Public().(ed25519.PublicKey))}
}

// KeyID names a public key: the first 16 hexadecimal digits of its SHA-256.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// ID names the key.
func (k *Key) ID() string { return k.id }

// Public is the key authorities verify with.
func (k *Key) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// TokenSecret is a secret of 32 bytes for the tokens authorities are given of
// places in lists: derived, so that processes with one key read each other's.
func (k *Key) TokenSecret() []byte {
	secret, err := hkdf.Key(sha256.New, k.private.Seed(), nil, "noticehub intake tokens", sha256.Size)
	if err != nil {
		panic(err) // only for lengths out of range
	}
	return secret
}

// LoadKey reads a private key (PEM, PKCS #8, Ed25519). A file others than its
// owner and group may read is refused. When the file is missing and create is
// true, a key is made there, readable by its owner only; of several processes
// that start at once one makes it and all use it.
func LoadKey(path string, create bool) (*Key, error) {
	private, err := read(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err = makeKey(path); err == nil || errors.Is(err, fs.ErrExist) {
			private, err = read(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("receipt key: %w", err)
	}
	return NewKey(private), nil
}

func read(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s is open to everybody (mode %04o): run chmod 600 on it and replace the key", path, info.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("%s holds no PEM block %q", path, pemType)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a %T, need an Ed25519 key", path, key)
	}
	return private, nil
}

// makeKey writes a new key beside path and links it into place, so that the file
// is never seen half written and an existing one is never replaced.
func makeKey(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".receipt-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // its other name stays
	_, err = file.Write(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Link(file.Name(), path)
}
