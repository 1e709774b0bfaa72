package provider

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

const (
	// maxConfirmed bounds the access tokens whose answers are remembered.
	maxConfirmed = 4096
	// refusalLife is how long a refusal is remembered, so that a flood of calls
	// with one bad token is one question to the provider.
	refusalLife = 5 * time.Second
)

// Confirmer confirms persons by their access tokens, asking the provider at
// most every session.CheckEvery for each.
type Confirmer struct {
	client *Client
	clock  clock.Clock
	once   singleflight.Group

	mu    sync.Mutex
	known map[[sha256.Size]byte]confirmed
}

type confirmed struct {
	person  Person
	at      time.Time
	refusal error
}

// NewConfirmer makes a confirmer.
func NewConfirmer(client *Client, c clock.Clock) *Confirmer {
	return &Confirmer{client: client, clock: c, known: map[[sha256.Size]byte]confirmed{}}
}

// Confirm returns the roles that the owner of an access token has now. The
// token's signature and subject were verified before. It is Unauthenticated when
// the provider does not confirm the token, and Unavailable when the provider's
// last word is older than session.CheckGrace.
func (c *Confirmer) Confirm(ctx context.Context, token, subject string) ([]string, error) {
	name := sha256.Sum256([]byte(token))
	now := c.clock.Now()
	last, ok := c.last(name)
	if !ok || !last.fresh(now) {
		result := c.once.DoChan(string(name[:]), func() (any, error) {
			// The callers share the question: it does not end with one of them.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			person, err := c.client.Ask(ctx, token)
			return person, err
		})
		select {
		case r := <-result:
			person, _ := r.Val.(Person)
			last, ok = c.learn(name, last, ok, person, r.Err)
			if !ok {
				return nil, r.Err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	switch {
	case last.refusal != nil:
		return nil, last.refusal
	case subject == "" || last.person.Subject != subject:
		return nil, refused(errors.New("the token is of another person"))
	}
	return append([]string(nil), last.person.Roles...), nil
}

func (c confirmed) fresh(now time.Time) bool {
	life := session.CheckEvery
	if c.refusal != nil {
		life = refusalLife
	}
	return now.Sub(c.at) < life
}

func (c *Confirmer) last(name [sha256.Size]byte) (confirmed, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.known[name]
	return last, ok
}

// learn takes the provider's answer; false when there is none that counts.
func (c *Confirmer) learn(name [sha256.Size]byte, last confirmed, had bool, person Person, err error) (confirmed, bool) {
	now := c.clock.Now()
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		return last, had && last.refusal == nil && now.Sub(last.at) < session.CheckGrace
	}
	fresh := confirmed{person: person, at: now, refusal: err}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxConfirmed {
		for each, old := range c.known {
			if !old.fresh(now) || len(c.known) >= maxConfirmed {
				delete(c.known, each)
			}
		}
	}
	c.known[name] = fresh
	return fresh, true
}
