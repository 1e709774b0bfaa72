package tree

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Name is the log's, and that of the key that signs its checkpoints.
const Name = "noticehub-audit"

// Key signs checkpoints.
type Key struct {
	note.Signer
	// Public is the key that others check with, as text.
	Public string
}

// Verifier checks what the key signed.
func (k *Key) Verifier() (note.Verifier, error) { return note.NewVerifier(k.Public) }

// OpenKey reads the signing key from a file that only its owner can read. With
// create, a key is made when the file is missing.
func OpenKey(path string, create bool) (*Key, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := makeKey(path); err != nil {
			return nil, fmt.Errorf("make the audit log's key: %w", err)
		}
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the audit log's key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the audit log's key: others than its owner can use %s: chmod 0400 it", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the audit log's key: %w", err)
	}
	return ParseKey(strings.TrimSpace(string(data)))
}

var errKey = errors.New("the audit log's key is not of the form PRIVATE+KEY+name+hash+base64")

// ParseKey reads a signing key from its text.
func ParseKey(text string) (*Key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, errKey // the error of note may repeat the key
	}
	parts := strings.Split(text, "+")
	seed, err := base64.StdEncoding.DecodeString(strings.Join(parts[4:], "+"))
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, errKey
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey) //nolint:forcetypeassert // by its documentation
	key, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, errKey
	}
	return &Key{Signer: signer, Public: key}, nil
}

// NewKey makes a signing key that is in no file.
func NewKey() (*Key, error) {
	private, _, err := note.GenerateKey(rand.Reader, Name)
	if err != nil {
		return nil, err
	}
	return ParseKey(private)
}

// makeKey writes a new key. Of processes that start together the first link wins,
// and nobody reads half a key.
func makeKey(path string) error {
	private, _, err := note.GenerateKey(rand.Reader, Name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".audit-log-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(fresh.Name()) }()
	_, err = fresh.WriteString(private + "\n")
	if err == nil {
		err = errors.Join(fresh.Chmod(0o400), fresh.Sync())
	}
	if err := errors.Join(err, fresh.Close()); err != nil {
		return err
	}
	if err := os.Link(fresh.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
