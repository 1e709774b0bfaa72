// Package web serves the pages of signing in and out.
//
// Guarantees: a sign-in is finished only by the browser that began it, once,
// with the state, nonce and PKCE verifier that were made for it; it gets a new
// session each time; nothing changes by a request of another origin; pages are
// not stored, not framed and run no script. Every sign-in, sign-out and refusal
// is an audit entry before the answer leaves.
package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	peers "github.com/noticehub/noticehub/pkg/rate"
	"github.com/noticehub/noticehub/services/console/internal/guard"
	"github.com/noticehub/noticehub/services/console/internal/message"
	"github.com/noticehub/noticehub/services/console/internal/provider"
	"github.com/noticehub/noticehub/services/console/internal/session"
	"github.com/noticehub/noticehub/services/console/internal/store"
)

const (
	// attemptLife is how long signing in may take.
	attemptLife = 10 * time.Minute
	// maxQuery is the longest query read, in bytes.
	maxQuery = 4096
	// Anybody can begin to sign in: so many a second of all together, and so many
	// from one address, which cannot fill the store of sign-ins under way.
	attemptsRate, attemptsBurst = 50, 200
	beginRate, beginBurst       = 10, 100
	// Requests of any kind from one address, a second and at once: each can cost a
	// look into the database or an entry on record.
	peerRate, peerBurst = 20, 200
	// maxPeers are remembered.
	maxPeers = 10_000
)

// Deps are what the pages work with; all are required.
type Deps struct {
	Store    *store.Store
	Provider *provider.Client
	// Audit records refusals; floods of them are counted.
	Audit     audit.Recorder
	Guard     *guard.Guard
	Sealer    *session.Sealer
	Clock     clock.Clock
	Origin    guard.Origin
	Lifetimes session.Lifetimes
	// MaxSessions a person may have at a time.
	MaxSessions int
	// Business is the business clock, and Zone the agency's, which pages tell the
	// time by.
	Business clock.Clock
	Zone     *time.Location
	Log      *slog.Logger
}

// Pages are the handlers.
type Pages struct {
	Deps
	attempts      *rate.Limiter
	begins, peers *peers.Keyed // by address
}

// New makes the handlers.
func New(d Deps) *Pages {
	return &Pages{
		Deps: d, attempts: rate.NewLimiter(attemptsRate, attemptsBurst),
		begins: peers.NewKeyed(beginRate, beginBurst, maxPeers), peers: peers.NewKeyed(peerRate, peerBurst, maxPeers),
	}
}

// peer is where a request comes from: an address, or the network that somebody
// with version 6 has for himself.
func peer(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := at.Addr().Unmap().WithZone("")
	if net, err := ip.Prefix(64); ip.Is6() && err == nil {
		return net.String()
	}
	return ip.String()
}

// Mount adds the handlers to a server. The patterns take every method, so that
// wrong ones get the same headers.
func (p *Pages) Mount(handle func(pattern string, h http.Handler)) {
	handle("/signin", p.on(http.MethodGet, p.signIn))
	handle("/signin/callback", p.on(http.MethodGet, p.callback))
	handle("/signout", p.on(http.MethodPost, p.signOut))
	handle("/signed-out", p.on(http.MethodGet, p.signedOut))
	handle("/session", p.on(http.MethodGet, p.session))
	handle("/.well-known/oauth-protected-resource", p.on(http.MethodGet, p.resource))
}

// on serves one method with the headers all answers have.
func (p *Pages) on(method string, serve func(http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Not no-referrer: browsers would send "Origin: null" with the console's own forms.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if p.Origin.Secure() {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if r.Method != method {
			h.Set("Allow", method)
			http.Error(w, "this address takes "+method+" only", http.StatusMethodNotAllowed)
			return
		}
		if len(r.URL.RawQuery) > maxQuery {
			http.Error(w, "the address is too long", http.StatusRequestURITooLong)
			return
		}
		if ok, _ := p.peers.Allow(peer(r), 1, p.Clock.Now()); !ok {
			p.sayProblem(w, exhausted())
			return
		}
		serve(w, r.WithContext(audit.WithMethod(r.Context(), "http"+r.URL.Path)))
	})
}

// setCookie sets a cookie that only this host gets, by TLS, and no script sees.
func setCookie(w http.ResponseWriter, name, value string, same http.SameSite, life time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: same, MaxAge: int(life / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// cookies is the Cookie header, whatever number of them came.
func cookies(r *http.Request) string { return strings.Join(r.Header.Values("Cookie"), "; ") }

// sayProblem shows what a fault says, nothing of its cause.
func (p *Pages) sayProblem(w http.ResponseWriter, err error) {
	status, text := http.StatusServiceUnavailable, "Something is out of reach. Try again in a moment."
	switch fault.KindOf(err) {
	case fault.Unauthenticated, fault.Denied:
		status, text = http.StatusForbidden, "You are not signed in: "+reasonText(err)
	case fault.Invalid:
		status, text = http.StatusBadRequest, "The address is not complete or was changed."
	case fault.Exhausted:
		status, text = http.StatusTooManyRequests, "Too many people are signing in. Try again in a minute."
		w.Header().Set("Retry-After", strconv.Itoa(60))
	case fault.Unavailable, fault.Deadline, fault.Canceled, fault.Conflict:
		w.Header().Set("Retry-After", "5")
	default:
		p.Log.Error("signing in failed", "error", err.Error())
		status, text = http.StatusInternalServerError, "Something is wrong on our side."
	}
	message.Page{Title: "Not signed in", Text: text, Link: "/signin", Next: "Sign in"}.Write(w, status)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}

// refuse writes the audit entry of a refusal and returns the error to show: the
// refusal, or that it could not be recorded.
func (p *Pages) refuse(ctx context.Context, e audit.Entry, err error) error {
	e.Result, e.Reason = audit.Refused, reasonOf(err)
	if failed := p.Audit.Record(ctx, e); failed != nil {
		return failed
	}
	return err
}
