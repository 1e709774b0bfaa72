// Package pagetoken makes the tokens by which callers go on with a list or a stream.
//
// Guarantees: a token says nothing to whoever holds it, not even whether two places
// are far apart; it is accepted only for the owner and the purpose it was made for,
// unchanged, by whoever has the secret. One place of one owner always has the same
// token. A token grants nothing: queries are bound to the caller all the same.
//
// Not guaranteed: that a token outlives the secret. What is refused is refused
// alike, whether it was altered, belongs to another or is of an older secret.
package pagetoken

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// nonceSize is that of AES-GCM; the nonce is a hash of what is sealed, so that it
// repeats only with all of it.
const nonceSize = 12

// Tokens makes and reads the tokens of one purpose.
type Tokens struct {
	purpose string
	nonces  []byte
	sealer  cipher.AEAD
}

// New takes a secret of 32 bytes and what the tokens are for, such as
// "submissions": those for one purpose are refused for another.
func New(secret []byte, purpose string) (*Tokens, error) {
	if len(secret) != sha256.Size {
		return nil, errors.New("pagetoken: the secret must have 32 bytes")
	}
	block, err := aes.NewCipher(mac(secret, "encrypt"))
	if err != nil {
		return nil, err
	}
	sealer, err := cipher.NewGCM(block)
	return &Tokens{purpose: purpose, nonces: mac(secret, "nonce"), sealer: sealer}, err
}

// Seal is the token of a place in the owner's list. It has 4/3 of 28 bytes more
// than the place.
func (t *Tokens) Seal(owner string, place []byte) string {
	bound := t.bound(owner)
	nonce := mac(t.nonces, string(bound)+string(place))[:nonceSize]
	return base64.RawURLEncoding.EncodeToString(t.sealer.Seal(nonce, nonce, place, bound))
}

// Open is the place of a token made for the owner; false when it is not one.
func (t *Tokens) Open(owner, token string) (place []byte, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	// Decoding takes line feeds and spare bits; a token has one form only.
	if err != nil || len(sealed) < nonceSize || base64.RawURLEncoding.EncodeToString(sealed) != token {
		return nil, false
	}
	place, err = t.sealer.Open(nil, sealed[:nonceSize], sealed[nonceSize:], t.bound(owner))
	return place, err == nil
}

// bound is what a token is bound to; neither purposes nor ids hold line feeds.
func (t *Tokens) bound(owner string) []byte { return []byte(t.purpose + "\n" + owner + "\n") }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
