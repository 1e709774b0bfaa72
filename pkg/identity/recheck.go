package identity

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// refusalLife is how long a token that the provider refused is not asked about
	// again, and providerPause how long a provider that did not answer is left alone:
	// calls must not wait for it one by one, nor floods of calls reach it.
	refusalLife   = 5 * time.Second
	providerPause = 2 * time.Second
)

// checked is what the provider said last about the roles of a token's person.
type checked struct {
	roles   []string
	refusal error
	at      time.Time
}

// recheck gives the person the roles that the provider says they have now, and
// that the token says too: a token may be for less than its person may do.
func (t *tokens) recheck(ctx context.Context, c Caller, token string, key [32]byte, now time.Time) (Caller, error) {
	last, known := t.roles.get(key, now)
	fresh := known && (last.refusal != nil || now.Sub(last.at) < t.o.Recheck)
	if !fresh {
		// Calls share the question, so it does not end with one of them.
		asked := t.asking.DoChan(string(key[:]), func() (any, error) {
			roles, err := t.ask(context.WithoutCancel(ctx), token, c.ID)
			return roles, err
		})
		select {
		case answer := <-asked:
			roles, _ := answer.Val.([]string)
			switch err := answer.Err; {
			case err == nil:
				last = checked{roles: roles, at: now}
				// Kept beyond the next check, for a provider that does not answer then.
				t.roles.put(key, last, now.Add(2*t.o.Recheck), now)
			case !fault.Is(err, fault.Unavailable):
				last = checked{refusal: err, at: now}
				t.roles.put(key, last, now.Add(refusalLife), now)
			case !known:
				return Caller{}, err
			}
		case <-ctx.Done():
			return Caller{}, ctx.Err()
		}
	}
	if last.refusal != nil {
		return Caller{}, last.refusal
	}
	allowed := make([]string, 0, len(c.Roles))
	for _, role := range c.Roles {
		if slices.Contains(last.roles, role) {
			allowed = append(allowed, role)
		}
	}
	c.Roles = allowed
	return c, nil
}

// ask asks the provider unless it did not answer a moment ago.
func (t *tokens) ask(ctx context.Context, token, id string) ([]string, error) {
	now := t.o.Clock.Now()
	if now.UnixNano() < t.pausedUntil.Load() {
		return nil, noProvider(nil)
	}
	roles, err := t.userInfo(ctx, token, id)
	if fault.Is(err, fault.Unavailable) {
		t.pausedUntil.Store(t.o.Clock.Now().Add(providerPause).UnixNano())
	}
	return roles, err
}

// userInfo asks the provider's userinfo endpoint about the person of a token.
func (t *tokens) userInfo(ctx context.Context, token, id string) ([]string, error) {
	endpoint, err := t.keys.userInfo(ctx)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return nil, noProvider(err)
	}
	request.Header.Set("Authorization", bearer+token)
	reply, err := t.o.Client.Do(request)
	if err != nil {
		return nil, noProvider(err)
	}
	defer reply.Body.Close()
	switch {
	case reply.StatusCode == http.StatusUnauthorized || reply.StatusCode == http.StatusForbidden:
		return nil, badToken("the issuer no longer accepts it")
	case reply.StatusCode != http.StatusOK:
		return nil, noProvider(nil)
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxDocument))
	if err != nil {
		return nil, noProvider(err)
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(body, &claims); err != nil {
		return nil, noProvider(err)
	}
	if text(claims[t.o.PersonClaim]) != id {
		return nil, badToken("the issuer says it is another person's")
	}
	return t.rolesIn(claims)
}
