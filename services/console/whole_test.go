package console_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/internal/devprovider"
)

// The hub's own layout: API, pages and the development provider behind one port,
// with cookies and the provider's tokens accepted by the one chain.
func TestPagesAPIAndProviderBehindOnePort(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, url: postgrestest.URL(t, console.Schema()), clock: clock.NewFake(time.Now()), config: console.Defaults(), origin: "http://" + listener.Addr().String()}
	w.pool = postgrestest.Open(t, w.url, console.Schema(), "*")
	w.config.Origin, w.config.Provider.Issuer = w.origin, w.origin+devprovider.Path
	if w.provider, err = devprovider.New(devprovider.Options{Development: true, Issuer: w.config.Provider.Issuer}); err != nil {
		t.Fatal(err)
	}
	w.service = w.replica()
	tokens, err := identity.Tokens(identity.TokenOptions{Issuer: w.config.Provider.Issuer, Audience: devprovider.Audience, Algorithms: []string{oidc.RS256}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Table: w.service.Methods(), Name: "hub",
		Authenticator: identity.Chain(identity.Ways{Cookies: w.service.Authenticator(), Tokens: tokens}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.service.Register(server)
	w.service.Mount(server.Handle)
	server.Handle(devprovider.Path+"/", w.provider)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, rpc.Listeners{HTTP: listener}) }()
	t.Cleanup(func() { cancel(); <-done })

	b := w.browser()
	b.signIn(avery)
	const who = "/noticehub.console.v1.SessionService/WhoAmI"
	call := func(method, path string, headers ...string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, w.origin+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		body, _ := io.ReadAll(got.Body)
		return got.StatusCode, string(body)
	}
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		in           bool
	}{
		"a call of a page":           {"POST", who, []string{"Cookie", b.header(), "Origin", w.origin, "Sec-Fetch-Site", "same-origin"}, true},
		"a read by its address":      {"GET", "/v1/whoami", []string{"Cookie", b.header(), "Sec-Fetch-Site", "same-origin"}, true},
		"another site":               {"POST", who, []string{"Cookie", b.header(), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, false},
		"a sibling":                  {"POST", who, []string{"Cookie", b.header(), "Origin", w.origin, "Sec-Fetch-Site", "same-site"}, false},
		"no Origin":                  {"POST", who, []string{"Cookie", b.header()}, false},
		"a form":                     {"POST", who, []string{"Cookie", b.header(), "Origin", "https://evil.example", "Content-Type", "text/plain"}, false},
		"a token":                    {"POST", who, []string{"Authorization", "Bearer " + deviceToken(t, w, gray)}, true},
		"a token beside a cookie":    {"POST", who, []string{"Cookie", b.header(), "Origin", w.origin, "Authorization", "Bearer x"}, false},
		"the sign-in's cookie alone": {"POST", who, []string{"Cookie", attemptCookie + "=" + strings.Repeat("A", 43), "Origin", w.origin}, false},
	} {
		status, body := call(c.method, c.path, c.headers...)
		if in := status == http.StatusOK; in != c.in || strings.Contains(body, `"id"`) != c.in {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if got := b.send("POST", "/signout", nil, "Origin", w.origin); got.StatusCode != http.StatusOK {
		t.Errorf("signing out: %s", got.Status)
	}
}
