package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/identity"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
)

// loginScopes get a name and a refresh token.
var loginScopes = []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess}

type loginCommand struct {
	connection
	As     string `help:"Account to sign in as without a browser; only the development sign-in allows that." placeholder:"ACCOUNT"`
	HTTP   string `name:"http" help:"URL of the hub's HTTP listener; found through --dir when empty." placeholder:"URL"`
	Issuer string `help:"URL of the sign-in provider; the hub is asked when empty." env:"NOTICEHUB_OIDC_ISSUER" placeholder:"URL"`
	Client string `name:"client-id" help:"Client id of the command line at the provider; the hub is asked when empty." env:"NOTICEHUB_OIDC_CLI_CLIENT_ID" placeholder:"ID"`
}

// Run signs in by the device flow and keeps the tokens for later commands.
func (c *loginCommand) Run(ctx context.Context, out io.Writer) error {
	server, _, err := c.door(identity.Person)
	if err != nil {
		return err
	}
	if err := c.askHub(ctx); err != nil {
		return err
	}
	p, err := discover(ctx, c.Issuer)
	if err != nil {
		return err
	}
	client := p.oauth(c.Client)
	ctx = oidc.ClientContext(ctx, patient)
	waiting, err := client.DeviceAuth(ctx)
	if err != nil {
		return fmt.Errorf("the sign-in provider does not begin a sign-in: %w", refusal(err))
	}
	if c.As != "" {
		if err := choose(ctx, waiting, c.As); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "Open   %s\nCode   %s\nWaiting until you have signed in there …\n", waiting.VerificationURI, waiting.UserCode)
	}
	token, err := client.DeviceAccessToken(ctx, waiting)
	if err != nil {
		return fmt.Errorf("not signed in: %w", refusal(err))
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: c.Client}).Verify(ctx, raw)
	if err != nil {
		return errors.New("not signed in: the provider's ID token does not verify")
	}
	s := signIn{Server: server, Issuer: c.Issuer, Client: c.Client, Person: id.Subject}
	s.take(token)
	if err := s.save(c.credentials()); err != nil {
		return fmt.Errorf("keep the sign-in: %w", err)
	}
	fmt.Fprintf(out, "signed in as %s; `noticehub logout` ends it\n", s.Person)
	return nil
}

// askHub asks the hub which provider people sign in with, as far as flags do not say.
func (c *loginCommand) askHub(ctx context.Context) error {
	if c.Issuer != "" && c.Client != "" {
		return c.sealed()
	}
	base := c.HTTP
	if base == "" {
		found, err := c.found()
		if err != nil {
			return err
		}
		base = "http://" + found.HTTP
	}
	if err := egress.Sealed(base); err != nil {
		return fmt.Errorf("%s %w", base, err)
	}
	var says struct {
		Issuers []string `json:"authorization_servers"`
		Client  string   `json:"noticehub_cli_client_id"`
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/.well-known/oauth-protected-resource", http.NoBody)
	if err != nil {
		return err
	}
	reply, err := patient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the hub how to sign in: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(reply.Body, 1<<16)).Decode(&says) != nil || len(says.Issuers) != 1 {
		return errors.New("the hub does not say how to sign in: name the provider with --issuer and --client-id")
	}
	if c.Issuer == "" {
		c.Issuer = says.Issuers[0]
	}
	if c.Client == "" {
		c.Client = says.Client
	}
	return c.sealed()
}

// sealed refuses a provider that a sign-in must not be sent to.
func (c *loginCommand) sealed() error {
	if err := egress.Sealed(c.Issuer); err != nil {
		return fmt.Errorf("the sign-in provider %w", err)
	}
	return nil
}

// choose picks an account on the development sign-in's page for the device.
func choose(ctx context.Context, waiting *oauth2.DeviceAuthResponse, account string) error {
	if err := egress.Sealed(waiting.VerificationURI); err != nil {
		return fmt.Errorf("the sign-in provider's page %w", err)
	}
	form := url.Values{"user_code": {waiting.UserCode}, "account": {account}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, waiting.VerificationURI, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	reply, err := patient.Do(request)
	if err != nil {
		return fmt.Errorf("choose an account: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("the sign-in provider does not let %s in this way: check the name, or sign in without --as", account)
	}
	return nil
}

// refusal is what the provider says, in its one word.
func refusal(err error) error {
	var no *oauth2.RetrieveError
	if errors.As(err, &no) && no.ErrorCode != "" {
		return errors.New("the provider says " + no.ErrorCode)
	}
	return err
}

type logoutCommand struct{ connection }

// Run takes the tokens back and forgets them.
func (c *logoutCommand) Run(ctx context.Context, out io.Writer) error {
	file := c.credentials()
	s, ok, err := readSignIn(file)
	if !ok && err == nil {
		fmt.Fprintln(out, "nobody is signed in")
		return nil
	}
	if err == nil && s.revoke(ctx) != nil {
		fmt.Fprintln(out, "the sign-in provider could not be told; the tokens end by themselves")
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	fmt.Fprintln(out, "signed out")
	return nil
}

type whoAmICommand struct{ officer }

// Run prints who the hub takes the command line for.
func (c *whoAmICommand) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	me, err := consolev1.NewSessionServiceClient(conn).WhoAmI(ctx, &consolev1.WhoAmIRequest{})
	if err != nil {
		return err
	}
	kind := strings.ToLower(strings.TrimPrefix(me.GetKind().String(), "CALLER_KIND_"))
	fmt.Fprintf(out, "%s %s", kind, me.GetId())
	if len(me.GetRoles()) > 0 {
		fmt.Fprintf(out, " with the roles %s", strings.Join(me.GetRoles(), ", "))
	}
	fmt.Fprintln(out)
	return nil
}

// patient reaches providers: with a limit, and following nothing.
var patient = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
