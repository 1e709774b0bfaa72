package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/identity"
)

// hostile is a provider that answers with whatever ID token a test wants.
type hostile struct {
	key    *rsa.PrivateKey
	issuer string
	nonce  string
	claims map[string]any // over the right ones; nil leaves one out
	info   map[string]any
	sign   func(h *hostile, claims []byte) string
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		reply(map[string]any{
			"issuer": h.issuer, "authorization_endpoint": h.issuer + "/authorize", "token_endpoint": h.issuer + "/token",
			"userinfo_endpoint": h.issuer + "/userinfo", "jwks_uri": h.issuer + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	case "/keys":
		reply(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &h.key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	case "/token":
		now := time.Now()
		claims := map[string]any{
			"iss": h.issuer, "sub": "kim", "aud": "noticehub-console", "nonce": h.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		}
		maps.Copy(claims, h.claims)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		data, _ := json.Marshal(claims)
		reply(map[string]any{"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": h.sign(h, data)})
	case "/userinfo":
		info := map[string]any{"sub": "kim", "realm": map[string]any{"roles": []string{"officer", "unheard-of"}}}
		maps.Copy(info, h.info)
		reply(info)
	default:
		http.NotFound(w, r)
	}
}

func signed(alg jose.SignatureAlgorithm, key func(*hostile) any, kid string) func(*hostile, []byte) string {
	return func(h *hostile, claims []byte) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key(h), KeyID: kid}}, nil)
		if err != nil {
			return err.Error()
		}
		s, err := signer.Sign(claims)
		if err != nil {
			return err.Error()
		}
		text, _ := s.CompactSerialize()
		return text
	}
}

var (
	honestly = signed(jose.RS256, func(h *hostile) any { return h.key }, "k")
	plain    = func(_ *hostile, claims []byte) string {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
	}
)

func TestTokensThatAreNotAccepted(t *testing.T) {
	t.Parallel()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		claims map[string]any
		info   map[string]any
		sign   func(*hostile, []byte) string
		in     bool
	}{
		"as it should be":       {in: true},
		"wrong nonce":           {claims: map[string]any{"nonce": "other"}},
		"no nonce":              {claims: map[string]any{"nonce": nil}},
		"wrong audience":        {claims: map[string]any{"aud": "another-client"}},
		"two audiences, no azp": {claims: map[string]any{"aud": []string{"noticehub-console", "x"}}},
		"azp of another":        {claims: map[string]any{"aud": []string{"noticehub-console", "x"}, "azp": "x"}},
		"two audiences, own":    {claims: map[string]any{"aud": []string{"noticehub-console", "x"}, "azp": "noticehub-console"}, in: true},
		"wrong issuer":          {claims: map[string]any{"iss": "https://other.example"}},
		"expired":               {claims: map[string]any{"exp": now - 60}},
		"from the future":       {claims: map[string]any{"iat": now + 600}},
		"not yet":               {claims: map[string]any{"nbf": now + 3600}},
		"another access token":  {claims: map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
		"alg none":              {sign: plain},
		"symmetric by public key": {sign: signed(jose.HS256, func(h *hostile) any {
			return h.key.N.Bytes()
		}, "k")},
		"unknown key":              {sign: signed(jose.RS256, func(*hostile) any { return stranger }, "z")},
		"forged under a known key": {sign: signed(jose.RS256, func(*hostile) any { return stranger }, "k")},
		"no ID token":              {sign: func(*hostile, []byte) string { return "" }},
		"not a token":              {sign: func(*hostile, []byte) string { return "a.b.c" }},
		"user info of another":     {info: map[string]any{"sub": "lee"}},
		"user info of nobody":      {info: map[string]any{"sub": ""}},
		"no roles":                 {info: map[string]any{"realm": map[string]any{"roles": "unheard-of"}}},
		"roles as words":           {info: map[string]any{"realm": map[string]any{"roles": "auditor officer"}}, in: true},
		"a name for logs":          {claims: map[string]any{"sub": "kim\nroot"}, info: map[string]any{"sub": "kim\nroot"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h := &hostile{claims: c.claims, info: c.info, sign: c.sign}
			if h.sign == nil {
				h.sign = honestly
			}
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			h.key = key
			there := httptest.NewServer(h)
			t.Cleanup(there.Close)
			h.issuer = there.URL
			w.config.Provider.Issuer, w.config.Provider.RolesClaim = there.URL, "realm.roles"
			mux := http.NewServeMux()
			site := httptest.NewServer(mux)
			t.Cleanup(site.Close)
			w.origin, w.config.Origin = site.URL, site.URL
			w.service = w.replica()
			w.service.Mount(mux.Handle)

			b := w.browser()
			to, err := url.Parse(b.send("GET", "/signin", nil).location(t))
			if err != nil {
				t.Fatal(err)
			}
			h.nonce = to.Query().Get("nonce")
			got := b.send("GET", "/signin/callback?code=c&state="+to.Query().Get("state"), nil)
			if in := got.StatusCode == http.StatusOK; in != c.in || in != (b.cookies[identity.SessionCookie] != nil) || in != (w.sessions() == 1) {
				t.Errorf("%s, %d sessions, %s", got.Status, w.sessions(), got.body)
			}
		})
	}
}
