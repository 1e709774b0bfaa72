package report

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Signer signs reports.
type Signer struct {
	key ed25519.PrivateKey
	id  string
}

// NewSigner signs with the key.
func NewSigner(key ed25519.PrivateKey) Signer {
	return Signer{key: key, id: KeyID(key.Public().(ed25519.PublicKey))}
}

// KeyID names a public key: "ed25519-" and the first 16 hex digits of its SHA-256.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return "ed25519-" + hex.EncodeToString(sum[:8])
}

// KeyID names the signing key.
func (s Signer) KeyID() string { return s.id }

// Public is the key that verifies.
func (s Signer) Public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// Sign sets the signature and key of a seal. Ed25519 is deterministic: sealing
// again gives the same signature.
func (s Signer) Sign(h Head, seal *Seal) {
	seal.KeyID = s.id
	seal.Signature = ed25519.Sign(s.key, Statement(h, *seal))
}

// Verify reports whether the seal's signature is that of the key.
func Verify(public ed25519.PublicKey, h Head, seal Seal) bool {
	return ed25519.Verify(public, Statement(h, seal), seal.Signature)
}

// Statement is what is signed: seven lines of text, each ended by a line feed,
// that anyone can put together from what the API tells of a report. The previous
// digest chains the authority's reports; it is empty for the first.
func Statement(h Head, s Seal) []byte {
	return fmt.Appendf(nil, "noticehub daily report 1\nauthority %s\nsequence %d\ndate %s\ncsv sha256 %x\njson sha256 %x\nprevious sha256 %x\n",
		h.AuthorityID, h.Sequence, h.Date, s.CSV.Sum, s.JSON.Sum, s.PreviousDigest)
}
