package report

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// TokenSecret is a secret of 32 bytes for the tokens callers are given of places in
// lists: derived, so that processes with one key read each other's.
func (s Signer) TokenSecret() []byte {
	secret, err := hkdf.Key(sha256.New, s.key.Seed(), nil, "noticehub adviceoutcome tokens", sha256.Size)
	if err != nil {
		panic(err) // only for lengths out of range
	}
	return secret
}
