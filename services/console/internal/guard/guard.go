// Package guard lets people in by the cookie of their session.
//
// Guarantees: a session that ended, in whatever process, lets nobody in after
// 5 s; a role that was removed or an account that was closed is without
// effect after session.CheckGrace, and sooner while the provider answers; when
// the provider's last word is older than that, nobody gets in. A request of
// another origin is refused, whatever its cookie.
package guard

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/services/console/internal/provider"
	"github.com/noticehub/noticehub/services/console/internal/session"
	"github.com/noticehub/noticehub/services/console/internal/store"
)

const (
	// remembered is how long a session is not looked up again.
	remembered = 5 * time.Second
	// maxRemembered bounds the sessions in memory.
	maxRemembered = 10_000
	// patience of looking a session up, with asking the provider.
	patience = 9 * time.Second
)

// Deps are what a guard works with; all are required.
type Deps struct {
	Store     *store.Store
	Provider  *provider.Client
	Sealer    *session.Sealer
	Clock     clock.Clock
	Origin    Origin
	Lifetimes session.Lifetimes
	Log       *slog.Logger
}

// Guard knows who is signed in.
type Guard struct {
	Deps
	once singleflight.Group

	mu      sync.Mutex
	known   map[session.Hash]entry
	forgets uint64 // counts what was forgotten
}

type entry struct {
	session.Session
	until time.Time
}

// New makes a guard.
func New(d Deps) *Guard { return &Guard{Deps: d, known: map[session.Hash]entry{}} }

// Authenticate names the person of a session's cookie (identity.Authenticator).
func (g *Guard) Authenticate(ctx context.Context, c identity.Credentials) (identity.Caller, error) {
	token, found, valid := session.Find(c.Cookie, session.Cookie)
	if !found || c.Authorization != "" {
		return identity.Caller{}, identity.Missing()
	}
	if err := g.Origin.Allows(c.Method, c.Origin, c.FetchSite); err != nil {
		return identity.Caller{}, err
	}
	if !valid {
		return identity.Caller{}, over()
	}
	find := g.Use
	if rpc.Unattended(ctx) {
		find = g.Stands
	}
	x, err := find(ctx, token.Hash())
	if err != nil {
		return identity.Caller{}, err
	}
	return x.Caller(), nil
}

// over is the error for whatever is no living session: an unknown token, one of
// the past, one that was ended. It does not tell which.
func over() error {
	return fault.New(fault.Unauthenticated, "SESSION_OVER", "you are not signed in, or not any more").WithHelp("Sign in.")
}

// Use returns the session of a token and counts as its use.
func (g *Guard) Use(ctx context.Context, token session.Hash) (session.Session, error) {
	return g.find(ctx, token, true)
}

// Stands returns the session of a token as Use does, asking the provider when its
// word is old, but does not count as use: a stream that a page keeps open does not
// keep the session alive.
func (g *Guard) Stands(ctx context.Context, token session.Hash) (session.Session, error) {
	return g.find(ctx, token, false)
}

func (g *Guard) find(ctx context.Context, token session.Hash, use bool) (session.Session, error) {
	now := g.Clock.Now()
	g.mu.Lock()
	e, ok := g.known[token]
	g.mu.Unlock()
	if ok && now.Before(e.until) {
		return e.Session, nil
	}
	key := string(token[:])
	if !use {
		key += "/stands"
	}
	result := g.once.DoChan(key, func() (any, error) {
		// The callers share the look: it does not end with one of them.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return g.look(ctx, token, use)
	})
	select {
	case r := <-result:
		x, _ := r.Val.(session.Session)
		return x, r.Err
	case <-ctx.Done():
		return session.Session{}, ctx.Err()
	}
}

// Peek returns the session of a token without using it: a page that asks how
// long it has does not keep itself alive.
func (g *Guard) Peek(ctx context.Context, token session.Hash) (session.Session, error) {
	x, ok, err := g.Store.Find(ctx, token)
	switch {
	case err != nil:
		return x, err
	case !ok || g.Lifetimes.Over(x, g.Clock.Now()) != session.Lives:
		return session.Session{}, over()
	}
	return x, nil
}

// Forget makes the guard look sessions up again, because they ended.
func (g *Guard) Forget(tokens ...session.Hash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgets++
	for _, token := range tokens {
		delete(g.known, token)
	}
}

func (g *Guard) look(ctx context.Context, token session.Hash, use bool) (session.Session, error) {
	g.mu.Lock()
	before := g.forgets
	g.mu.Unlock()
	now := g.Clock.Now()
	x, ok, err := g.Store.Find(ctx, token)
	if err != nil {
		return x, err
	}
	if !ok {
		return x, over()
	}
	if why := g.Lifetimes.Over(x, now); why != session.Lives {
		return session.Session{}, g.end(ctx, x, why)
	}
	if now.Sub(x.Checked) >= session.CheckEvery {
		if x, err = g.confirm(ctx, x, use); err != nil {
			return session.Session{}, err
		}
	}
	if use && now.Sub(x.Used) >= session.SlideEvery {
		if err := g.Store.Slide(ctx, x.ID, now); err != nil {
			return session.Session{}, err
		}
		x.Used = now
	}
	// What was not used for long must be looked up when it is, to write that down.
	if use || now.Sub(x.Used) < session.SlideEvery {
		g.remember(token, x, now, before)
	}
	return x, nil
}

// remember keeps a session for as long as it surely counts, unless something
// was forgotten since the look began.
func (g *Guard) remember(token session.Hash, x session.Session, now time.Time, forgets uint64) {
	until := now.Add(remembered)
	for _, end := range []time.Time{x.Checked.Add(session.CheckGrace), g.Lifetimes.IdleEnd(x), g.Lifetimes.End(x)} {
		if end.Before(until) {
			until = end
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.forgets != forgets {
		return
	}
	if len(g.known) >= maxRemembered {
		for each, old := range g.known {
			if !now.Before(old.until) || len(g.known) >= maxRemembered {
				delete(g.known, each)
			}
		}
	}
	g.known[token] = entry{x, until}
}

// end ends a session that may not go on and returns what its user gets.
func (g *Guard) end(ctx context.Context, x session.Session, why session.Over) error {
	if _, _, err := g.Store.End(ctx, x, why); err != nil {
		return err
	}
	return over()
}
