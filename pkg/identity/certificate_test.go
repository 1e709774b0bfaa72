package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

func named(t testing.TB, uris ...string) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{NotAfter: time.Now().Add(time.Hour)}
	for _, s := range uris {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		c.URIs = append(c.URIs, u)
	}
	return c
}

// Attack 3, late: the connection of a certificate that has expired meanwhile.
func TestConnectionsDoNotOutliveCertificates(t *testing.T) {
	t.Parallel()
	c := named(t, "noticehub://authority/frc")
	c.NotAfter = time.Now().Add(-time.Second)
	var f *fault.Error
	if _, err := Certificates().Authenticate(t.Context(), Credentials{Certificate: c}); !errors.As(err, &f) || f.Reason != "CERTIFICATE_EXPIRED" {
		t.Error(err)
	}
}

func TestOfCertificate(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]Caller{
		"noticehub://authority/frc":     {Kind: Authority, ID: "frc"},
		"noticehub://authority/nt-spar": {Kind: Authority, ID: "nt-spar"},
		"noticehub://service/intake":    {Kind: Service, ID: "intake"},
	} {
		if got, err := OfCertificate(named(t, uri)); err != nil || got.Actor() != want.Actor() {
			t.Errorf("%s: %+v %v", uri, got, err)
		}
		if got := URI(want).String(); got != uri {
			t.Errorf("URI = %s", got)
		}
	}
	for _, uris := range [][]string{
		{},
		{"noticehub://authority/frc", "noticehub://authority/frc"},
		{"noticehub://authority/frc", "https://frc.example"},
		{"noticehub://person/alice"},
		{"noticehub://authority/"},
		{"noticehub://authority"},
		{"noticehub:authority/frc"},
		{"noticehub://authority/frc/x"},
		{"noticehub://authority/frc?x=1"},
		{"noticehub://authority/frc#x"},
		{"noticehub://u@authority/frc"},
		{"noticehub://authority:1/frc"},
		{"https://authority/frc"},
		{"noticehub://authority/FRC"},
		{"noticehub://authority/%66rc"},
		{"noticehub://AUTHORITY/frc"},
		{"noticehub://authority/frc%00"},
		{"noticehub:///frc"},
		{"noticehub://authority//frc"},
	} {
		if got, err := OfCertificate(named(t, uris...)); fault.KindOf(err) != fault.Unauthenticated || got.Kind != 0 {
			t.Errorf("%v: %+v %v", uris, got, err)
		}
	}
	if _, err := OfCertificate(nil); err == nil {
		t.Error("no certificate names somebody")
	}
}

// holder is a certificate with its key.
func holder(t testing.TB, key crypto.Signer, uri string) *x509.Certificate {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	c := named(t, uri)
	c.PublicKey, c.RawSubjectPublicKeyInfo = key.Public(), spki
	return c
}

func p256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, key any, algorithm jose.SignatureAlgorithm, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	s, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCaseWorkersAreAsserted(t *testing.T) {
	t.Parallel()
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{p256(t), edKey} {
		c := holder(t, key, "noticehub://authority/frc")
		token, err := SignCaseWorker(key, "Zoë O'Brien", time.Now(), CaseWorkerLifetime)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time it is remembered
			got, err := Certificates().Authenticate(t.Context(), Credentials{Certificate: c, CaseWorker: token})
			if err != nil || got.CaseWorker != "Zoë O'Brien" || got.Actor() != "authority:frc" {
				t.Errorf("%+v %v", got, err)
			}
		}
		service := holder(t, key, "noticehub://service/intake")
		if _, err := Certificates().Authenticate(t.Context(), Credentials{Certificate: service, CaseWorker: token}); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("a service's case worker: %v", err)
		}
	}
	for _, bad := range []string{"", " x", "a\nb", strings.Repeat("x", 101), "\xff"} {
		if _, err := SignCaseWorker(edKey, bad, time.Now(), time.Minute); err == nil {
			t.Errorf("%q was signed", bad)
		}
	}
	if _, err := SignCaseWorker(edKey, "x", time.Now(), CaseWorkerLifetime+1); err == nil {
		t.Error("a long assertion was signed")
	}
}

