package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/console/internal/message"
	"github.com/noticehub/noticehub/services/console/internal/session"
	"github.com/noticehub/noticehub/services/console/internal/store"
)

// revokeTime is how long signing out waits for the provider to take tokens back.
const revokeTime = 2 * time.Second

// signOut ends the session here, then at the provider where that is offered.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	token, _, valid := session.Find(cookies(r), session.Cookie)
	var x session.Session
	lives := false
	if valid {
		var err error
		if x, lives, err = p.Store.Find(ctx, token.Hash()); err != nil {
			p.sayProblem(w, err)
			return
		}
	}
	if err := p.Origin.AllowsRequest(r); err != nil {
		entry := audit.Entry{Action: "session.signed-out"}
		if lives {
			entry.Object = store.Object(x.ID)
		}
		p.sayProblem(w, p.refuse(ctx, entry, err))
		return
	}
	if lives {
		sealed, was, err := p.Store.End(ctx, x, session.SignedOut)
		if err != nil {
			p.sayProblem(w, err)
			return
		}
		p.Guard.Forget(token.Hash())
		if was {
			p.revoke(ctx, x, sealed)
		}
	}
	setCookie(w, session.Cookie, "", http.SameSiteStrictMode, 0)
	w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	back := p.Origin.String() + "/signed-out"
	to, offered := back, false
	if lives {
		if there, ok := p.Provider.SignOutURL(ctx, back); ok {
			to, offered = there, true
		}
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	answer := map[string]any{"signed_in": false}
	if offered {
		answer["end_session_url"] = to
	}
	writeJSON(w, http.StatusOK, answer)
}

// revoke takes the provider's tokens back. The session is over in any case; a
// provider that is away forgets them when they expire.
func (p *Pages) revoke(ctx context.Context, x session.Session, sealed []byte) {
	tokens, err := p.Sealer.Open(x.ID, sealed)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	if err := p.Provider.Revoke(ctx, tokens); err != nil {
		p.Log.Warn("the provider did not take the tokens of a session back", "session", x.ID.String())
	}
}

func (p *Pages) signedOut(w http.ResponseWriter, _ *http.Request) {
	message.Page{Title: "You are signed out", Text: "Close the browser if others use this machine.", Link: "/signin", Next: "Sign in again"}.Write(w, http.StatusOK)
}

// session tells a page who is signed in and for how long, and what time it is in
// the agency. Asking does not count
// as use.
func (p *Pages) session(w http.ResponseWriter, r *http.Request) {
	token, found, valid := session.Find(cookies(r), session.Cookie)
	if !found || !valid {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"signed_in": false})
		return
	}
	if err := p.Origin.AllowsRequest(r); err != nil {
		writeJSON(w, http.StatusForbidden, map[string]any{"signed_in": false, "reason": reasonOf(err)})
		return
	}
	x, err := p.Guard.Peek(r.Context(), token.Hash())
	switch {
	case fault.Is(err, fault.Unauthenticated):
		writeJSON(w, http.StatusUnauthorized, map[string]any{"signed_in": false})
	case err != nil:
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"signed_in": false, "reason": reasonOf(err)})
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"signed_in": true, "person": x.Person, "roles": x.Roles, "session": x.ID.String(),
			"started_at": stamp(x.Started), "idle_ends_at": stamp(p.Lifetimes.IdleEnd(x)), "ends_at": stamp(p.Lifetimes.End(x)), "now": stamp(p.Clock.Now()),
			"business_now": stamp(p.Business.Now()), "zone": p.Zone.String(),
		})
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// resource says where programs get tokens (RFC 9728).
func (p *Pages) resource(w http.ResponseWriter, _ *http.Request) {
	issuer, commandLine := p.Provider.Issuer()
	writeJSON(w, http.StatusOK, map[string]any{
		"resource": p.Origin.String(), "authorization_servers": []string{issuer}, "bearer_methods_supported": []string{"header"},
		"noticehub_cli_client_id": commandLine,
	})
}
