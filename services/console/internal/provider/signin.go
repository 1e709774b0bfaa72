package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

const (
	// skew of clocks allowed for tokens from the future.
	skew = 2 * time.Minute
	// shortLife of access tokens whose provider does not say it.
	shortLife = 5 * time.Minute
)

// SignInURL is where a browser goes to sign in.
func (c *Client) SignInURL(ctx context.Context, state, nonce, verifier string) (string, error) {
	d, err := c.describe(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)}
	if c.settings.ACR != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", c.settings.ACR))
	}
	return d.oauth.AuthCodeURL(state, options...), nil
}

// NamedRightly checks the issuer named in an answer, so that the code of one
// provider is not taken to another (mix-up, RFC 9207).
func (c *Client) NamedRightly(ctx context.Context, issuer string) error {
	d, err := c.describe(ctx)
	if err != nil {
		return err
	}
	if issuer != c.settings.Issuer && (issuer != "" || d.mustName) {
		return fault.New(fault.Unauthenticated, "ISSUER_MISMATCH", "the answer comes from another sign-in provider").WithHelp("Sign in again.")
	}
	return nil
}

// Exchange gets the tokens for a code and verifies who signed in.
func (c *Client) Exchange(ctx context.Context, code, verifier, nonce string) (subject string, t session.Tokens, err error) {
	d, err := c.describe(ctx)
	if err != nil {
		return "", t, err
	}
	got, err := d.oauth.Exchange(c.with(ctx), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", t, c.answer(ctx, err)
	}
	raw, _ := got.Extra("id_token").(string)
	if raw == "" {
		return "", t, refused(errors.New("there is no ID token"))
	}
	id, err := d.verifier.Verify(c.with(ctx), raw)
	if err != nil {
		return "", t, refused(err)
	}
	if err := c.verify(id, got.AccessToken, nonce); err != nil {
		return "", t, refused(err)
	}
	return id.Subject, c.tokens(got), nil
}

// verify checks what the library leaves to its user.
func (c *Client) verify(id *oidc.IDToken, access, nonce string) error {
	var claims struct {
		Party string `json:"azp"`
		ACR   string `json:"acr"`
	}
	if err := id.Claims(&claims); err != nil {
		return err
	}
	switch {
	case nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) == 0:
		return errors.New("the ID token has another nonce")
	case id.IssuedAt.After(c.clock.Now().Add(skew)):
		return errors.New("the ID token is from the future")
	case len(id.Audience) > 1 && claims.Party == "", claims.Party != "" && claims.Party != c.settings.ClientID:
		return errors.New("the ID token was issued to another client")
	case c.settings.ACR != "" && claims.ACR != c.settings.ACR:
		return errors.New("the sign-in was not as strong as required")
	}
	if id.AccessTokenHash == "" {
		return nil
	}
	return id.VerifyAccessToken(access)
}

// Refresh gets new tokens. The old refresh token may be over afterwards.
func (c *Client) Refresh(ctx context.Context, t session.Tokens) (session.Tokens, error) {
	if t.Refresh == "" {
		return t, refused(errors.New("the access token is over and there is no refresh token"))
	}
	if !c.Up() {
		return t, unavailable(errors.New("it was out of reach a moment ago"))
	}
	d, err := c.describe(ctx)
	if err != nil {
		return t, err
	}
	got, err := d.oauth.TokenSource(c.with(ctx), &oauth2.Token{RefreshToken: t.Refresh}).Token()
	if err != nil {
		return t, c.answer(ctx, err)
	}
	fresh := c.tokens(got)
	if fresh.Refresh == "" {
		fresh.Refresh = t.Refresh
	}
	return fresh, nil
}

func (c *Client) tokens(t *oauth2.Token) session.Tokens {
	life := time.Duration(t.ExpiresIn) * time.Second
	if life <= 0 {
		life = shortLife
	}
	return session.Tokens{Access: t.AccessToken, Refresh: t.RefreshToken, Expires: c.clock.Now().Add(life)}
}

// answer tells a refusal of the token endpoint from trouble on the way.
func (c *Client) answer(ctx context.Context, err error) error {
	var no *oauth2.RetrieveError
	if errors.As(err, &no) && no.Response != nil && no.Response.StatusCode < http.StatusInternalServerError {
		// invalid_grant is about the person; anything else about the client, which an
		// administrator must mend and which must not end everybody's sessions.
		if slices.Contains([]string{"invalid_grant", "access_denied", "interaction_required", "login_required"}, no.ErrorCode) {
			return refused(errors.New("the provider says " + no.ErrorCode))
		}
		return unavailable(errors.New("the provider refuses the console itself"))
	}
	if errors.As(err, &no) {
		err = errors.New("the provider fails") // its words may repeat a token
	}
	return c.down(ctx, err)
}
