//go:build attack

package attacktest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/devprovider"
)

// signIns are cases 44 and 45: tokens, sign-ins and sessions.
func signIns() []attack {
	return []attack{
		{number: 44, name: "tokens that are not the provider's, for us, now", record: "call.refused TOKEN_INVALID", run: forgedTokens},
		{number: 44, name: "answers of the provider replayed, mixed up, without proof", record: "signin", run: forgedAnswers},
		{number: 45, name: "sessions fixed, stolen, outlived", record: "session.signed-out, session.ended ROLES_REMOVED", run: sessions},
	}
}

// key of the development provider: the attacker is good enough to have it, and
// still needs right claims.
func (a *attempt) providerKey() (*rsa.PrivateKey, string) {
	a.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, "keys", "development-sign-in.pem"))
	if err != nil {
		a.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		a.Fatal("the provider's key is no PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		a.Fatalf("the provider's key: %v", err)
	}
	answer, err := http.Get(a.url("%s/keys", devprovider.Path))
	if err != nil {
		a.Fatal(err)
	}
	defer answer.Body.Close()
	var set jose.JSONWebKeySet
	if body, err := io.ReadAll(answer.Body); err != nil || json.Unmarshal(body, &set) != nil || len(set.Keys) == 0 {
		a.Fatalf("the provider's keys: %.200s, %v", body, err)
	}
	return key, set.Keys[0].KeyID
}

