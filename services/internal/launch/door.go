package launch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"time"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/services/internal/operations"
)

// DoorSettings say who is let in and how much they may use.
type DoorSettings struct {
	// TLSCertFile, TLSKeyFile, TLSCAFile and TLSRevokedFile prove the service to
	// others, and others to it; all are read again when they change.
	TLSCertFile    string `config:"tls_cert_file" doc:"PEM file with the service's certificate and its chain, for servers and clients; it names the service by the URI noticehub://service/<id>; read again when it changes, as all tls_ files are"`
	TLSKeyFile     string `config:"tls_key_file" doc:"PEM file with the key of tls_cert_file"`
	TLSCAFile      string `config:"tls_ca_file" doc:"PEM file with the CA that issues certificates of authorities and services"`
	TLSRevokedFile string `config:"tls_revoked_file" doc:"PEM file with the CA's revocation list; an expired list lets nobody in"`
	// TLSHTTPCertFile is for browsers, which know other authorities than we do.
	TLSHTTPCertFile string `config:"tls_http_cert_file" doc:"PEM file with another certificate and its chain for the HTTPS listener, of a CA that browsers know; empty takes tls_cert_file there, too"`
	TLSHTTPKeyFile  string `config:"tls_http_key_file" doc:"PEM file with the key of tls_http_cert_file"`
	// OpsListen keeps health and metrics away from outsiders.
	OpsListen string `config:"ops_listen" doc:"loopback or private address for /healthz, /readyz and /metrics alone, without TLS; empty serves them on the HTTP listener, in development only"`
	// TokenIssuer and the settings below say which bearer tokens count.
	TokenIssuer     string        `config:"token_issuer" doc:"URL of the OpenID provider whose access tokens are accepted from authorities and people on the HTTPS listener; empty accepts none"`
	TokenCAFile     string        `config:"token_ca_file" doc:"PEM file with the CAs of token_issuer's certificate; empty takes those of the operating system"`
	TokenAudience   string        `config:"token_audience" default:"noticehub" doc:"audience that access tokens must be for"`
	AuthorityClaim  string        `config:"token_authority_claim" default:"noticehub_authority" doc:"claim of an access token that names the authority"`
	CaseWorkerClaim string        `config:"token_case_worker_claim" default:"case_worker" doc:"claim of an authority's access token that names the case worker"`
	PersonClaim     string        `config:"token_person_claim" default:"sub" doc:"claim of a person's access token that is the person's id"`
	RolesClaim      string        `config:"token_roles_claim" default:"roles" doc:"claim of a person's access token that lists roles"`
	TokenLifetime   time.Duration `config:"token_max_lifetime" default:"1h" doc:"longest time from issue to expiry of an access token, 1m to 24h"`

	Limits LimitSettings `config:",inline"`
}

// LimitSettings say how much callers may use.
type LimitSettings struct {
	CallsPerSecond          float64 `config:"calls_per_second" default:"50" doc:"calls an authority or person may make in a second; 0 sets no limit"`
	CallsBurst              int     `config:"calls_burst" default:"100" doc:"calls an authority or person may make at once"`
	MessagesPerSecond       float64 `config:"messages_per_second" default:"1000" doc:"messages an authority may send in streams in a second, who sends more is slowed down; 0 sets no limit"`
	MessagesBurst           int     `config:"messages_burst" default:"2000" doc:"messages an authority may send in streams at once"`
	InFlight                int     `config:"calls_in_flight" default:"512" doc:"calls served at a time; more wait up to 50 ms and are refused; 0 sets no limit"`
	Connections             int     `config:"connections" default:"1024" doc:"connections to one listener"`
	ConnectionsPerAuthority int     `config:"connections_per_authority" default:"16" doc:"connections of one authority's certificate to one listener"`
}

// Validate reports limits that cannot be.
func (s LimitSettings) Validate() error {
	var problems []error
	for _, n := range []struct {
		name       string
		value, low float64
	}{
		{"calls_per_second", s.CallsPerSecond, 0},
		{"calls_burst", float64(s.CallsBurst), 1},
		{"messages_per_second", s.MessagesPerSecond, 0},
		{"messages_burst", float64(s.MessagesBurst), 1},
		{"calls_in_flight", float64(s.InFlight), 0},
		{"connections", float64(s.Connections), 1},
		{"connections_per_authority", float64(s.ConnectionsPerAuthority), 1},
	} {
		if !(n.value >= n.low) || math.IsInf(n.value, 0) { // NaN is neither
			problems = append(problems, fmt.Errorf("%s is %v, must be %v or more", n.name, n.value, n.low))
		}
	}
	return errors.Join(problems...)
}

// Limits are what the server wants.
func (s LimitSettings) Limits() rpc.Limits {
	return rpc.Limits{
		Calls:    rpc.Rate{PerSecond: s.CallsPerSecond, Burst: s.CallsBurst},
		Messages: rpc.Rate{PerSecond: s.MessagesPerSecond, Burst: s.MessagesBurst},
		InFlight: s.InFlight, Connections: s.Connections, ConnectionsPerAuthority: s.ConnectionsPerAuthority,
	}
}

// Validate reports settings that cannot be.
func (s DoorSettings) Validate() error {
	var problems []error
	if (s.TLSHTTPCertFile == "") != (s.TLSHTTPKeyFile == "") {
		problems = append(problems, errors.New("tls_http_cert_file and tls_http_key_file belong together"))
	}
	if s.TLSHTTPCertFile != "" && s.TLSCertFile == "" {
		problems = append(problems, errors.New("tls_http_cert_file is only for the HTTPS listener: tls_cert_file is missing"))
	}
	if s.TokenLifetime < time.Minute || s.TokenLifetime > 24*time.Hour {
		problems = append(problems, fmt.Errorf("token_max_lifetime is %v, must be 1m to 24h", s.TokenLifetime))
	}
	if s.TokenIssuer != "" {
		_, err := identity.Tokens(s.tokens(nil))
		problems = append(problems, named("token_issuer", err))
	}
	return errors.Join(problems...)
}

