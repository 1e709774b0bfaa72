package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// CaseWorkerHeader is the metadata entry with the assertion of a case worker.
	CaseWorkerHeader = "noticehub-case-worker"
	// CaseWorkerLifetime is the longest an assertion is good for: that long one that
	// was overheard can be repeated, provided that whoever heard it has the
	// authority's certificate too.
	CaseWorkerLifetime = 5 * time.Minute
	// assertionAudience is the aud of every assertion.
	assertionAudience = "noticehub"
	// maxAssertion bounds an assertion, in bytes.
	maxAssertion = 2048
	// maxCaseWorker bounds the name of a case worker, in characters, as the contract does.
	maxCaseWorker = 100
	// skew is how far a signer's clock may be ahead of ours.
	skew = 30 * time.Second
	// maxRemembered bounds what was verified and is remembered, per kind of credential.
	maxRemembered = 4096
)

var assertionAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA}

type assertion struct {
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// SignCaseWorker makes the assertion that caseWorker is behind the calls which
// bring it: a compact JWS by the key of the authority's certificate, ECDSA on
// P-256 or Ed25519. It is good from now for the given time, at most
// CaseWorkerLifetime.
func SignCaseWorker(key crypto.Signer, caseWorker string, now time.Time, lifetime time.Duration) (string, error) {
	switch {
	case !isCaseWorker(caseWorker):
		return "", errors.New("identity: a case worker's name has 1 to 100 printable characters")
	case lifetime <= 0 || lifetime > CaseWorkerLifetime:
		return "", errors.New("identity: an assertion lasts at most 5 minutes")
	}
	return signClaims(key, assertion{
		Subject: caseWorker, Audience: assertionAudience, Issued: now.Unix(), Expires: now.Add(lifetime).Unix(),
	}, nil)
}

// signClaims makes a compact JWS by the key of a certificate.
func signClaims(key crypto.Signer, claims any, o *jose.SignerOptions) (string, error) {
	algorithm := jose.ES256
	if _, ed := key.(ed25519.PrivateKey); ed {
		algorithm = jose.EdDSA
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, o)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// isCaseWorker reports whether s can be a case worker's name.
func isCaseWorker(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxCaseWorker &&
		strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unicode.IsControl)
}

// assertions verifies assertions and remembers the good ones, so that a call
// costs no signature check when an earlier one brought the same.
type assertions struct {
	clock clock.Clock
	known *remembered[string]
}

func newAssertions(c clock.Clock) *assertions {
	return &assertions{clock: c, known: newRemembered[string](maxRemembered)}
}

// verify returns the case worker whom an assertion by the holder of the
// certificate names.
func (a *assertions) verify(by *x509.Certificate, token string) (string, error) {
	if len(token) > maxAssertion {
		return "", badCaseWorker("it is too long")
	}
	now := a.clock.Now()
	key := sha256.Sum256(append([]byte(token+"\x00"), by.RawSubjectPublicKeyInfo...))
	if caseWorker, ok := a.known.get(key, now); ok {
		return caseWorker, nil
	}
	claims, err := readAssertion(by.PublicKey, token)
	if err != nil {
		return "", badCaseWorker("its signature is not one of the certificate's key by ES256 or EdDSA")
	}
	issued, expires := time.Unix(claims.Issued, 0), time.Unix(claims.Expires, 0)
	switch {
	case claims.Audience != assertionAudience:
		return "", badCaseWorker("its audience is not noticehub")
	case claims.Issued <= 0 || claims.Expires <= 0 || expires.Sub(issued) > CaseWorkerLifetime || !expires.After(issued):
		return "", badCaseWorker("it must be good for at most 5 minutes")
	case issued.After(now.Add(skew)):
		return "", badCaseWorker("it is from the future")
	case !expires.After(now):
		return "", badCaseWorker("it has expired")
	case !isCaseWorker(claims.Subject):
		return "", badCaseWorker("its subject is not a name of 1 to 100 printable characters")
	}
	a.known.put(key, claims.Subject, expires, now)
	return claims.Subject, nil
}

// readAssertion gives the claims of an assertion that key signed. A statement of
// a person is none.
func readAssertion(key crypto.PublicKey, token string) (assertion, error) {
	payload, header, err := readSigned(key, token)
	if err != nil {
		return assertion{}, err
	}
	if header.ExtraHeaders[jose.HeaderType] == personType {
		return assertion{}, errors.New("a statement of a person")
	}
	var claims assertion
	return claims, json.Unmarshal(payload, &claims)
}

// readSigned gives the payload of a compact JWS that key signed, and its protected header.
func readSigned(key crypto.PublicKey, token string) (payload []byte, header jose.Header, err error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, header, errors.New("not P-256")
		}
	case ed25519.PublicKey:
	default:
		return nil, header, errors.New("a kind of key that signs nothing here")
	}
	signed, err := jose.ParseSignedCompact(token, assertionAlgorithms)
	if err != nil {
		return nil, header, err
	}
	payload, err = signed.Verify(key)
	return payload, signed.Signatures[0].Protected, err
}

func badCaseWorker(why string) error {
	return fault.New(fault.Unauthenticated, "CASE_WORKER_INVALID", "the case worker's assertion is not accepted: %s", why).
		WithHelp("Send " + CaseWorkerHeader + " as a compact JWS with sub, aud, iat and exp, signed by the key of the client's certificate.")
}
