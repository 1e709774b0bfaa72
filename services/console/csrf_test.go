package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

// The requests that another site can have a browser make, and some it cannot.
var forged = map[string][3]string{ // method, Origin, Sec-Fetch-Site
	"another site":              {"POST", "https://evil.example", "cross-site"},
	"a sibling on the site":     {"POST", "https://other.noticehub.example", "same-site"},
	"the same host, other port": {"POST", "http://127.0.0.1:1", "same-site"},
	"no Origin":                 {"POST", "", ""},
	"no Origin, same-origin":    {"POST", "", "same-origin"},
	"Origin null":               {"POST", "null", "cross-site"},
	"own Origin, foreign site":  {"POST", "own", "cross-site"},
	"own Origin, sibling":       {"POST", "own", "same-site"},
	"GET of another site":       {"GET", "https://evil.example", "cross-site"},
	"DELETE without Origin":     {"DELETE", "", ""},
	"no method":                 {"", "", ""},
	"own Origin in capitals":    {"POST", "OWN", ""},
	"own Origin with a path":    {"POST", "own/", ""},
}

func TestCookiesCountOnlyFromOwnPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(avery)
	ask := func(method, origin, site string) error {
		_, err := w.service.Authenticator().Authenticate(t.Context(), identity.Credentials{Cookie: b.header(), Method: method, Origin: origin, FetchSite: site})
		return err
	}
	own := strings.NewReplacer("own", w.origin, "OWN", strings.ToUpper(w.origin))
	for name, r := range forged {
		if err := ask(r[0], own.Replace(r[1]), r[2]); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string][3]string{
		"a call of a page":         {"POST", w.origin, "same-origin"},
		"of an older browser":      {"POST", w.origin, ""},
		"a read":                   {"GET", "", "same-origin"},
		"a read of an old browser": {"GET", "", ""},
	} {
		if err := ask(r[0], r[1], r[2]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSigningOutIsNotForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(avery)
	own := strings.NewReplacer("own", w.origin, "OWN", strings.ToUpper(w.origin))
	for name, r := range forged {
		if r[0] != "POST" {
			continue
		}
		headers := []string{"Content-Type", "text/plain"}
		if r[1] != "" {
			headers = append(headers, "Origin", own.Replace(r[1]))
		}
		if r[2] != "" {
			headers = append(headers, "Sec-Fetch-Site", r[2])
		}
		if got := b.send("POST", "/signout", url.Values{"x": {"y"}}, headers...); got.StatusCode != http.StatusForbidden || got.Header.Get("Clear-Site-Data") != "" {
			t.Errorf("%s: %s", name, got.Status)
		}
	}
	if got := b.send("GET", "/signout", nil); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("by GET: %s", got.Status)
	}
	if _, err := w.who(b); err != nil || w.sessions() != 1 {
		t.Errorf("still signed in: %v", err)
	}
	w.audited("nobody session.signed-out refused ORIGIN_REFUSED")
	if got := b.send("GET", "/session", nil, "Origin", "https://evil.example"); got.StatusCode != http.StatusForbidden || strings.Contains(got.body, avery) {
		t.Errorf("another site reads who is signed in: %s", got.body)
	}
}

// Whoever is nobody must not fill the record, nor ask the database without end.
func TestFloodsOfForgedRequestsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused, slowed := 0, 0
	for range 250 {
		switch w.browser().send("POST", "/signout", nil, "Origin", "https://evil.example").StatusCode {
		case http.StatusForbidden:
			refused++
		case http.StatusTooManyRequests:
			slowed++
		}
	}
	if entries := len(w.entries()); refused+slowed != 250 || slowed == 0 || entries == 0 || entries > 5 {
		t.Errorf("%d refused, %d slowed down, %d entries", refused, slowed, entries)
	}
}

func TestCookiesThatAreNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(avery)
	value := b.cookies[identity.SessionCookie].Value
	for name, c := range map[string]identity.Credentials{
		"none":                    {},
		"another":                 {Cookie: "session=" + value},
		"without its prefix":      {Cookie: "noticehub-session=" + value},
		"unknown":                 {Cookie: identity.SessionCookie + "=" + strings.Repeat("A", 43)},
		"cut":                     {Cookie: identity.SessionCookie + "=" + value[:42]},
		"quoted":                  {Cookie: identity.SessionCookie + `="` + value + `"`},
		"twice":                   {Cookie: identity.SessionCookie + "=" + value + "; " + identity.SessionCookie + "=" + value},
		"long":                    {Cookie: "a=" + strings.Repeat("x", 9000) + "; " + b.header()},
		"beside an authorization": {Cookie: b.header(), Authorization: "Bearer x"},
	} {
		c.Method, c.Origin = "POST", w.origin
		if _, err := w.service.Authenticator().Authenticate(t.Context(), c); fault.KindOf(err) != fault.Unauthenticated || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
