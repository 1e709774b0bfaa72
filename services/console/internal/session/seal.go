package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Tokens are the provider's, by which it is asked again.
type Tokens struct {
	// Access is for asking who the person is.
	Access string `json:"access"`
	// Expires is when Access is over.
	Expires time.Time `json:"expires"`
	// Refresh gets a new Access; "" when the provider gave none.
	Refresh string `json:"refresh,omitempty"`
}

// Sealer encrypts tokens for storage: AES-256-GCM, bound to their session, so
// that a row's tokens open in no other row.
type Sealer struct{ aead cipher.AEAD }

// keyBytes of a sealer: AES-256.
const keyBytes = 32

// NewSealer makes a sealer of a key of 32 bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != keyBytes {
		return nil, errors.New("console: the key of sessions must have 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &Sealer{aead}, err
}

// Seal encrypts the tokens of a session.
func (s *Sealer) Seal(id clock.ID, t Tokens) ([]byte, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(text)+s.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: it ends the process instead
	return s.aead.Seal(nonce, nonce, text, id[:]), nil
}

// Open decrypts them; with another key or of another session it fails.
func (s *Sealer) Open(id clock.ID, sealed []byte) (t Tokens, err error) {
	if len(sealed) < s.aead.NonceSize() {
		return t, errors.New("console: sealed tokens are too short")
	}
	n := s.aead.NonceSize()
	text, err := s.aead.Open(nil, sealed[:n], sealed[n:], id[:])
	if err != nil {
		return t, errors.New("console: sealed tokens do not open")
	}
	return t, json.Unmarshal(text, &t)
}
