package devprovider

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/noticehub/noticehub/pkg/clock"
)

// keyBits of the signing key.
const keyBits = 2048

// accessToken is the content of an access token (RFC 9068). Its audience is the
// hub, while that of an ID token is the client: neither passes for the other.
type accessToken struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
	Client   string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`
	// Roles of a person when the token was issued; whoever lets people in by it asks
	// the user info what is left of them.
	Roles      []string `json:"roles,omitempty"`
	Authority  string   `json:"noticehub_authority,omitempty"`
	CaseWorker string   `json:"case_worker,omitempty"`
}

// tokens turns the ids of access tokens into signed tokens and back; codes stay
// encrypted as the library does it.
type tokens struct {
	storage *storage
	codes   op.Crypto
}

// Encrypt makes a token of "id:subject", or a code of anything else.
func (t *tokens) Encrypt(text string) (string, error) {
	id, _, isToken := strings.Cut(text, ":")
	if !isToken {
		return t.codes.Encrypt(text)
	}
	claims, ok := t.storage.issued(id)
	if !ok {
		return "", errors.New("no such token")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: t.storage.key.private, KeyID: t.storage.key.id}},
		(&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(data)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// Decrypt gives back what was encrypted; of a token only if it still counts.
func (t *tokens) Decrypt(text string) (string, error) {
	if strings.Count(text, ".") != 2 {
		return t.codes.Decrypt(text)
	}
	signed, err := jose.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", err
	}
	data, err := signed.Verify(&t.storage.key.private.PublicKey)
	if err != nil {
		return "", err
	}
	var c accessToken
	if err := json.Unmarshal(data, &c); err != nil {
		return "", err
	}
	now := clock.System().Now()
	if c.ID == "" || c.Audience != Audience || !now.Before(time.Unix(c.Expires, 0)) || t.storage.isRevoked(c.ID) {
		return "", errors.New("the token does not count")
	}
	return c.ID + ":" + c.Subject, nil
}

// key signs tokens; it is both halves to the library.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func (k key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k key) Key() any                                    { return k.private }
func (k key) ID() string                                  { return k.id }

type publicKey struct{ key }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.private.PublicKey }

// signingKey reads the key of a file, or makes one.
func signingKey(file string) (key, error) {
	if file != "" {
		if data, err := os.ReadFile(file); err == nil {
			return readKey(data)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return key{}, err
		}
	}
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil || file == "" {
		return named(private), err
	}
	data, err := x509.MarshalPKCS8PrivateKey(private)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		err = os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data}), 0o600)
	}
	return named(private), err
}

func readKey(data []byte) (key, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return key{}, errors.New("the file holds no PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return key{}, err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return key{}, errors.New("the file holds no RSA key")
	}
	return named(private), nil
}

// named names a key after itself, so that another key never has its name.
func named(private *rsa.PrivateKey) key {
	if private == nil {
		return key{}
	}
	web := jose.JSONWebKey{Key: &private.PublicKey}
	sum, err := web.Thumbprint(crypto.SHA256)
	if err != nil {
		return key{}
	}
	return key{id: base64.RawURLEncoding.EncodeToString(sum[:12]), private: private}
}
