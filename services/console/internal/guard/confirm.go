package guard

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

const (
	// lease is how long the right to ask the provider about a session lasts: longer
	// than asking can take.
	lease = patience + 3*time.Second
	// again is the pause after the provider could not be asked about a session.
	again = 2 * time.Second
	// glance is the pause between looks while another process asks.
	glance = 50 * time.Millisecond
	// glances bound the wait for another process.
	glances = 40
)

// confirm has the provider confirm a session whose last confirmation is old; use
// says that it is used, too.
func (g *Guard) confirm(ctx context.Context, x session.Session, use bool) (session.Session, error) {
	for range glances {
		now := g.Clock.Now()
		sealed, mine, err := g.Store.Ask(ctx, x, now, now.Add(lease))
		if err != nil {
			return x, err
		}
		if mine {
			return g.ask(ctx, x, sealed, now, use)
		}
		// Another process asks, or could not a moment ago: see what it learnt.
		y, ok, err := g.Store.ByID(ctx, x.ID)
		switch {
		case err != nil:
			return x, err
		case !ok:
			return x, over()
		case y.Checked.After(x.Checked), now.Sub(y.Checked) < session.CheckGrace:
			return y, nil
		case !g.Provider.Up():
			return x, unconfirmed()
		}
		select {
		case <-ctx.Done():
			return x, ctx.Err()
		case <-time.After(glance):
		}
	}
	return x, unconfirmed()
}

func unconfirmed() error {
	return fault.New(fault.Unavailable, "PROVIDER_UNAVAILABLE", "the sign-in provider has not confirmed you for too long").
		WithHelp("Try again in a moment.").WithRetry(again)
}

// ask asks the provider, with the right to do so, and notes what it said.
func (g *Guard) ask(ctx context.Context, x session.Session, sealed []byte, now time.Time, use bool) (session.Session, error) {
	tokens, err := g.Sealer.Open(x.ID, sealed)
	if err != nil { // of another key: it was exchanged
		return x, g.end(ctx, x, session.Refused)
	}
	roles, fresh, err := g.Provider.Check(ctx, x.Person, tokens)
	switch {
	case fault.Is(err, fault.Unauthenticated):
		return x, g.end(ctx, x, session.Refused)
	case err == nil && len(roles) == 0:
		return x, g.end(ctx, x, session.NoRoles)
	}
	if fresh != tokens {
		var failed error
		if sealed, failed = g.Sealer.Seal(x.ID, fresh); failed != nil {
			return x, failed
		}
	}
	if err != nil {
		if failed := g.Store.Unconfirmed(ctx, x.ID, sealed, now.Add(again)); failed != nil {
			return x, failed
		}
		if now.Sub(x.Checked) < session.CheckGrace {
			return x, nil
		}
		g.Log.Warn("the sign-in provider is out of reach: people cannot go on", "error", err.Error())
		return x, err
	}
	before := x.Roles
	x.Roles, x.Checked = roles, now
	if use {
		x.Used = now
	}
	lives, err := g.Store.Confirmed(ctx, x, before, sealed)
	if err == nil && !lives {
		err = over()
	}
	return x, err
}
