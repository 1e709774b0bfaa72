package launch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

// DoorSettings say who is let in and how much they may use.
type DoorSettings struct {
	// TLSCertFile, TLSKeyFile, TLSCAFile and TLSRevokedFile prove the service to
	// others, and others to it; all are read again when they change.
	TLSCertFile    string `config:"tls_cert_file" doc:"PEM file with the service's certificate and its chain; it names the service by the URI noticehub://service/<id>"`
	TLSKeyFile     string `config:"tls_key_file" doc:"PEM file with the key of tls_cert_file, mode 0400"`
	TLSCAFile      string `config:"tls_ca_file" doc:"PEM file with the CA that issues certificates of authorities and services"`
	TLSRevokedFile string `config:"tls_revoked_file" doc:"PEM file with the CA's revocation list; an expired list lets nobody in"`
	// OpsListen keeps health and metrics away from outsiders.
	OpsListen string `config:"ops_listen" doc:"address for /healthz, /readyz and /metrics alone; empty serves them on the HTTP listener, in development only"`
	// TokenIssuer and the settings below say which bearer tokens count.
	TokenIssuer     string        `config:"token_issuer" doc:"URL of the OpenID provider whose access tokens are accepted from authorities and people; empty accepts none"`
	TokenAudience   string        `config:"token_audience" default:"noticehub" doc:"audience that access tokens must be for"`
	AuthorityClaim  string        `config:"token_authority_claim" default:"noticehub_authority" doc:"claim of an access token that names the authority"`
	CaseWorkerClaim string        `config:"token_case_worker_claim" default:"case_worker" doc:"claim of an authority's access token that names the case worker"`
	PersonClaim     string        `config:"token_person_claim" default:"sub" doc:"claim of a person's access token that is the person's id"`
	RolesClaim      string        `config:"token_roles_claim" default:"roles" doc:"claim of a person's access token that lists roles"`
	TokenLifetime   time.Duration `config:"token_max_lifetime" default:"1h" doc:"longest time from issue to expiry of an access token"`

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

// Limits are what the server wants.
func (s LimitSettings) Limits() rpc.Limits {
	return rpc.Limits{
		Calls:    rpc.Rate{PerSecond: s.CallsPerSecond, Burst: s.CallsBurst},
		Messages: rpc.Rate{PerSecond: s.MessagesPerSecond, Burst: s.MessagesBurst},
		InFlight: s.InFlight, Connections: s.Connections, ConnectionsPerAuthority: s.ConnectionsPerAuthority,
	}
}

// encrypted reports whether the service has a certificate.
func (s DoorSettings) encrypted() bool { return s.TLSCertFile != "" }

// secure reports what is missing outside development.
func (s DoorSettings) secure() error {
	var problems []error
	for name, value := range map[string]string{
		"tls_cert_file": s.TLSCertFile, "tls_key_file": s.TLSKeyFile, "tls_ca_file": s.TLSCAFile, "tls_revoked_file": s.TLSRevokedFile, "ops_listen": s.OpsListen,
	} {
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is missing: only development works without it", name))
		}
	}
	l := s.Limits
	if l.CallsPerSecond <= 0 || l.MessagesPerSecond <= 0 || l.InFlight <= 0 {
		problems = append(problems, errors.New("calls_per_second, messages_per_second and calls_in_flight must be more than 0: only development works without limits"))
	}
	return errors.Join(problems...)
}

// certificates opens the service's certificate; nil without one.
func (s DoorSettings) certificates(name string, tel *telemetry.Telemetry) (*tlsfiles.Store, error) {
	if !s.encrypted() {
		return nil, nil //nolint:nilnil // no encryption is the answer, in development only
	}
	return tlsfiles.Open(
		tlsfiles.Files{Certificate: s.TLSCertFile, Key: s.TLSKeyFile, Authorities: s.TLSCAFile, Revoked: s.TLSRevokedFile},
		tlsfiles.Options{Name: name, Log: tel.Log, Metrics: tel.Metrics})
}

// tokens are the options of the bearer tokens that count.
func (s DoorSettings) tokens() identity.TokenOptions {
	return identity.TokenOptions{
		Issuer: s.TokenIssuer, Audience: s.TokenAudience, AuthorityClaim: s.AuthorityClaim, CaseWorkerClaim: s.CaseWorkerClaim,
		PersonClaim: s.PersonClaim, RolesClaim: s.RolesClaim, MaxLifetime: s.TokenLifetime,
	}
}

// ways are the ways to show who calls.
func (s DoorSettings) ways(development bool, cookies identity.Authenticator) (identity.Ways, error) {
	w := identity.Ways{Cookies: cookies}
	if s.encrypted() {
		w.Certificates = identity.Certificates()
	}
	if development {
		w.Development = identity.Development()
	}
	if s.TokenIssuer == "" {
		return w, nil
	}
	var err error
	w.Tokens, err = identity.Tokens(s.tokens())
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

// openDoor makes the server of one service.
func openDoor(name string, s Settings, p Parts, service Service) (*Door, error) {
	var cookies identity.Authenticator
	if c, ok := service.(signsIn); ok {
		cookies = c.Authenticator()
	}
	ways, err := s.Door.ways(s.Development, cookies)
	if err != nil {
		return nil, err
	}
	recorder := audit.NewRecorder(p.Pool, p.Audit, p.Telemetry.Log)
	o := rpc.Options{
		Name: name, Telemetry: p.Telemetry, Authenticator: identity.Chain(ways), Table: service.Methods(),
		Audit: recorder, Customer: p.Audit.Customer, Development: s.Development, Limits: s.Door.Limits.Limits(),
	}
	d := &Door{keep: []func(context.Context) error{recorder.Run}}
	if p.certificates != nil {
		o.TLS = rpc.TLS{GRPC: p.certificates.Server, HTTP: p.certificates.Server}
		d.keep = append(d.keep, p.certificates.Watch)
	}
	d.Server, err = rpc.NewServer(o)
	return d, err
}
