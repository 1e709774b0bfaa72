package devprovider

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// request is a sign-in by code that is under way.
type request struct {
	id      string
	asked   oidc.AuthRequest
	account string
	at      time.Time // when the account was chosen
	expires time.Time
	code    string
}

func (r *request) GetID() string          { return r.id }
func (r *request) GetACR() string         { return "" }
func (r *request) GetAMR() []string       { return nil }
func (r *request) GetAudience() []string  { return []string{r.asked.ClientID} }
func (r *request) GetAuthTime() time.Time { return r.at }
func (r *request) GetClientID() string    { return r.asked.ClientID }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}
func (r *request) GetNonce() string                   { return r.asked.Nonce }
func (r *request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }
func (r *request) GetScopes() []string                { return r.asked.Scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) GetSubject() string                 { return r.account }
func (r *request) Done() bool                         { return r.account != "" }

// grant is what a refresh token stands for.
type grant struct {
	client, account string
	scopes          []string
	at, expires     time.Time
}

func (g *grant) GetAMR() []string                 { return nil }
func (g *grant) GetAudience() []string            { return []string{g.client} }
func (g *grant) GetAuthTime() time.Time           { return g.at }
func (g *grant) GetClientID() string              { return g.client }
func (g *grant) GetScopes() []string              { return g.scopes }
func (g *grant) GetSubject() string               { return g.account }
func (g *grant) SetCurrentScopes(scopes []string) { g.scopes = slices.Clone(scopes) }

// machine is an authority that asks for a token by its own credentials.
type machine struct {
	client string
	scopes []string
}

func (m *machine) GetSubject() string    { return m.client }
func (m *machine) GetAudience() []string { return []string{Audience} }
func (m *machine) GetScopes() []string   { return m.scopes }
