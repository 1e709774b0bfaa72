package identity

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// fixed are tokens that are known beforehand.
type fixed map[string]Caller

func (f fixed) Authenticate(_ context.Context, c Credentials) (Caller, error) {
	token, _ := Bearer(c.Authorization)
	if caller, ok := f[token]; ok {
		return caller, nil
	}
	return Caller{}, unwanted()
}

// browser takes any session.
type browser struct{}

func (browser) Authenticate(context.Context, Credentials) (Caller, error) {
	return Caller{Kind: Person, ID: "bob"}, nil
}

// issuer is an OpenID provider for a test.
type issuer struct {
	*httptest.Server
	key     *rsa.PrivateKey
	at      *clock.Fake
	oidc    oidctest.Server
	fetches atomic.Int64 // of keys
	asked   atomic.Int64 // at userinfo
	down    atomic.Bool
	refuses atomic.Bool  // tokens at userinfo
	roles   atomic.Value // what userinfo says
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key, at: clock.NewFake(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	i.oidc.PublicKeys = []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k1", Algorithm: oidc.RS256}}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	i.oidc.SetIssuer(i.URL)
	i.roles.Store([]string{"officer", "auditor"})
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.down.Load() {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	switch r.URL.Path {
	case "/userinfo":
		i.asked.Add(1)
		if i.refuses.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"sub": "alice", "roles": i.roles.Load()})
		return
	case "/keys":
		i.fetches.Add(1)
	case "/.well-known/openid-configuration":
		recorded := httptest.NewRecorder()
		i.oidc.ServeHTTP(recorded, r)
		var doc map[string]any
		_ = json.Unmarshal(recorded.Body.Bytes(), &doc)
		doc["userinfo_endpoint"] = i.URL + "/userinfo"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(doc)
		return
	}
	i.oidc.ServeHTTP(w, r)
}