func TestBadAssertionsAreRefused(t *testing.T) {
	t.Parallel()
	at := clock.NewFake(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	now := at.Now().Unix()
	key, other := p256(t), p256(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := holder(t, key, "noticehub://authority/frc")
	a := newAssertions(at)
	claims := func(sub, aud string, iat, exp int64) string {
		b, err := json.Marshal(assertion{sub, aud, iat, exp})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	good := claims("alex", "noticehub", now, now+300)
	token := sign(t, key, jose.ES256, good)
	if got, err := a.verify(c, token); got != "alex" || err != nil {
		t.Fatalf("%q %v", got, err)
	}
	secret, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	part := strings.Split(token, ".")
	for name, bad := range map[string]string{
		"another key":        sign(t, other, jose.ES256, good),
		"public key as HMAC": sign(t, secret, jose.HS256, good),
		"RSA":                sign(t, rsaKey, jose.RS256, good),
		"alg none":           encode([]byte(`{"alg":"none"}`)) + "." + part[1] + ".",
		"no signature":       part[0] + "." + part[1] + ".",
		"other claims":       part[0] + "." + encode([]byte(claims("eve", "noticehub", now, now+300))) + "." + part[2],
		"other audience":     sign(t, key, jose.ES256, claims("alex", "elsewhere", now, now+300)),
		"no audience":        sign(t, key, jose.ES256, claims("alex", "", now, now+300)),
		"six minutes":        sign(t, key, jose.ES256, claims("alex", "noticehub", now, now+301)),
		"expired":            sign(t, key, jose.ES256, claims("alex", "noticehub", now-300, now)),
		"future":             sign(t, key, jose.ES256, claims("alex", "noticehub", now+31, now+60)),
		"no times":           sign(t, key, jose.ES256, `{"sub":"alex","aud":"noticehub"}`),
		"backwards":          sign(t, key, jose.ES256, claims("alex", "noticehub", now+10, now+5)),
		"overflow":           sign(t, key, jose.ES256, `{"sub":"alex","aud":"noticehub","iat":1,"exp":1e30}`),
		"empty subject":      sign(t, key, jose.ES256, claims("", "noticehub", now, now+300)),
		"newline":            sign(t, key, jose.ES256, claims("a\nb", "noticehub", now, now+300)),
		"not JSON":           sign(t, key, jose.ES256, "x"),
		"too long":           sign(t, key, jose.ES256, claims(strings.Repeat("x", 3000), "noticehub", now, now+300)),
		"rubbish":            "x", "dots": "..", "empty": "",
		"JSON serialization": `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `"}`,
	} {
		if got, err := a.verify(c, bad); fault.KindOf(err) != fault.Unauthenticated || got != "" {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	at.Advance(5 * time.Minute)
	if _, err := a.verify(c, token); err == nil {
		t.Error("a remembered assertion does not expire")
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	key := p256(t)
	authority, service := holder(t, key, "noticehub://authority/frc"), holder(t, key, "noticehub://service/console")
	assertion, err := SignCaseWorker(key, "alex", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	const session = SessionCookie + "=abc"
	dev := func(s string) string { return "Bearer dev." + s }
	tokens := fixed{"jwt-frc": {Kind: Authority, ID: "frc", CaseWorker: "sam"}, "jwt-nt": {Kind: Authority, ID: "nt-cp"}, "jwt-alice": {Kind: Person, ID: "alice"}}
	full := Ways{Certificates: Certificates(), Tokens: tokens, Cookies: browser{}, Development: Development()}
	strict := Ways{Certificates: Certificates(), Tokens: tokens, Cookies: browser{}}
	for _, c := range []struct {
		name string
		ways Ways
		have Credentials
		want string // actor, with the case worker after a space; else the reason of the refusal
	}{
		{"nothing", full, Credentials{}, "CREDENTIALS_MISSING"},
		{"certificate", strict, Credentials{Certificate: authority}, "authority:frc"},
		{"certificate and case worker", strict, Credentials{Certificate: authority, CaseWorker: assertion}, "authority:frc alex"},
		{"case worker alone", strict, Credentials{CaseWorker: assertion}, "CASE_WORKER_INVALID"},
		{"case worker and token", strict, Credentials{CaseWorker: assertion, Authorization: "Bearer jwt-frc"}, "CASE_WORKER_INVALID"},
		{"unnamed certificate and token", full, Credentials{Certificate: named(t), Authorization: "Bearer jwt-frc"}, "CERTIFICATE_UNNAMED"},
		{"token", strict, Credentials{Authorization: "Bearer jwt-frc"}, "authority:frc sam"},
		{"both of one authority", strict, Credentials{Certificate: authority, Authorization: "Bearer jwt-frc"}, "authority:frc sam"},
		{"two case workers", strict, Credentials{Certificate: authority, CaseWorker: assertion, Authorization: "Bearer jwt-frc"}, "CREDENTIALS_CONFLICT"},
		{"another authority's token", strict, Credentials{Certificate: authority, Authorization: "Bearer jwt-nt"}, "CREDENTIALS_CONFLICT"},
		{"another authority's token in development", full, Credentials{Certificate: authority, Authorization: dev("authority.nt-cp")}, "CREDENTIALS_CONFLICT"},
		{"person by a service", strict, Credentials{Certificate: service, Authorization: "Bearer jwt-alice"}, "officer:alice"},
		{"person by an authority", strict, Credentials{Certificate: authority, Authorization: "Bearer jwt-alice"}, "CREDENTIALS_CONFLICT"},
		{"person by an authority in development", full, Credentials{Certificate: authority, Authorization: dev("person.alice")}, "officer:alice"},
		{"authority by a service", strict, Credentials{Certificate: service, Authorization: "Bearer jwt-frc"}, "CREDENTIALS_CONFLICT"},
		{"authority by a service in development", full, Credentials{Certificate: service, Authorization: dev("authority.frc")}, "authority:frc"},
		{"another service", full, Credentials{Certificate: service, Authorization: dev("service.intake")}, "CREDENTIALS_CONFLICT"},
		{"the same service", full, Credentials{Certificate: service, Authorization: dev("service.console")}, "service:console"},
		{"development token where there are none", strict, Credentials{Authorization: dev("authority.frc")}, "CREDENTIALS_INVALID"},
		{"cookie", strict, Credentials{Cookie: "theme=dark; " + session}, "officer:bob"},
		{"other cookies beside a token", strict, Credentials{Cookie: "theme=dark", Authorization: "Bearer jwt-alice"}, "officer:alice"},
		{"cookie and token", strict, Credentials{Cookie: session, Authorization: "Bearer jwt-alice"}, "CREDENTIALS_CONFLICT"},
		{"cookie and certificate", strict, Credentials{Cookie: session, Certificate: authority}, "CREDENTIALS_CONFLICT"},
		{"two session cookies", strict, Credentials{Cookie: session + "; " + session}, "CREDENTIALS_CONFLICT"},
		{"broken cookies with a session", strict, Credentials{Cookie: session + "; =x; \x00"}, "CREDENTIALS_INVALID"},
		{"broken cookies", strict, Credentials{Cookie: "x\x00"}, "CREDENTIALS_MISSING"},
		{"cookie where there are none", Ways{Tokens: tokens}, Credentials{Cookie: session}, "CREDENTIALS_INVALID"},
		{"certificate where there are none", Ways{Tokens: tokens}, Credentials{Certificate: authority, Authorization: "Bearer jwt-frc"}, "CREDENTIALS_INVALID"},
		{"rubbish", strict, Credentials{Authorization: "Basic x"}, "CREDENTIALS_INVALID"},
	} {
		got, err := Chain(c.ways).Authenticate(t.Context(), c.have)
		said := strings.TrimSpace(got.Actor() + " " + got.CaseWorker)
		if f, ok := err.(*fault.Error); ok { //nolint:errorlint // bare
			said = f.Reason
			if f.Kind != fault.Unauthenticated || got.Kind != 0 {
				t.Errorf("%s: %+v %+v", c.name, got, f)
			}
		}
		if said != c.want {
			t.Errorf("%s: %s (%v), want %s", c.name, said, err, c.want)
		}
	}
}
