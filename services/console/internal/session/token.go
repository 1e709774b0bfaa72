package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/noticehub/noticehub/pkg/identity"
)

// tokenBytes of randomness in a token: nobody guesses 256 bits.
const tokenBytes = 32

// Token is the secret in a cookie. Only its Hash is kept.
type Token [tokenBytes]byte

// NewToken makes a token.
func NewToken() Token {
	var t Token
	_, _ = rand.Read(t[:]) // never fails: it ends the process instead
	return t
}

// Hash is what is stored of a token.
type Hash [sha256.Size]byte

// Hash of the token.
func (t Token) Hash() Hash { return sha256.Sum256(t[:]) }

// HashOf is the hash of a secret text, such as a state.
func HashOf(text string) Hash { return sha256.Sum256([]byte(text)) }

var encoding = base64.RawURLEncoding.Strict()

// Encoded is the token as a cookie's value: 43 characters.
func (t Token) Encoded() string { return encoding.EncodeToString(t[:]) }

// Names of the cookies. The prefix makes browsers insist on Secure, the path /
// and no domain, so that no sibling site can set or read them.
const (
	Cookie        = identity.SessionCookie
	AttemptCookie = "__Host-noticehub-signin"
)

// maxCookies is the longest Cookie header read.
const maxCookies = 8 << 10

// Find returns the token in the cookie of a name. Found is false when there is
// no such cookie; a cookie that is there twice, or is not a token, is found and
// not valid, so that nobody can slip in a second one.
func Find(header, name string) (t Token, found, valid bool) {
	if len(header) > maxCookies {
		return Token{}, true, false
	}
	for pair := range strings.SplitSeq(header, ";") {
		key, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		if key != name {
			continue
		}
		if found {
			return Token{}, true, false
		}
		found = true
		valid = len(value) == encoding.EncodedLen(tokenBytes)
		if valid {
			n, err := encoding.Decode(t[:], []byte(value))
			valid = err == nil && n == tokenBytes
		}
	}
	if !valid {
		t = Token{}
	}
	return t, found, valid
}
