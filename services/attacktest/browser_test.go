//go:build attack

package attacktest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/identity"
)

// The accounts of the development sign-in that the cases use.
const (
	avery  = "contact-officer.avery"
	gray   = "supervisor.gray"
	harper = "auditor.harper"
	indigo = "administrator.indigo"
)

// browser keeps the console's cookies and follows nothing by itself.
type browser struct {
	t       testing.TB
	w       *world
	hear    func([]byte)
	cookies map[string]string
}

func (w *world) browser(t testing.TB, hear func([]byte)) *browser {
	return &browser{t: t, w: w, hear: hear, cookies: map[string]string{}}
}

func (b *browser) header() string {
	var pairs []string
	for name, value := range b.cookies {
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "; ")
}

type reply struct {
	code   int
	header http.Header
	body   string
}

// location is where a redirection leads.
func (r reply) location(t testing.TB) string {
	t.Helper()
	if r.header.Get("Location") == "" {
		t.Fatalf("%d leads nowhere: %.300s", r.code, r.body)
	}
	return r.header.Get("Location")
}

// send makes a request; headers are pairs. Cookies go with it.
func (b *browser) send(method, to string, form url.Values, headers ...string) reply {
	b.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = b.w.url("%s", to)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if len(b.cookies) > 0 && !strings.Contains(r.URL.Path, "/dev/oidc") {
		r.Header.Set("Cookie", b.header())
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.hear != nil {
		b.hear(body)
	}
	if !strings.Contains(r.URL.Path, "/dev/oidc") {
		for _, c := range got.Cookies() {
			if c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			} else {
				b.cookies[c.Name] = c.Value
			}
		}
	}
	return reply{got.StatusCode, got.Header, string(body)}
}

// toCallback goes the way of signing in up to the provider's answer.
func (b *browser) toCallback(account string) string {
	b.t.Helper()
	page := b.send("GET", b.send("GET", "/signin", nil).location(b.t), nil).location(b.t)
	u, err := url.Parse(page)
	if err != nil {
		b.t.Fatal(err)
	}
	chosen := b.send("POST", b.absolute(page), url.Values{"request": {u.Query().Get("request")}, "account": {account}})
	return b.send("GET", b.absolute(chosen.location(b.t)), nil).location(b.t)
}

func (b *browser) absolute(to string) string {
	if strings.HasPrefix(to, "/") {
		return b.w.url("%s", to)
	}
	return to
}

func (b *browser) signIn(account string) reply {
	b.t.Helper()
	got := b.send("GET", b.toCallback(account), nil)
	if got.code != http.StatusOK || b.cookies[identity.SessionCookie] == "" {
		b.t.Fatalf("signing in as %s: %d %.300s", account, got.code, got.body)
	}
	return got
}

// api calls the API as the console's own pages do.
func (b *browser) api(method, path string, headers ...string) reply {
	b.t.Helper()
	own := []string{"Origin", b.w.url(""), "Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"}
	return b.send(method, path, nil, append(own, headers...)...)
}

// browsers are cases 46 and 47: what other sites, caches and frames try.
func browsers() []attack {
	return []attack{
		{number: 46, name: "requests forged by other sites", record: "call.refused ORIGIN_REFUSED, session.signed-out ORIGIN_REFUSED", run: forgedRequests},
		{number: 47, name: "frames, sniffing, caches, back button", record: "session.signed-out", run: pageHeaders},
	}
}

func forgedRequests(a *attempt) {
	b := a.browser(a, a.hear)
	b.signIn(indigo)
	own := a.url("")
	const ends = "/v1/sessions:end"
	for name, h := range map[string][]string{
		"another site": {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, "a sibling": {"Origin", "http://other.localhost", "Sec-Fetch-Site", "same-site"},
		"another port": {"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"}, "no Origin": {}, "Origin null": {"Origin", "null"}, "own Origin, foreign site": {"Origin", own, "Sec-Fetch-Site", "cross-site"},
		"a form as text": {"Origin", "https://evil.example", "Content-Type", "text/plain"}, "prefix of the Origin": {"Origin", own + ".evil.example"},
	} {
		r := a.request(http.MethodPost, ends, `{"person":"`+indigo+`"}`, append([]string{"Cookie", b.header(), "Content-Type", "application/json"}, h...)...)
		if code, header, body := a.send(r); code != http.StatusUnauthorized && code != http.StatusForbidden && code != http.StatusUnsupportedMediaType {
			a.Errorf("%s: %d %.200s", name, code, body)
		} else if header.Get("Access-Control-Allow-Origin") != "" || header.Get("Access-Control-Allow-Credentials") != "" {
			a.Errorf("%s: other origins are allowed", name)
		}
		if code, _, _ := a.send(a.request(http.MethodPost, "/signout", "", append([]string{"Cookie", b.header()}, h...)...)); name != "no Origin" && code != http.StatusForbidden {
			a.Errorf("signing out by %s: %d", name, code)
		}
	}
	for _, method := range []string{"GET", "HEAD", "DELETE", "PUT", "PATCH"} {
		if code, _, _ := a.send(a.request(method, ends, "", "Cookie", b.header(), "Origin", own, "Sec-Fetch-Site", "same-origin")); code == http.StatusOK || code == 0 {
			a.Errorf("%s has an effect: %d", method, code)
		}
	}
	code, header, _ := a.send(a.request(http.MethodOptions, ends, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"))
	if header.Get("Access-Control-Allow-Origin") != "" {
		a.Errorf("a preflight is allowed: %d %v", code, header)
	}
	if got := b.api("GET", "/v1/whoami"); got.code != http.StatusOK || !strings.Contains(got.body, indigo) {
		a.Errorf("the session is gone: %d %.200s", got.code, got.body)
	}
}

func pageHeaders(a *attempt) {
	b := a.browser(a, a.hear)
	b.signIn(harper)
	for _, path := range []string{"/signin", "/signed-out", "/session", "/signin/callback"} {
		got := b.send("GET", path, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if !strings.Contains(got.header.Get(name), want) {
				a.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
	}
	got := b.api("GET", "/v1/whoami")
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		a.Errorf("headers of the API: %v", got.header)
	}
	stolen := b.header()
	out := b.send("POST", "/signout", url.Values{}, "Origin", a.url(""), "Sec-Fetch-Site", "same-origin")
	if clear := out.header.Get("Clear-Site-Data"); !strings.Contains(clear, "cache") || !strings.Contains(clear, "storage") {
		a.Errorf("signing out: %d, Clear-Site-Data %q", out.code, clear)
	}
	// Back: the page would have to be fetched again.
	if code, _, body := a.send(a.request(http.MethodGet, "/v1/whoami", "", "Cookie", stolen, "Sec-Fetch-Site", "same-origin")); code != http.StatusUnauthorized {
		a.Errorf("after signing out: %d %.200s", code, body)
	}
}