// encrypted reports whether the service has a certificate.
func (s DoorSettings) encrypted() bool { return s.TLSCertFile != "" }

// certificates are the service's own and the one it shows browsers; nil without TLS.
type certificates struct{ own, http *tlsfiles.Store }

// certificates opens the service's certificates.
func (s DoorSettings) certificates(name string, tel *telemetry.Telemetry) (c certificates, err error) {
	if !s.encrypted() {
		return c, nil
	}
	files := tlsfiles.Files{Certificate: s.TLSCertFile, Key: s.TLSKeyFile, Authorities: s.TLSCAFile, Revoked: s.TLSRevokedFile}
	if c.own, err = tlsfiles.Open(files, tlsfiles.Options{Name: name, Log: tel.Log, Metrics: tel.Metrics}); err != nil {
		return c, err
	}
	if c.http = c.own; s.TLSHTTPCertFile != "" {
		files.Certificate, files.Key = s.TLSHTTPCertFile, s.TLSHTTPKeyFile
		c.http, err = tlsfiles.Open(files, tlsfiles.Options{Name: name + "-http", Log: tel.Log, Metrics: tel.Metrics})
	}
	return c, err
}

// tokens are the options of the bearer tokens that count.
func (s DoorSettings) tokens(client *http.Client) identity.TokenOptions {
	return identity.TokenOptions{
		Issuer: s.TokenIssuer, Audience: s.TokenAudience, AuthorityClaim: s.AuthorityClaim, CaseWorkerClaim: s.CaseWorkerClaim,
		PersonClaim: s.PersonClaim, RolesClaim: s.RolesClaim, MaxLifetime: s.TokenLifetime, Client: client,
	}
}

// issuerTime is how long the issuer of tokens may take to answer.
const issuerTime = 3 * time.Second

// issuer is how the issuer of tokens is asked; nil is the usual way.
func (s DoorSettings) issuer() (*http.Client, error) {
	if s.TokenCAFile == "" {
		return nil, nil //nolint:nilnil // the usual way is the answer
	}
	data, err := os.ReadFile(s.TokenCAFile)
	if err != nil {
		return nil, fmt.Errorf("token_ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("token_ca_file: %s has no certificate", s.TokenCAFile)
	}
	return &http.Client{
		Timeout:       issuerTime,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// ways are the ways to show who calls the service of that name.
func (s DoorSettings) ways(name string, development bool, cookies identity.Authenticator, r audit.Recorder) (identity.Ways, error) {
	w := identity.Ways{Cookies: cookies}
	if s.encrypted() {
		w.Certificates = identity.Certificates()
		if name != peoplesDoor { // which finds out itself
			w.PassesOn = peoplesDoor
		}
	}
	if development {
		w.Development = identity.Development()
	}
	if s.TokenIssuer == "" {
		return w, nil
	}
	client, err := s.issuer()
	if err != nil {
		return w, err
	}
	o := s.tokens(client)
	o.SignedIn = audit.SignedIn(r, "token")
	w.Tokens, err = identity.Tokens(o)
	return w, err
}

// Door is a server with what runs beside it.
type Door struct {
	// Server to register services with.
	Server *rpc.Server
	keep   []func(context.Context) error
}

// signsIn is a service that lets people in by cookies.
type signsIn interface{ Authenticator() identity.Authenticator }

// operator is a service that puts together what processes tell of their own part.
type operator interface {
	Operations(own operationsv1.OperationsServiceServer) operationsv1.OperationsServiceServer
}

// openDoor makes the server of one service.
func openDoor(s Settings, p Parts, service Service) (*Door, error) {
	var cookies identity.Authenticator
	if c, ok := service.(signsIn); ok {
		cookies = c.Authenticator()
	}
	recorder := audit.NewRecorder(p.Pool, p.Audit, p.Telemetry.Log)
	ways, err := s.Door.ways(p.name, s.Development, cookies, recorder)
	if err != nil {
		return nil, err
	}
	methods, err := identity.Merge(service.Methods(), operations.Methods())
	if err != nil {
		return nil, err
	}
	o := rpc.Options{
		Name: p.name, Telemetry: p.Telemetry, Authenticator: identity.Chain(ways), Table: methods,
		Audit: recorder, Customer: p.Audit.Customer, Development: s.Development, Limits: s.Door.Limits.Limits(),
	}
	d := &Door{keep: []func(context.Context) error{recorder.Run}}
	if c := p.certificates; c.own != nil {
		o.TLS = rpc.TLS{GRPC: c.own.Server, HTTP: c.http.Server}
		if d.keep = append(d.keep, c.own.Watch); c.http != c.own {
			d.keep = append(d.keep, c.http.Watch)
		}
	}
	if d.Server, err = rpc.NewServer(o); err != nil {
		return nil, err
	}
	// Of the services, each process answers for the one it runs, but for the one at
	// which people look at all.
	kept := operations.New(operations.Deps{
		Parts: []operations.Part{{Service: p.name, Pool: p.Pool, Bus: p.Bus, Audit: p.Audit, Detectors: operations.Watched(service)}},
		Clock: p.Clock, Log: p.Telemetry.Log,
	})
	var api operationsv1.OperationsServiceServer = kept
	if all, ok := service.(operator); ok {
		api = all.Operations(kept)
	}
	operationsv1.RegisterOperationsServiceServer(d.Server, api)
	d.keep = append(d.keep, kept.Run)
	return d, nil
}
