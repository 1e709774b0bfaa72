package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

// Person is somebody as the provider knows them now.
type Person struct {
	// Subject is the provider's name for the person; it is never given to another.
	Subject string
	// Roles are the hub's; others the provider knows are left out.
	Roles []string
}

// ErrTokenOver is the cause of a refusal that a fresh access token may overcome.
var ErrTokenOver = errors.New("the access token is not accepted")

// Ask asks the provider who an access token belongs to and their roles.
func (c *Client) Ask(ctx context.Context, access string) (Person, error) {
	if !c.Up() {
		return Person{}, unavailable(errors.New("it was out of reach a moment ago"))
	}
	d, err := c.describe(ctx)
	if err != nil {
		return Person{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.UserInfoEndpoint(), http.NoBody)
	if err != nil {
		return Person{}, unavailable(err)
	}
	request.Header.Set("Authorization", "Bearer "+access)
	request.Header.Set("Accept", "application/json, application/jwt")
	answer, err := c.http.Do(request)
	if err != nil {
		return Person{}, c.down(ctx, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return Person{}, c.down(ctx, err)
	case answer.StatusCode == http.StatusUnauthorized:
		return Person{}, refused(ErrTokenOver)
	case answer.StatusCode == http.StatusForbidden:
		return Person{}, refused(errors.New("the account is not allowed"))
	case answer.StatusCode != http.StatusOK:
		return Person{}, c.down(ctx, fmt.Errorf("it answers with status %d", answer.StatusCode))
	}
	claims := map[string]any{}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind == "application/jwt" {
		signed, err := d.signed.Verify(c.with(ctx), string(body))
		if err == nil {
			err = signed.Claims(&claims)
		}
		if err != nil {
			return Person{}, unavailable(errors.New("its signed user info does not verify"))
		}
	} else if err := json.Unmarshal(body, &claims); err != nil {
		return Person{}, unavailable(errors.New("its user info is not JSON"))
	}
	subject, _ := claims["sub"].(string)
	return Person{Subject: subject, Roles: session.Known(words(claim(claims, c.settings.RolesClaim)))}, nil
}

// Check finds out whether tokens still confirm a person, refreshing them when
// needed. The tokens that come back count from then on, also with an error.
func (c *Client) Check(ctx context.Context, person string, t session.Tokens) (roles []string, fresh session.Tokens, err error) {
	fresh = t
	refreshed := !c.clock.Now().Before(t.Expires)
	if refreshed {
		if fresh, err = c.Refresh(ctx, t); err != nil {
			return nil, t, err
		}
	}
	now, err := c.Ask(ctx, fresh.Access)
	if errors.Is(err, ErrTokenOver) && !refreshed && fresh.Refresh != "" {
		if fresh, err = c.Refresh(ctx, fresh); err == nil {
			now, err = c.Ask(ctx, fresh.Access)
		}
	}
	if err != nil {
		return nil, fresh, err
	}
	if now.Subject == "" || now.Subject != person {
		return nil, fresh, refused(errors.New("the user info is of another person"))
	}
	return now.Roles, fresh, nil
}

// claim finds a claim by its name, or by a path of names.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, ok := strings.Cut(name, ".")
	if below, isObject := claims[first].(map[string]any); ok && isObject {
		return claim(below, rest)
	}
	return nil
}

// words of a claim: a list of texts, or one text with spaces.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var list []string
		for _, each := range v {
			if word, ok := each.(string); ok {
				list = append(list, word)
			}
		}
		return list
	}
	return nil
}

// Revoke takes tokens back at the provider, where it offers that.
func (c *Client) Revoke(ctx context.Context, t session.Tokens) error {
	d, err := c.describe(ctx)
	if err != nil || d.endings.Revocation == "" {
		return err
	}
	token, hint := t.Refresh, "refresh_token"
	if token == "" {
		token, hint = t.Access, "access_token"
	}
	form := url.Values{"token": {token}, "token_type_hint": {hint}, "client_id": {c.settings.ClientID}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.endings.Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.secret != "" {
		request.SetBasicAuth(url.QueryEscape(c.settings.ClientID), url.QueryEscape(c.secret))
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "REVOCATION_FAILED", "the provider did not take a token back (status %d)", answer.StatusCode)
	}
	return nil
}

// SignOutURL is where a browser goes to sign out at the provider; false when it
// offers no such place. It carries no ID token: addresses end up in logs.
func (c *Client) SignOutURL(ctx context.Context, back string) (string, bool) {
	d, err := c.describe(ctx)
	if err != nil || d.endings.EndSession == "" {
		return "", false
	}
	u, err := url.Parse(d.endings.EndSession)
	if err != nil {
		return "", false
	}
	q := u.Query()
	q.Set("client_id", c.settings.ClientID)
	q.Set("post_logout_redirect_uri", back)
	u.RawQuery = q.Encode()
	return u.String(), true
}

// Issuer and the client id of the command line, for those who sign in elsewhere.
func (c *Client) Issuer() (issuer, commandLine string) {
	return c.settings.Issuer, c.settings.CommandLineClient
}
