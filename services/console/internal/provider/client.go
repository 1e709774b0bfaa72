package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// rediscover is how long the provider's description is used.
	rediscover = time.Hour
	// pause after the provider could not be reached, before it is tried again:
	// calls meanwhile fail at once instead of waiting one after the other.
	pause = 2 * time.Second
)

// Client talks to one provider.
type Client struct {
	settings Settings
	secret   string
	redirect string
	http     *http.Client
	clock    clock.Clock

	mu        sync.Mutex
	known     *description
	downUntil time.Time
}

// description is what the provider says of itself.
type description struct {
	*oidc.Provider
	at       time.Time
	oauth    oauth2.Config
	endings  endings
	verifier *oidc.IDTokenVerifier
	signed   *oidc.IDTokenVerifier // of user info, for any client
	mustName bool                  // whether answers must name the issuer (RFC 9207)
}

// endings are where signing out goes, where the provider offers it.
type endings struct {
	EndSession string `json:"end_session_endpoint"`
	Revocation string `json:"revocation_endpoint"`
}

// New makes a client; it asks nothing yet, so the provider may start later.
// redirect is where the provider sends people back to.
func New(s Settings, redirect string, c clock.Clock) (*Client, error) {
	h, err := s.transport()
	if err != nil {
		return nil, err
	}
	secret, err := s.secret()
	if err != nil {
		return nil, err
	}
	return &Client{settings: s, secret: secret, redirect: redirect, http: h, clock: c}, nil
}

// with lets the libraries use the client's transport.
func (c *Client) with(ctx context.Context) context.Context { return oidc.ClientContext(ctx, c.http) }

// describe returns the provider's description, asking for it when it is old.
func (c *Client) describe(ctx context.Context) (*description, error) {
	now := c.clock.Now()
	c.mu.Lock()
	known, down := c.known, now.Before(c.downUntil)
	c.mu.Unlock()
	if known != nil && now.Sub(known.at) < rediscover {
		return known, nil
	}
	if down {
		if known != nil {
			return known, nil
		}
		return nil, unavailable(errors.New("it was out of reach a moment ago"))
	}
	fresh, err := c.discover(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.downUntil = c.clock.Now().Add(pause)
		if known != nil {
			return known, nil // what it said an hour ago is better than nothing
		}
		return nil, unavailable(err)
	}
	c.known = fresh
	return fresh, nil
}

func (c *Client) discover(ctx context.Context) (*description, error) {
	p, err := oidc.NewProvider(c.with(ctx), c.settings.Issuer)
	if err != nil {
		return nil, err
	}
	var says struct {
		endings
		UserInfo string   `json:"userinfo_endpoint"`
		Keys     string   `json:"jwks_uri"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
		PKCE     []string `json:"code_challenge_methods_supported"`
		NamesIss bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := p.Claims(&says); err != nil {
		return nil, err
	}
	endpoint := p.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, says.UserInfo, says.Keys} {
		if err := egress.Sealed(address); err != nil {
			return nil, fmt.Errorf("an address in the discovery document %w", err)
		}
	}
	if len(says.PKCE) > 0 && !slices.Contains(says.PKCE, "S256") {
		return nil, errors.New("the provider does not offer PKCE with S256")
	}
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	if c.secret != "" && (len(says.Methods) == 0 || slices.Contains(says.Methods, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	for _, address := range []*string{&says.EndSession, &says.Revocation} {
		if egress.Sealed(*address) != nil {
			*address = ""
		}
	}
	return &description{
		Provider: p, at: c.clock.Now(), endings: says.endings, mustName: says.NamesIss,
		oauth: oauth2.Config{
			ClientID: c.settings.ClientID, ClientSecret: c.secret, Endpoint: endpoint, RedirectURL: c.redirect, Scopes: c.settings.Scopes,
		},
		verifier: p.Verifier(&oidc.Config{ClientID: c.settings.ClientID, Now: c.clock.Now}),
		signed:   p.Verifier(&oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true, Now: c.clock.Now}),
	}, nil
}

// Up reports whether it is worth trying to reach the provider.
func (c *Client) Up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.clock.Now().Before(c.downUntil)
}

// down notes that the provider is out of reach and says so. A caller that went
// away itself says nothing about the provider.
func (c *Client) down(ctx context.Context, cause error) error {
	if ctx.Err() == nil {
		c.mu.Lock()
		c.downUntil = c.clock.Now().Add(pause)
		c.mu.Unlock()
	}
	return unavailable(cause)
}

// unavailable is the error when the provider's word cannot be had.
func unavailable(cause error) *fault.Error {
	return fault.New(fault.Unavailable, "PROVIDER_UNAVAILABLE", "the sign-in provider cannot be reached, so nobody can be confirmed").
		WithHelp("Try again in a moment; if it stays so, an administrator should look at the provider.").WithRetry(pause).Wrap(cause)
}

// refused is the error when the provider does not confirm somebody.
func refused(cause error) *fault.Error {
	return fault.New(fault.Unauthenticated, "PROVIDER_REFUSED", "the sign-in provider does not confirm the sign-in").
		WithHelp("Sign in again.").Wrap(cause)
}
