package devprovider

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// client is a program that people sign in to, or an authority's.
type client struct {
	id, secret string
	kind       op.ApplicationType
	auth       oidc.AuthMethod
	grants     []oidc.GrantType
	redirects  []string
	signedOut  []string
}

func clients(o Options) map[string]*client {
	console := &client{
		id: ConsoleClient, kind: op.ApplicationTypeWeb, auth: oidc.AuthMethodNone, grants: []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken},
	}
	for _, origin := range o.Origins {
		console.redirects = append(console.redirects, origin+"/signin/callback")
		console.signedOut = append(console.signedOut, origin+"/signed-out")
	}
	all := map[string]*client{
		ConsoleClient: console,
		CommandLineClient: {
			id: CommandLineClient, kind: op.ApplicationTypeNative, auth: oidc.AuthMethodNone, grants: []oidc.GrantType{oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken},
		},
	}
	for _, id := range o.Authorities {
		all[id] = &client{id: id, secret: AuthoritySecret, kind: op.ApplicationTypeWeb, auth: oidc.AuthMethodBasic, grants: []oidc.GrantType{oidc.GrantTypeClientCredentials}}
	}
	return all
}

func (c *client) GetID() string                       { return c.id }
func (c *client) RedirectURIs() []string              { return c.redirects }
func (c *client) PostLogoutRedirectURIs() []string    { return c.signedOut }
func (c *client) ApplicationType() op.ApplicationType { return c.kind }
func (c *client) AuthMethod() oidc.AuthMethod         { return c.auth }
func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *client) GrantTypes() []oidc.GrantType { return c.grants }
func (c *client) LoginURL(id string) string    { return Path + "/login?request=" + id }

// AccessTokenType is what the library encrypts; here it signs instead (tokens).
func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration      { return 5 * time.Minute }
func (c *client) DevMode() bool                       { return true }
func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
func (c *client) IsScopeAllowed(string) bool           { return false }
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return false }
func (c *client) ClockSkew() time.Duration             { return 0 }