func (i *issuer) tokens(t testing.TB, change func(*TokenOptions)) Authenticator {
	t.Helper()
	o := TokenOptions{Issuer: i.URL, Audience: "hub", Clock: i.at}
	if change != nil {
		change(&o)
	}
	a, err := Tokens(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// claims of a good token of an authority, changed; a nil value removes one.
func (i *issuer) claims(change map[string]any) string {
	now := i.at.Now().Unix()
	c := map[string]any{"iss": i.URL, "aud": "hub", "sub": "client-1", "iat": now, "exp": now + 300, "noticehub_authority": "frc", "jti": "j-1"}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (i *issuer) sign(change map[string]any) string {
	return oidctest.SignIDToken(i.key, "k1", oidc.RS256, i.claims(change))
}

func carrying(token string) Credentials { return Credentials{Authorization: "Bearer " + token} }

func TestTokensSayWhoCalls(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	a := i.tokens(t, nil)
	got, err := a.Authenticate(t.Context(), carrying(i.sign(map[string]any{"case_worker": "Sam"})))
	if err != nil || got.Actor() != "authority:frc" || got.CaseWorker != "Sam" || got.Session != "j-1" {
		t.Errorf("%+v %v", got, err)
	}
	for _, roles := range []any{[]string{"officer", "clerk"}, "officer clerk"} {
		got, err = a.Authenticate(t.Context(), carrying(i.sign(map[string]any{"sub": "alice", "noticehub_authority": nil, "roles": roles})))
		// clerk is what the token says but no longer the provider.
		if err != nil || got.Actor() != "officer:alice" || !slices.Equal(got.Roles, []string{"officer"}) {
			t.Errorf("%+v %v", got, err)
		}
	}
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("keys were fetched %d times", n)
	}
}

// Attack 44, as far as tokens go.
func TestBadTokensAreRefused(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	a := i.tokens(t, nil)
	now := i.at.Now().Unix()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(i.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	mixUp := oidctest.SignIDToken(public, "k1", "HS256", i.claims(nil))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"k1"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(i.claims(nil))) + "."
	good := strings.Split(i.sign(nil), ".")
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: stranger}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := embedded.Sign([]byte(i.claims(nil)))
	if err != nil {
		t.Fatal(err)
	}
	own, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"alg none": none, "none in capitals": strings.Replace(none, "none", "NONE", 1), "HS with the public key": mixUp,
		"another key, same id": oidctest.SignIDToken(stranger, "k1", oidc.RS256, i.claims(nil)),
		"key in the token":     own,
		"PS for an RS key":     oidctest.SignIDToken(i.key, "k1", oidc.PS256, i.claims(nil)),
		"RS384":                oidctest.SignIDToken(i.key, "k1", oidc.RS384, i.claims(nil)),
		"no signature":         good[0] + "." + good[1] + ".",
		"other claims":         good[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(i.claims(map[string]any{"noticehub_authority": "nt-cp"}))) + "." + good[2],
		"wrong audience":       i.sign(map[string]any{"aud": "elsewhere"}),
		"no audience":          i.sign(map[string]any{"aud": nil}),
		"wrong issuer":         i.sign(map[string]any{"iss": "https://evil.example"}),
		"no issuer":            i.sign(map[string]any{"iss": nil}),
		"expired":              i.sign(map[string]any{"iat": now - 400, "exp": now - 1}),
		"no expiry":            i.sign(map[string]any{"exp": nil}),
		"no iat":               i.sign(map[string]any{"iat": nil}),
		"issued in the future": i.sign(map[string]any{"iat": now + 60, "exp": now + 120}),
		"not yet":              i.sign(map[string]any{"nbf": now + 60}),
		"good for a year":      i.sign(map[string]any{"exp": now + 365*86400}),
		"nobody":               i.sign(map[string]any{"noticehub_authority": nil}),
		"authority and person": i.sign(map[string]any{"roles": []string{"officer"}}),
		"strange authority":    i.sign(map[string]any{"noticehub_authority": "frc\nx"}),
		"authorities":          i.sign(map[string]any{"noticehub_authority": []string{"frc"}}),
		"strange case worker":  i.sign(map[string]any{"case_worker": 7}),
		"strange person":       i.sign(map[string]any{"noticehub_authority": nil, "roles": "officer", "sub": "a b"}),
		"strange roles":        i.sign(map[string]any{"noticehub_authority": nil, "roles": []string{"of ficer"}}),
		"rubbish":              "x.y.z", "empty": "", "spaces": "a b", "long": strings.Repeat("x", 8<<10),
	} {
		got, err := a.Authenticate(t.Context(), carrying(token))
		if fault.KindOf(err) != fault.Unauthenticated || got.Kind != 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if err != nil && len(token) > 20 && strings.Contains(err.Error(), token[:20]) {
			t.Errorf("%s: the error repeats the token", name)
		}
	}
	// Sent again after it expired: what is remembered is forgotten.
	token := i.sign(nil)
	if _, err := a.Authenticate(t.Context(), carrying(token)); err != nil {
		t.Fatal(err)
	}
	i.at.Advance(301 * time.Second)
	if _, err := a.Authenticate(t.Context(), carrying(token)); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("an expired token: %v", err)
	}
}

func TestKeysAreFetchedSeldom(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	a := i.tokens(t, nil)
	if _, err := a.Authenticate(t.Context(), carrying(i.sign(nil))); err != nil {
		t.Fatal(err)
	}
	flood := func() {
		for n := range 200 {
			token := oidctest.SignIDToken(i.key, fmt.Sprint("made-up-", n), oidc.RS256, i.claims(nil))
			if _, err := a.Authenticate(t.Context(), carrying(token)); fault.KindOf(err) != fault.Unauthenticated {
				t.Fatalf("an unknown key: %v", err)
			}
		}
	}
	flood()
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("at once: %d fetches", n)
	}
	i.at.Advance(5 * time.Second)
	flood()
	if n := i.fetches.Load(); n != 2 {
		t.Errorf("after 5 s: %d fetches", n)
	}
	// A new key is found in spite of the flood.
	fresh, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i.oidc.PublicKeys = append(i.oidc.PublicKeys, oidctest.PublicKey{PublicKey: fresh.Public(), KeyID: "k2", Algorithm: oidc.RS256})
	i.at.Advance(5 * time.Second)
	if _, err := a.Authenticate(t.Context(), carrying(oidctest.SignIDToken(fresh, "k2", oidc.RS256, i.claims(nil)))); err != nil {
		t.Errorf("a new key: %v", err)
	}
	// A key that was withdrawn goes.
	i.oidc.PublicKeys = i.oidc.PublicKeys[1:]
	i.at.Advance(11 * time.Minute)
	if _, err := a.Authenticate(t.Context(), carrying(i.sign(nil))); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a withdrawn key: %v", err)
	}
}

