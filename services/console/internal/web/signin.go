package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/console/internal/message"
	"github.com/noticehub/noticehub/services/console/internal/session"
	"github.com/noticehub/noticehub/services/console/internal/store"
)

// signIn sends the browser to the provider and remembers that it did.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	if p.Origin.Alias(r.Host) {
		http.Redirect(w, r, p.Origin.String()+r.URL.RequestURI(), http.StatusSeeOther)
		return
	}
	back := r.URL.Query().Get("to")
	if back == "" {
		back = "/"
	}
	if !session.LocalPath(back) {
		p.sayProblem(w, fault.InvalidField("to", "is not a path of the console"))
		return
	}
	if ok, _ := p.begins.Allow(peer(r), 1, p.Clock.Now()); !ok || !p.attempts.AllowN(p.Clock.Now(), 1) {
		p.sayProblem(w, exhausted())
		return
	}
	ctx, now := r.Context(), p.Clock.Now()
	cookie, state, nonce, verifier := session.NewToken(), session.NewToken().Encoded(), session.NewToken().Encoded(), session.NewToken().Encoded()
	to, err := p.Provider.SignInURL(ctx, state, nonce, verifier)
	if err == nil {
		err = p.Store.AddAttempt(ctx, store.Attempt{
			Cookie: cookie.Hash(), State: session.HashOf(state), Nonce: nonce, Verifier: verifier, ReturnPath: back, Expires: now.Add(attemptLife),
		}, now)
	}
	if err != nil {
		p.sayProblem(w, err)
		return
	}
	// Lax: the provider's site sends the browser back, and a strict cookie would
	// stay behind.
	setCookie(w, session.AttemptCookie, cookie.Encoded(), http.SameSiteLaxMode, attemptLife)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func exhausted() error {
	return fault.New(fault.Exhausted, "TOO_MANY_SIGN_INS", "too many sign-ins are under way")
}

// callback finishes a sign-in.
func (p *Pages) callback(w http.ResponseWriter, r *http.Request) {
	token, back, err := p.finish(r.Context(), r)
	if err != nil {
		p.sayProblem(w, err)
		return
	}
	setCookie(w, session.AttemptCookie, "", http.SameSiteLaxMode, 0)
	setCookie(w, session.Cookie, token.Encoded(), http.SameSiteStrictMode, 0)
	// A page that goes on by itself, not a redirection: that would still count as
	// coming from the provider's site, and the strict cookie would stay behind.
	w.Header().Set("Refresh", "0; url="+back)
	message.Page{Title: "You are signed in", Text: "The console opens in a moment.", Link: back, Next: "Open the console"}.Write(w, http.StatusOK)
}

// errorWord is what a provider's error code looks like; others are not repeated.
var errorWord = regexp.MustCompile(`^[a-z_]{1,40}$`)

// finish checks the answer of the provider and starts a session.
func (p *Pages) finish(ctx context.Context, r *http.Request) (session.Token, string, error) {
	entry := audit.Entry{Action: "signin"}
	q := r.URL.Query()
	if err := once(q, "state", "code", "iss", "error"); err != nil {
		return session.Token{}, "", p.refuse(ctx, entry, err)
	}
	cookie, _, valid := session.Find(cookies(r), session.AttemptCookie)
	state := q.Get("state")
	if !valid || state == "" {
		return session.Token{}, "", p.refuse(ctx, entry, unknownAttempt())
	}
	attempt, ok, err := p.Store.TakeAttempt(ctx, cookie.Hash(), session.HashOf(state))
	if err != nil {
		return session.Token{}, "", err
	}
	if !ok || !p.Clock.Now().Before(attempt.Expires) {
		return session.Token{}, "", p.refuse(ctx, entry, unknownAttempt())
	}
	if err := p.Provider.NamedRightly(ctx, q.Get("iss")); err != nil {
		return session.Token{}, "", p.refuse(ctx, entry, err)
	}
	if said := q.Get("error"); said != "" || q.Get("code") == "" {
		if errorWord.MatchString(said) {
			entry.Detail = map[string]string{"error": said}
		}
		return session.Token{}, "", p.refuse(ctx, entry, fault.New(fault.Unauthenticated, "PROVIDER_DECLINED", "the sign-in provider did not sign you in"))
	}
	x, tokens, err := p.identify(ctx, q.Get("code"), attempt)
	if err != nil {
		if x.Person != "" {
			entry.Actor = x.Caller().Actor()
		}
		return session.Token{}, "", p.refuse(ctx, entry, err)
	}
	token, err := p.start(ctx, r, x, tokens)
	return token, attempt.ReturnPath, err
}

// once refuses parameters that come twice: which one counts would be a guess.
func once(q url.Values, names ...string) error {
	for _, name := range names {
		if len(q[name]) > 1 {
			return fault.InvalidField(name, "is there more than once")
		}
	}
	return nil
}

func unknownAttempt() error {
	return fault.New(fault.Unauthenticated, "SIGNIN_UNKNOWN", "this sign-in was not begun by this browser, was finished or took too long")
}

// identify finds out who signed in. With an error, the session names the person
// as far as it is known for sure.
func (p *Pages) identify(ctx context.Context, code string, a store.Attempt) (x session.Session, t session.Tokens, err error) {
	now := p.Clock.Now()
	subject, t, err := p.Provider.Exchange(ctx, code, a.Verifier, a.Nonce)
	if err != nil {
		return x, t, err
	}
	if !identity.IsPerson(subject) {
		return x, t, fault.New(fault.Denied, "SUBJECT_UNSUPPORTED", "the provider's name for you cannot be used here")
	}
	x = session.Session{ID: clock.NewID(now), Person: subject, Started: now, Used: now, Checked: now}
	if x.Roles, t, err = p.Provider.Check(ctx, subject, t); err != nil {
		return x, t, err
	}
	if len(x.Roles) == 0 {
		return x, t, fault.New(fault.Denied, "NO_ROLE", "you have no role in NoticeHub")
	}
	return x, t, nil
}

// start keeps a new session with a new token; one that the browser had ends.
func (p *Pages) start(ctx context.Context, r *http.Request, x session.Session, t session.Tokens) (session.Token, error) {
	sealed, err := p.Sealer.Seal(x.ID, t)
	if err != nil {
		return session.Token{}, err
	}
	var replaces *session.Hash
	if old, _, valid := session.Find(cookies(r), session.Cookie); valid {
		hash := old.Hash()
		replaces = &hash
	}
	token := session.NewToken()
	ended, err := p.Store.Start(ctx, x, token.Hash(), sealed, replaces, p.MaxSessions)
	p.Guard.Forget(ended...)
	return token, err
}

// reasonOf is the reason of an error for the audit log.
func reasonOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Reason != "" {
		return f.Reason
	}
	return "UNAVAILABLE"
}

// reasonText is what a refusal says to the person.
func reasonText(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Message + "."
	}
	return ""
}
