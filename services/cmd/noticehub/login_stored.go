package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/egress"
)

const (
	// credentialsFile in the hub's directory holds the sign-in; only its owner reads it.
	credentialsFile = "credentials.json"
	// early is how long before its end an access token is exchanged.
	early = 20 * time.Second
	// refreshTime bounds getting a new access token in the middle of a command.
	refreshTime = 10 * time.Second
)

// signIn is a sign-in of the command line.
type signIn struct {
	// Server is the only address the tokens are sent to.
	Server string `json:"server"`
	// Issuer and Client are where and as what the tokens were got.
	Issuer string `json:"issuer"`
	Client string `json:"client_id"`
	// Person who signed in.
	Person  string    `json:"person"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token"`
	Expires time.Time `json:"expires_at"`
}

func (c connection) credentials() string { return filepath.Join(c.Dir, credentialsFile) }

// readSignIn reads a sign-in; false when there is none.
func readSignIn(file string) (s signIn, ok bool, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, false, fmt.Errorf("the sign-in in %s cannot be read: %w; `noticehub logout` removes it", file, err)
	}
	return s, true, nil
}

// save writes the sign-in in one piece, for its owner's eyes.
func (s signIn) save(file string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { // as `noticehub up` makes it
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".credentials-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(data)
	return errors.Join(err, fresh.Close(), os.Rename(fresh.Name(), file))
}

func (s *signIn) take(t *oauth2.Token) {
	s.Access, s.Expires = t.AccessToken, t.Expiry
	if t.RefreshToken != "" {
		s.Refresh = t.RefreshToken
	}
	if s.Expires.IsZero() {
		s.Expires = clock.System().Now().Add(time.Minute)
	}
}

func (s signIn) good() bool { return clock.System().Now().Add(early).Before(s.Expires) }

// bearer gives the access token for each call, a new one when it is about to
// end. When none can be got the old one is sent, and the hub says what is wrong.
func (s signIn) bearer(file string) func() string {
	var mu sync.Mutex
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		if !s.good() {
			ctx, cancel := context.WithTimeout(context.Background(), refreshTime)
			defer cancel()
			if fresh, err := s.refresh(ctx, file); err == nil {
				s = fresh
			}
		}
		return s.Access
	}
}

// refresh gets new tokens, unless another command has just got some: a refresh
// token works once.
func (s signIn) refresh(ctx context.Context, file string) (signIn, error) {
	lock, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return s, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return s, err
	}
	now, ok, err := readSignIn(file)
	switch {
	case err != nil:
		return s, err
	case !ok:
		return s, errors.New("signed out meanwhile")
	case now.good():
		return now, nil
	}
	p, err := discover(ctx, now.Issuer)
	if err != nil {
		return s, err
	}
	client := p.oauth(now.Client)
	token, err := client.TokenSource(oidc.ClientContext(ctx, patient), &oauth2.Token{RefreshToken: now.Refresh}).Token()
	if err != nil {
		return s, refusal(err)
	}
	now.take(token)
	return now, now.save(file)
}

// revoke takes the tokens back at the provider, where it offers that.
func (s signIn) revoke(ctx context.Context) error {
	p, err := discover(ctx, s.Issuer)
	if err != nil || p.revocation == "" {
		return err
	}
	form := url.Values{"token": {s.Refresh}, "token_type_hint": {"refresh_token"}, "client_id": {s.Client}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	reply, err := patient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return errors.New("the provider did not take the tokens back")
	}
	return nil
}

// provider is a sign-in provider as it describes itself.
type provider struct {
	*oidc.Provider
	revocation string
}

func discover(ctx context.Context, issuer string) (provider, error) {
	if err := egress.Sealed(issuer); err != nil {
		return provider{}, fmt.Errorf("the sign-in provider %w", err)
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, patient), issuer)
	if err != nil {
		return provider{}, fmt.Errorf("the sign-in provider %s cannot be reached: %w", issuer, err)
	}
	var more struct {
		Revocation string `json:"revocation_endpoint"`
	}
	if err := p.Claims(&more); err != nil {
		return provider{}, err
	}
	e := p.Endpoint()
	if e.DeviceAuthURL == "" {
		return provider{}, errors.New("the sign-in provider offers no device flow")
	}
	for _, address := range []string{e.TokenURL, e.DeviceAuthURL} {
		if err := egress.Sealed(address); err != nil {
			return provider{}, fmt.Errorf("the sign-in provider %w", err)
		}
	}
	if egress.Sealed(more.Revocation) != nil {
		more.Revocation = ""
	}
	return provider{p, more.Revocation}, nil
}

// oauth is the provider for a public client.
func (p provider) oauth(client string) oauth2.Config {
	e := p.Endpoint()
	e.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{ClientID: client, Endpoint: e, Scopes: loginScopes}
}
