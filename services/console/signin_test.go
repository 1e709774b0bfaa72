package console_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/console"
)

const attemptCookie = "__Host-noticehub-signin"

func TestSigningInClickedThrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	if got := b.send("GET", "/session", nil); got.StatusCode != http.StatusUnauthorized || !strings.Contains(got.body, `"signed_in":false`) {
		t.Errorf("before: %s %s", got.Status, got.body)
	}
	got := b.signIn(avery)
	if refresh := got.Header.Get("Refresh"); refresh != "0; url=/queue" {
		t.Errorf("goes on to %q", refresh)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s is %q", name, have)
		}
	}
	if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
	c := b.cookies[identity.SessionCookie]
	if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
		t.Fatalf("the cookie is %+v", c)
	}
	if b.cookies[attemptCookie] != nil {
		t.Error("the sign-in's own cookie stays")
	}
	caller, err := w.who(b)
	if err != nil || caller.ID != avery || caller.Kind != identity.Person || !slices.Equal(caller.Roles, []string{"contact-officer"}) || caller.Session == "" {
		t.Errorf("%+v, %v", caller, err)
	}
	var me struct {
		Person, Session string
		Roles           []string
	}
	shown := b.send("GET", "/session", nil)
	if err := json.Unmarshal([]byte(shown.body), &me); err != nil || me.Person != avery || me.Session != caller.Session || !strings.Contains(shown.body, "idle_ends_at") {
		t.Errorf("%s, %v", shown.body, err)
	}
	if got := w.entries(); !slices.Equal(got, []string{"officer:" + avery + " signin done"}) {
		t.Errorf("entries %q", got)
	}
	// Nothing in the database gets anybody in: no cookie, no token in the clear.
	var row string
	if err := w.pool.QueryRow(t.Context(), "SELECT session::text || encode(tokens, 'escape') FROM session").Scan(&row); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(row, c.Value) || strings.Contains(row, "eyJ") || strings.Contains(row, "access") {
		t.Error("a secret is stored as it is")
	}
}

func TestTheWayToTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	got := b.send("GET", "/signin", nil)
	u, err := url.Parse(got.location(t))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"code_challenge_method": "S256", "response_type": "code", "client_id": "noticehub-console", "redirect_uri": w.origin + console.CallbackPath, "scope": "openid profile offline_access",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	for _, secret := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(secret)) != 43 {
			t.Errorf("%s is %q", secret, q.Get(secret))
		}
	}
	c := b.cookies[attemptCookie]
	if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 600 {
		t.Errorf("the cookie is %+v", c)
	}
	for _, bad := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "evil", "/signin", "/a%0d%0aSet-Cookie:x", strings.Repeat("/a", 300)} {
		if got := b.send("GET", "/signin?to="+url.QueryEscape(bad), nil); got.StatusCode != http.StatusBadRequest {
			t.Errorf("goes back to %q: %s", bad, got.Status)
		}
	}
	local := strings.Replace(w.origin, "127.0.0.1", "localhost", 1)
	if got := b.send("GET", local+"/signin?to=/queue", nil); got.location(t) != w.origin+"/signin?to=/queue" {
		t.Errorf("by another name of the machine: %s", got.location(t))
	}
	for _, method := range []string{"POST", "PUT", "HEAD"} {
		if got := b.send(method, "/signin", nil); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s", method, got.Status)
		}
	}
}

// change returns an address with a parameter changed; "" takes it out.
func change(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func TestAnswersThatAreNotTheProvidersToThisBrowser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(t *testing.T, w *world, b *browser, to string) answer
		reason string
	}{
		"wrong state": {func(t *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", change(t, to, "state", strings.Repeat("x", 43)), nil)
		}, "SIGNIN_UNKNOWN"},
		"no state": {func(t *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", change(t, to, "state", ""), nil)
		}, "SIGNIN_UNKNOWN"},
		"another browser": {func(_ *testing.T, w *world, _ *browser, to string) answer {
			other := w.browser()
			other.send("GET", "/signin", nil)
			return other.send("GET", to, nil)
		}, "SIGNIN_UNKNOWN"},
		"no cookie": {func(_ *testing.T, w *world, _ *browser, to string) answer { return w.browser().send("GET", to, nil) }, "SIGNIN_UNKNOWN"},
		"too late": {func(_ *testing.T, w *world, b *browser, to string) answer {
			w.clock.Advance(11 * time.Minute)
			return b.send("GET", to, nil)
		}, "SIGNIN_UNKNOWN"},
		"two states": {func(_ *testing.T, _ *world, b *browser, to string) answer { return b.send("GET", to+"&state=x", nil) }, "FIELD_INVALID"},
		"mixed up": {func(t *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", change(t, to, "iss", "https://other.example"), nil)
		}, "ISSUER_MISMATCH"},
		"unnamed": {func(t *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", change(t, to, "iss", ""), nil)
		}, "ISSUER_MISMATCH"},
		"declined": {func(_ *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", to+"&error=access_denied", nil)
		}, "PROVIDER_DECLINED"},
		"no code": {func(t *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", change(t, to, "code", ""), nil)
		}, "PROVIDER_DECLINED"},
		"forged code": {func(t *testing.T, _ *world, b *browser, to string) answer {
			return b.send("GET", change(t, to, "code", "guess"), nil)
		}, "PROVIDER_REFUSED"},
		"another's code": {func(t *testing.T, w *world, b *browser, to string) answer {
			u, err := url.Parse(w.browser().toCallback(gray)) // bound to the other's PKCE verifier
			if err != nil {
				t.Fatal(err)
			}
			return b.send("GET", change(t, to, "code", u.Query().Get("code")), nil)
		}, "PROVIDER_REFUSED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			got := c.do(t, w, b, b.toCallback(avery))
			if got.StatusCode < 400 || b.cookies[identity.SessionCookie] != nil || w.sessions() != 0 {
				t.Errorf("%s, %d sessions", got.Status, w.sessions())
			}
			if strings.Contains(got.body, avery) || strings.Contains(got.body, "eyJ") {
				t.Errorf("the answer tells too much: %s", got.body)
			}
			w.audited("nobody signin refused " + c.reason)
		})
	}
}

func TestAnAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	to := b.toCallback(avery)
	attempt := b.cookies[attemptCookie]
	if got := b.send("GET", to, nil); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
	thief := w.browser()
	thief.cookies[attemptCookie] = attempt
	if got := thief.send("GET", to, nil); got.StatusCode != http.StatusForbidden || w.sessions() != 1 {
		t.Errorf("replayed: %s", got.Status)
	}
	// A wrong answer does not spoil the right one.
	other := w.browser()
	right := other.toCallback(gray)
	other.send("GET", change(t, right, "state", "x"), nil)
	if got := other.send("GET", right, nil); got.StatusCode != http.StatusOK {
		t.Errorf("after a wrong answer: %s", got.Status)
	}
}

func TestASessionFixedByAnotherIsNotTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	attacker.signIn(gray)
	planted := *attacker.cookies[identity.SessionCookie]
	victim.cookies[identity.SessionCookie] = &planted
	victim.signIn(avery)
	if victim.cookies[identity.SessionCookie].Value == planted.Value {
		t.Fatal("the token stayed the same")
	}
	if c, err := w.who(victim); err != nil || c.ID != avery {
		t.Errorf("the victim is %+v, %v", c, err)
	}
	if _, err := w.who(attacker); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("the planted session lives on: %v", err)
	}
	w.audited("officer:" + avery + " session.ended done REPLACED")
	unknown := w.browser()
	unknown.cookies[identity.SessionCookie] = &http.Cookie{Name: identity.SessionCookie, Value: strings.Repeat("A", 43)}
	unknown.signIn(avery)
	if strings.HasPrefix(unknown.cookies[identity.SessionCookie].Value, "AAAA") {
		t.Error("a made-up token was taken over")
	}
}

func TestWhoMayNotSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.provider.SetRoles(avery, "juggler"); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	if got := b.send("GET", b.toCallback(avery), nil); got.StatusCode != http.StatusForbidden || w.sessions() != 0 {
		t.Errorf("without a role: %s", got.Status)
	}
	w.audited("officer:" + avery + " signin refused NO_ROLE")
	b = w.browser()
	to := b.toCallback(gray)
	if err := w.provider.Disable(gray, true); err != nil {
		t.Fatal(err)
	}
	if got := b.send("GET", to, nil); got.StatusCode != http.StatusForbidden || w.sessions() != 0 {
		t.Errorf("disabled: %s", got.Status)
	}
	w.down.Store(true)
	w.clock.Advance(2 * time.Hour) // the description is old; it is used all the same
	b = w.browser()
	if got := b.send("GET", "/signin", nil); got.StatusCode != http.StatusSeeOther {
		t.Errorf("with the provider away: %s", got.Status)
	}
}

func TestBeginningIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limited := 0
	for range 210 {
		got := w.browser().send("GET", "/signin", nil)
		if got.StatusCode == http.StatusTooManyRequests && got.Header.Get("Retry-After") != "" {
			limited++
		}
	}
	if limited != 110 {
		t.Errorf("%d of 210 at once of one address were turned away", limited)
	}
	w.clock.Advance(time.Minute)
	if _, err := w.pool.Exec(context.Background(), `INSERT INTO attempt SELECT sha256(n::text::bytea), sha256('s'), 'n', 'v', '/', $1 FROM generate_series(1, 10000) n`,
		w.clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := w.browser().send("GET", "/signin", nil); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("with 10,000 under way: %s", got.Status)
	}
	w.clock.Advance(2 * time.Minute)
	if got := w.browser().send("GET", "/signin", nil); got.StatusCode != http.StatusSeeOther {
		t.Errorf("when they are over: %s", got.Status)
	}
}