func signed(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any, headers ...string) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType("at+jwt")
	for i := 0; i+1 < len(headers); i += 2 {
		o = o.WithHeader(jose.HeaderKey(headers[i]), headers[i+1])
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, o)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signer.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func forgedTokens(a *attempt) {
	key, kid := a.providerKey()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		a.Fatal(err)
	}
	now := time.Now()
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{
			"iss": a.url("%s", devprovider.Path), "sub": "qld-cp", "aud": devprovider.Audience, "client_id": "qld-cp", "jti": rand.Text(),
			"iat": now.Unix(), "exp": now.Add(4 * time.Minute).Unix(), devprovider.AuthorityClaim: "qld-cp",
		}
		maps.Copy(c, change)
		maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
		return c
	}
	ask := func(token string) int {
		code, _, _ := a.send(a.request(http.MethodGet, "/v1/submissions/nothing", "", "Authorization", "Bearer "+token))
		return code
	}
	honest := signed(a, jose.RS256, key, kid, claims(nil))
	if code := ask(honest); code == http.StatusUnauthorized {
		a.Fatalf("an honest token is refused: %d", code)
	}
	parts := strings.Split(honest, ".")
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		a.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	bare := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "."
	}
	with := func(change map[string]any) string { return signed(a, jose.RS256, key, kid, claims(change)) }
	for name, token := range map[string]string{
		"wrong audience": with(map[string]any{"aud": "another"}), "no audience": with(map[string]any{"aud": nil}), "audience of the sign-in": with(map[string]any{"aud": devprovider.ConsoleClient}),
		"wrong issuer": with(map[string]any{"iss": "https://evil.example"}), "no issuer": with(map[string]any{"iss": nil}), "issuer with a slash": with(map[string]any{"iss": a.url("%s/", devprovider.Path)}),
		"expired": with(map[string]any{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()}), "no expiry": with(map[string]any{"exp": nil}), "for ever": with(map[string]any{"exp": now.Add(240 * time.Hour).Unix()}),
		"from the future": with(map[string]any{"iat": now.Add(time.Hour).Unix(), "exp": now.Add(90 * time.Minute).Unix()}), "not yet": with(map[string]any{"nbf": now.Add(time.Hour).Unix()}),
		"person and authority": with(map[string]any{"roles": []string{"administrator"}}), "nobody": with(map[string]any{devprovider.AuthorityClaim: nil}), "a strange authority": with(map[string]any{devprovider.AuthorityClaim: "qld-cp\nadmin"}),
		"alg none": bare(`{"alg":"none","typ":"at+jwt"}`), "alg None": bare(`{"alg":"None","kid":"` + kid + `"}`), "no alg": bare(`{}`), "no signature": parts[0] + "." + parts[1] + ".",
		"HS256 by the public key": signed(a, jose.HS256, publicPEM, kid, claims(nil)), "HS256 by its bytes": signed(a, jose.HS256, public, kid, claims(nil)),
		"another's key": signed(a, jose.RS256, stranger, kid, claims(nil)), "unknown key": signed(a, jose.RS256, stranger, "unknown", claims(nil)), "no key id": signed(a, jose.RS256, stranger, "", claims(nil)),
		"key in the header": signed(a, jose.RS256, stranger, kid, claims(nil), "jku", "https://evil.example/keys", "x5u", "https://evil.example/x"),
		"altered":           parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"x"}`)) + "." + parts[2], "cut": honest[:len(honest)-3], "two": honest + "." + honest, "none": "..", "empty": "",
	} {
		if code := ask(token); code != http.StatusUnauthorized {
			a.Errorf("%s: %d", name, code)
		}
	}
	// A flood of unknown keys must not make the hub fetch the provider's for each.
	began := time.Now()
	for i := range 300 {
		if code := ask(signed(a, jose.RS256, stranger, fmt.Sprint("flood-", i), claims(nil))); code != http.StatusUnauthorized {
			a.Errorf("unknown key %d: %d", i, code)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		a.Errorf("300 unknown keys took %s", took)
	}
	if code := ask(signed(a, jose.RS256, key, kid, claims(nil))); code == http.StatusUnauthorized {
		a.Errorf("afterwards an honest token is refused: %d", code)
	}
}

func forgedAnswers(a *attempt) {
	in := func(b *browser, callback string) bool {
		before := b.cookies[identity.SessionCookie]
		b.send("GET", callback, nil)
		return b.cookies[identity.SessionCookie] != before
	}
	change := func(address, name, value string) string {
		u, err := url.Parse(address)
		if err != nil {
			a.Fatal(err)
		}
		q := u.Query()
		if value == "" {
			q.Del(name)
		} else {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, c := range map[string][2]string{
		"another state": {"state", "AAAA"}, "no state": {"state", ""}, "another code": {"code", "AAAA"}, "no code": {"code", ""}, "another issuer": {"iss", "https://evil.example"},
	} {
		b := a.browser(a, a.hear)
		if in(b, change(b.toCallback(avery), c[0], c[1])) {
			a.Errorf("%s: signed in", name)
		}
	}
	// Replayed: by the same browser, and by the attacker's.
	b, thief := a.browser(a, a.hear), a.browser(a, a.hear)
	callback := b.toCallback(avery)
	if in(thief, callback) {
		a.Error("another browser took the answer")
	}
	if !in(b, callback) {
		a.Error("the own answer was refused")
	}
	if in(b, callback) || in(a.browser(a, a.hear), callback) {
		a.Error("the answer counted twice")
	}
	// Without PKCE, or with the weak way, the provider gives no code.
	start := b.send("GET", "/signin", nil).location(a)
	for name, c := range map[string][2]string{"no PKCE": {"code_challenge", ""}, "plain PKCE": {"code_challenge_method", "plain"}, "another address": {"redirect_uri", "https://evil.example/"}, "implicit": {"response_type", "token"}} {
		got := b.send("GET", change(start, c[0], c[1]), nil)
		if to := got.header.Get("Location"); strings.Contains(to, "code=") || strings.Contains(to, "access_token") || strings.HasPrefix(to, "https://evil.example") {
			a.Errorf("%s: %d to %s", name, got.code, to)
		}
	}
}

// demoted is a session whose person lost the role it lives by, and since when.
var demoted struct {
	browser *browser
	at      time.Time
}

// removeARole signs somebody in and takes the role away: case 45 looks later.
func (w *world) removeARole(t *testing.T) {
	t.Helper()
	b := w.browser(t, nil)
	b.signIn(gray)
	if got := b.api("GET", "/v1/authorities"); got.code != http.StatusOK {
		t.Fatalf("a supervisor lists authorities: %d %.200s", got.code, got.body)
	}
	if err := w.hub.Provider().SetRoles(gray); err != nil {
		t.Fatal(err)
	}
	demoted.browser, demoted.at = b, time.Now()
}

func sessions(a *attempt) {
	// Fixation: the cookie that was there before is not the session's.
	victim := a.browser(a, nil)
	fixed := strings.Repeat("A", 43)
	victim.cookies[identity.SessionCookie] = fixed
	victim.signIn(avery)
	if victim.cookies[identity.SessionCookie] == fixed {
		a.Error("the attacker's cookie became the session")
	}
	code, _, _ := a.send(a.request(http.MethodGet, "/v1/whoami", "", "Cookie", identity.SessionCookie+"="+fixed, "Sec-Fetch-Site", "same-origin"))
	if code != http.StatusUnauthorized {
		a.Errorf("the fixed cookie: %d", code)
	}
	// Theft after signing out, and two browsers of one person.
	second := a.browser(a, nil)
	second.signIn(avery)
	stolen := victim.header()
	if got := victim.send("POST", "/signout", url.Values{}, "Origin", a.url(""), "Sec-Fetch-Site", "same-origin"); got.code >= 400 {
		a.Errorf("signing out: %d", got.code)
	}
	if code, _, _ := a.send(a.request(http.MethodGet, "/v1/whoami", "", "Cookie", stolen, "Sec-Fetch-Site", "same-origin")); code != http.StatusUnauthorized {
		a.Errorf("a stolen cookie after signing out: %d", code)
	}
	if got := second.api("GET", "/v1/whoami"); got.code != http.StatusOK {
		a.Errorf("the other browser: %d", got.code)
	}
	for name, cookie := range map[string]string{"two sessions": second.header() + "; " + second.header(), "beside a token": second.header()} {
		h := []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}
		if name == "beside a token" {
			h = append(h, "Authorization", bearer(admin))
		}
		if code, _, _ := a.send(a.request(http.MethodGet, "/v1/whoami", "", h...)); code != http.StatusUnauthorized {
			a.Errorf("%s: %d", name, code)
		}
	}
	// The role removed at the start of the run: at most 60 s later it is over.
	if left := 61*time.Second - time.Since(demoted.at); left > 0 {
		time.Sleep(left)
	}
	demoted.browser.t = a
	if got := demoted.browser.api("GET", "/v1/authorities"); got.code != http.StatusUnauthorized && got.code != http.StatusForbidden {
		a.Errorf("%s after the role was removed: %d %.200s", time.Since(demoted.at).Round(time.Second), got.code, got.body)
	}
}
