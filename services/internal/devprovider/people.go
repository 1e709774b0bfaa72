package devprovider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// SetUserinfoFromToken tells who an access token belongs to and their roles now.
func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, _, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.enabled(subject)
	if err != nil {
		return oidc.ErrAccessDenied().WithDescription("the account is not known or disabled")
	}
	info.Subject, info.Name, info.PreferredUsername = a.Name, a.Title, a.Name
	info.AppendClaims(RolesClaim, slices.Clone(a.Roles))
	return nil
}

// SetUserinfoFromScopes adds nothing to ID tokens but the subject, which the
// library would empty: roles are asked for, not carried.
func (s *storage) SetUserinfoFromScopes(_ context.Context, info *oidc.UserInfo, subject, _ string, _ []string) error {
	info.Subject = subject
	return nil
}

// SetIntrospectionFromToken is not offered.
func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errors.New("introspection is not offered")
}

// GetPrivateClaimsFromScopes has none: access tokens are written by tokens.
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID knows no clients with keys.
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}

// ValidateJWTProfileScopes allows none: the grant is not offered.
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnknown
}

// Health is always good.
func (s *storage) Health(context.Context) error { return nil }

// ClientCredentials finds the client of an authority.
func (s *storage) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if err := s.AuthorizeClientIDSecret(ctx, id, secret); err != nil {
		return nil, err
	}
	return s.GetClientByClientID(ctx, id)
}

// ClientCredentialsTokenRequest is for a token of an authority.
func (s *storage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &machine{client: id, scopes: scopes}, nil
}

// StoreDeviceAuthorization notes that a device waits for somebody.
func (s *storage) StoreDeviceAuthorization(_ context.Context, clientID, deviceCode, userCode string, expires time.Time, scopes []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.users[userCode]; taken {
		return op.ErrDuplicateUserCode
	}
	if !s.tidy() {
		return errors.New("too many sign-ins are under way")
	}
	s.devices[deviceCode] = &op.DeviceAuthorizationState{ClientID: clientID, Scopes: scopes, Expires: expires}
	s.users[userCode] = deviceCode
	return nil
}

// GetDeviceAuthorizatonState says how a device's sign-in stands. One that is
// done is told once.
func (s *storage) GetDeviceAuthorizatonState(_ context.Context, clientID, deviceCode string) (*op.DeviceAuthorizationState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.devices[deviceCode]
	if !ok || d.ClientID != clientID {
		return nil, errUnknown
	}
	if d.Done {
		s.dropDevice(deviceCode)
	}
	c := *d
	return &c, nil
}

// dropDevice forgets a device's sign-in; the caller holds the lock.
func (s *storage) dropDevice(deviceCode string) {
	delete(s.devices, deviceCode)
	for user, device := range s.users {
		if device == deviceCode {
			delete(s.users, user)
		}
	}
}

// chooseForDevice lets an account sign in on the device that shows the code.
func (s *storage) chooseForDevice(userCode, account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.devices[s.users[strings.ToUpper(strings.TrimSpace(userCode))]]
	if !ok || d.Done || now().After(d.Expires) {
		return errors.New("the code is not known, used or expired: begin again on the device")
	}
	a, err := s.enabled(account)
	if err != nil {
		return err
	}
	d.Done, d.Subject, d.AuthTime = true, a.Name, now()
	return nil
}

// choose lets an account sign in in the browser.
func (s *storage) choose(requestID, account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[requestID]
	if !ok || r.Done() || now().After(r.expires) {
		return errors.New("this sign-in is not known, used or expired: begin again")
	}
	a, err := s.enabled(account)
	if err != nil {
		return err
	}
	r.account, r.at = a.Name, now()
	return nil
}
