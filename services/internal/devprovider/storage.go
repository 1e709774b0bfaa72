package devprovider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/noticehub/noticehub/pkg/clock"
)

const (
	requestLife = 10 * time.Minute
	codeLife    = time.Minute
	deviceLife  = 10 * time.Minute
	refreshLife = 8 * time.Hour
	// most of anything that is kept, so that nobody can fill the memory.
	most = 2000
)

var errUnknown = errors.New("unknown, used or expired")

// storage is all the provider knows.
type storage struct {
	options Options
	key     key

	mu       sync.Mutex
	accounts []*Account
	clients  map[string]*client
	requests map[string]*request
	codes    map[string]*request
	devices  map[string]*op.DeviceAuthorizationState // by device code
	users    map[string]string                       // device code by user code
	grants   map[string]*grant                       // by refresh token
	tokens   map[string]accessToken                  // issued and not yet written out
	revoked  map[string]time.Time                    // ids of access tokens, until they expire
}

func newStorage(o Options, k key) *storage {
	return &storage{
		options: o, key: k, accounts: accounts(), clients: clients(o), requests: map[string]*request{}, codes: map[string]*request{},
		devices: map[string]*op.DeviceAuthorizationState{}, users: map[string]string{}, grants: map[string]*grant{},
		tokens: map[string]accessToken{}, revoked: map[string]time.Time{},
	}
}

func now() time.Time { return clock.System().Now() }

// tidy forgets what is over; the caller holds the lock. False means too much is left.
func (s *storage) tidy() bool {
	at := now()
	for id, r := range s.requests {
		if at.After(r.expires) {
			delete(s.requests, id)
			delete(s.codes, r.code)
		}
	}
	for code, d := range s.devices {
		if at.After(d.Expires) {
			s.dropDevice(code)
		}
	}
	for token, g := range s.grants {
		if at.After(g.expires) {
			delete(s.grants, token)
		}
	}
	for id, until := range s.revoked {
		if at.After(until) {
			delete(s.revoked, id)
		}
	}
	return max(len(s.requests), len(s.devices), len(s.grants), len(s.revoked)) < most
}

func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required")
	}
	if len(asked.Prompt) == 1 && asked.Prompt[0] == oidc.PromptNone {
		return nil, oidc.ErrLoginRequired()
	}
	if !s.tidy() {
		return nil, oidc.ErrServerError().WithDescription("too many sign-ins are under way")
	}
	r := &request{id: rand.Text(), asked: *asked, expires: now().Add(requestLife)}
	s.requests[r.id] = r
	c := *r
	return &c, nil
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || now().After(r.expires) {
		return nil, errUnknown
	}
	c := *r
	return &c, nil
}

func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.codes[code]
	if !ok || now().After(r.expires) {
		return nil, errUnknown
	}
	if _, err := s.enabled(r.account); err != nil {
		return nil, err
	}
	delete(s.codes, code) // it counts once, whatever becomes of it
	c := *r
	return &c, nil
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || r.code != "" {
		return errUnknown
	}
	r.code, r.expires = code, now().Add(codeLife)
	s.codes[code] = r
	return nil
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.requests[id]; ok {
		delete(s.codes, r.code)
		delete(s.requests, id)
	}
	return nil
}

func (s *storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issue(r)
}

// issue notes an access token; the caller holds the lock.
func (s *storage) issue(r op.TokenRequest) (string, time.Time, error) {
	at := now()
	expires := at.Add(s.options.AccessLife)
	t := accessToken{
		Issuer: s.options.Issuer, Subject: r.GetSubject(), Audience: Audience, Expires: expires.Unix(), IssuedAt: at.Unix(), ID: rand.Text(),
		Scope: strings.Join(r.GetScopes(), " "),
	}
	switch of := r.(type) {
	case *machine:
		t.Client, t.Authority = of.client, of.client
		for _, scope := range of.scopes {
			if worker, ok := strings.CutPrefix(scope, CaseWorkerScope); ok {
				t.CaseWorker = worker
			}
		}
	case interface{ GetClientID() string }:
		a, err := s.enabled(r.GetSubject())
		if err != nil {
			return "", expires, err
		}
		t.Client, t.Roles = of.GetClientID(), append([]string{}, a.Roles...)
	}
	s.tokens[t.ID] = t
	return t.ID, expires, nil
}

// issued takes an issued token for writing it out.
func (s *storage) issued(id string) (accessToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[id]
	delete(s.tokens, id)
	return t, ok
}

func (s *storage) isRevoked(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, revoked := s.revoked[id]
	return revoked
}

func (s *storage) CreateAccessAndRefreshTokens(_ context.Context, r op.TokenRequest, current string) (string, string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tidy() {
		return "", "", time.Time{}, errors.New("too many people are signed in")
	}
	g := &grant{account: r.GetSubject(), scopes: r.GetScopes(), at: now(), expires: now().Add(refreshLife)}
	if from, ok := r.(op.IDTokenRequest); ok {
		g.client, g.at = from.GetClientID(), from.GetAuthTime()
	}
	if old, ok := s.grants[current]; ok {
		g.expires = old.expires // refreshing does not prolong
	} else if current != "" {
		return "", "", time.Time{}, errUnknown
	}
	id, expires, err := s.issue(r)
	if err != nil {
		return "", "", expires, err
	}
	delete(s.grants, current)
	token := rand.Text()
	s.grants[token] = g
	return id, token, expires, nil
}

func (s *storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants[token]
	if !ok || now().After(g.expires) {
		return nil, errUnknown
	}
	if _, err := s.enabled(g.account); err != nil {
		return nil, err
	}
	c := *g
	return &c, nil
}

func (s *storage) TerminateSession(_ context.Context, account, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.grants {
		if g.account == account && g.client == clientID {
			delete(s.grants, token)
		}
	}
	return nil
}

func (s *storage) GetRefreshTokenInfo(_ context.Context, clientID, token string) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants[token]
	if !ok || g.client != clientID {
		return "", "", op.ErrInvalidRefreshToken
	}
	return g.account, token, nil
}

func (s *storage) RevokeToken(_ context.Context, token, _, clientID string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok := s.grants[token]; ok {
		if g.client != clientID {
			return oidc.ErrInvalidClient()
		}
		delete(s.grants, token)
		return nil
	}
	if s.tidy() {
		s.revoked[token] = now().Add(s.options.AccessLife)
	}
	return nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{s.key}}, nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if c, ok := s.clients[id]; ok { // never changes
		return c, nil
	}
	return nil, oidc.ErrInvalidClient()
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	c, ok := s.clients[id]
	if !ok || c.secret == "" || subtle.ConstantTimeCompare([]byte(c.secret), []byte(secret)) == 0 {
		return oidc.ErrInvalidClient()
	}
	return nil
}