func TestProviderOutOfReach(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	a := i.tokens(t, nil)
	i.down.Store(true)
	for range 3 {
		if _, err := a.Authenticate(t.Context(), carrying(i.sign(nil))); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("without keys: %v", err)
		}
	}
	i.down.Store(false)
	i.at.Advance(5 * time.Second)
	if _, err := a.Authenticate(t.Context(), carrying(i.sign(nil))); err != nil {
		t.Fatalf("once it is back: %v", err)
	}
	i.down.Store(true)
	i.at.Advance(30 * time.Minute)
	if _, err := a.Authenticate(t.Context(), carrying(i.sign(nil))); err != nil {
		t.Errorf("known keys: %v", err)
	}
	unknown := oidctest.SignIDToken(i.key, "k9", oidc.RS256, i.claims(nil))
	if _, err := a.Authenticate(t.Context(), carrying(unknown)); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a key that may be new: %v", err)
	}
	i.at.Advance(31 * time.Minute)
	if _, err := a.Authenticate(t.Context(), carrying(i.sign(nil))); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("old keys: %v", err)
	}
}

func TestRolesTakenAwayAreGone(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	a := i.tokens(t, nil)
	token := i.sign(map[string]any{"sub": "alice", "noticehub_authority": nil, "roles": []string{"officer", "auditor"}})
	roles := func() []string {
		t.Helper()
		got, err := a.Authenticate(t.Context(), carrying(token))
		if err != nil {
			t.Fatal(err)
		}
		return got.Roles
	}
	if got := roles(); len(got) != 2 {
		t.Errorf("%v", got)
	}
	i.roles.Store([]string{"officer"})
	for range 10 {
		roles()
	}
	if n := i.asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
	i.at.Advance(30 * time.Second)
	if got := roles(); !slices.Equal(got, []string{"officer"}) {
		t.Errorf("after 30 s: %v", got)
	}
	i.down.Store(true)
	i.at.Advance(45 * time.Second)
	if got := roles(); !slices.Equal(got, []string{"officer"}) {
		t.Errorf("while the provider is down: %v", got)
	}
	i.at.Advance(15 * time.Second)
	if _, err := a.Authenticate(t.Context(), carrying(token)); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("after a minute of that: %v", err)
	}
}

func TestTokenOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]TokenOptions{
		"nothing":     {},
		"not https":   {Issuer: "http://issuer.example", Audience: "hub"},
		"no audience": {Issuer: "https://issuer.example"},
		"HMAC":        {Issuer: "https://issuer.example", Audience: "hub", Algorithms: []string{"HS256"}},
		"none":        {Issuer: "https://issuer.example", Audience: "hub", Algorithms: []string{"none"}},
	} {
		if _, err := Tokens(o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestFirstUseOfATokenIsTold(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	var told []string
	var fails error
	a := i.tokens(t, func(o *TokenOptions) {
		o.SignedIn = func(_ context.Context, c Caller) error {
			if fails != nil {
				return fails
			}
			told = append(told, c.Actor())
			return nil
		}
	})
	first, second := "Bearer "+i.sign(nil), "Bearer "+i.sign(map[string]any{"jti": "another"})
	use := func(token string) error {
		_, err := a.Authenticate(t.Context(), Credentials{Authorization: token})
		return err
	}
	fails = fault.New(fault.Unavailable, "AUDIT_UNAVAILABLE", "no record, no sign-in")
	if err := use(first); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a sign-in that is not on record: %v", err)
	}
	fails = nil
	for range 3 {
		if err := errors.Join(use(first), use(second)); err != nil {
			t.Fatal(err)
		}
		i.at.Advance(rememberToken + time.Second) // verified again, told no more
	}
	if len(told) != 2 {
		t.Errorf("told of %q, want each token once", told)
	}
}
