// Package provider talks to the OpenID provider that people sign in with.
//
// Guarantees: only TLS, except to the same machine; redirections are not
// followed; answers are bounded in size and time. What the provider refuses is
// Unauthenticated, what cannot be found out is Unavailable: callers never take
// the one for the other. Nothing of a token appears in an error.
package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/egress"
)

// Settings say which provider, and how the hub is known to it.
type Settings struct {
	// Issuer is the provider's URL, where its discovery document is found.
	Issuer string `config:"oidc_issuer" doc:"URL of the OpenID provider that people sign in with; https, or http on this machine"`
	// ClientID of the console at the provider.
	ClientID string `config:"oidc_client_id" default:"noticehub-console" doc:"client id of the console at the provider"`
	// ClientSecretFile holds the client's secret; a public client has none.
	ClientSecretFile string `config:"oidc_client_secret_file" doc:"file with the client secret of the console; empty for a public client, which PKCE protects"`
	// CommandLineClient is the client id of the command line at the provider.
	CommandLineClient string `config:"oidc_cli_client_id" default:"noticehub-cli" doc:"client id of the command line at the provider (public, device flow)"`
	// Scopes asked for; offline_access gets a refresh token where providers want that.
	Scopes []string `config:"oidc_scopes" default:"openid,profile,offline_access" doc:"scopes asked for when signing in; openid must be one"`
	// RolesClaim of the user info holds the roles.
	RolesClaim string `config:"oidc_roles_claim" default:"roles" doc:"claim of the user info that lists a person's roles; dots go into objects, such as realm_access.roles"`
	// ACR is the authentication strength asked for and required.
	ACR string `config:"oidc_acr" doc:"authentication context class that signing in must reach, such as phishing-resistant; empty asks for none"`
	// CAFile holds further certificates the provider's may be signed by.
	CAFile string `config:"oidc_ca_file" doc:"PEM file of certificate authorities for the provider, instead of the system's"`
}

// Defaults are the settings that have one.
func Defaults() Settings {
	return Settings{
		ClientID: "noticehub-console", CommandLineClient: "noticehub-cli", Scopes: []string{"openid", "profile", "offline_access"}, RolesClaim: "roles",
	}
}

// Validate reports settings that cannot be.
func (s Settings) Validate() error {
	var problems []error
	if err := egress.Sealed(s.Issuer); err != nil {
		problems = append(problems, fmt.Errorf("oidc_issuer: %w", err))
	}
	if s.ClientID == "" {
		problems = append(problems, errors.New("oidc_client_id is missing"))
	}
	if !strings.Contains(" "+strings.Join(s.Scopes, " ")+" ", " openid ") {
		problems = append(problems, errors.New("oidc_scopes must contain openid"))
	}
	if s.RolesClaim == "" {
		problems = append(problems, errors.New("oidc_roles_claim is missing: roles come from nowhere else"))
	}
	return errors.Join(problems...)
}

const (
	// patience for one answer of the provider. A call waits for it at most twice.
	patience = 4 * time.Second
	// maxAnswer is the longest answer read, in bytes.
	maxAnswer = 1 << 20
)

// transport is how the provider is reached.
func (s Settings) transport() (*http.Client, error) {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport was replaced")
	}
	t := base.Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CAFile != "" {
		data, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("oidc_ca_file: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(data) {
			return nil, errors.New("oidc_ca_file holds no certificate")
		}
	}
	return &http.Client{
		Transport:     bounded{t},
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// secret reads the client's secret.
func (s Settings) secret() (string, error) {
	if s.ClientSecretFile == "" {
		return "", nil
	}
	data, err := os.ReadFile(s.ClientSecretFile)
	if err != nil {
		return "", fmt.Errorf("oidc_client_secret_file: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", errors.New("oidc_client_secret_file is empty")
	}
	return text, nil
}

// bounded cuts answers that are too long.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}
