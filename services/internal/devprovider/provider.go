// Package devprovider is an OpenID provider for development and tests: it signs
// in made-up people without a password and says so on its pages.
//
// Duty: authorization code with PKCE, device flow, refresh and, for authorities,
// client credentials; one synthetic account for each role; roles and accounts
// that can change while it runs, so that tests see what a removed role does.
//
// Guarantees: New refuses outside development; only local clients are known; a
// code works once, with PKCE S256 only; answers name the issuer (RFC 9207).
// Everything but the signing key is in memory: a restart ends what was signed
// in as soon as its access token expires. It proves nothing about who somebody
// is, which is its purpose.
package devprovider

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	// Path is where the provider is mounted; issuers end with it.
	Path = "/dev/oidc"
	// ConsoleClient is the public client of the console.
	ConsoleClient = "noticehub-console"
	// CommandLineClient is the public client of the command line.
	CommandLineClient = "noticehub-cli"
	// AuthoritySecret is the client secret of every authority; its client id is
	// the authority's id. It is no secret: this provider is for development.
	AuthoritySecret = "development"
	// Audience of access tokens.
	Audience = "noticehub"
	// AuthorityClaim of an access token names the authority that it is for.
	AuthorityClaim = "noticehub_authority"
	// CaseWorkerClaim names the case worker asked for with CaseWorkerScope.
	CaseWorkerClaim = "case_worker"
	// CaseWorkerScope with the case worker's id appended asks for CaseWorkerClaim.
	CaseWorkerScope = "case_worker:"
	// RolesClaim of the user info are a person's roles.
	RolesClaim = "roles"

	// maxBody is the longest request read, in bytes.
	maxBody = 16 << 10
)

// Options of a provider; Development and Issuer are required.
type Options struct {
	// Development must be true.
	Development bool
	// Issuer is the URL the provider is reached at: it ends with Path.
	Issuer string
	// Dir keeps the signing key; "" keeps it in memory.
	Dir string
	// Origins are where consoles are reached that may sign people in here; nil
	// means the issuer's own.
	Origins []string
	// Authorities that get tokens by client credentials.
	Authorities []string
	// AccessLife is how long access tokens are good for; 0 means 5 minutes.
	AccessLife time.Duration
	// Log takes what the protocol library reports; nil drops it.
	Log *slog.Logger
}

// Provider is the provider: a handler for everything below Path.
type Provider struct {
	*storage
	options Options
	protect *http.CrossOriginProtection
	op      *op.Provider
	mux     *http.ServeMux
}

// New makes a provider. Outside development it refuses.
func New(o Options) (*Provider, error) {
	if !o.Development {
		return nil, errors.New("the development sign-in is only for development: it lets anybody be anybody")
	}
	issuer, err := url.Parse(o.Issuer)
	if err != nil || issuer.Host == "" || issuer.Path != Path {
		return nil, fmt.Errorf("the issuer of the development sign-in must end with %s", Path)
	}
	if o.Origins == nil {
		o.Origins = []string{issuer.Scheme + "://" + issuer.Host}
	}
	if o.AccessLife == 0 {
		o.AccessLife = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	keyFile := ""
	if o.Dir != "" {
		keyFile = filepath.Join(o.Dir, "development-sign-in.pem")
	}
	key, err := signingKey(keyFile)
	if err != nil {
		return nil, fmt.Errorf("key of the development sign-in: %w", err)
	}
	p := &Provider{storage: newStorage(o, key), options: o, protect: http.NewCrossOriginProtection(), mux: http.NewServeMux()}
	config := &op.Config{
		CodeMethodS256: true, GrantTypeRefreshToken: true, AuthMethodPost: true, DefaultLogoutRedirectURI: o.Origins[0] + "/signed-out",
		SupportedScopes: []string{"openid", "profile", "offline_access"},
		DeviceAuthorization: op.DeviceAuthorizationConfig{
			Lifetime: deviceLife, PollInterval: time.Second, UserFormPath: Path + "/device", UserCode: op.UserCodeBase20,
		},
	}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, err
	}
	p.op, err = op.NewProvider(config, p.storage, op.StaticIssuer(o.Issuer), op.WithAllowInsecure(), op.WithCORSOptions(nil), op.WithLogger(o.Log),
		op.WithCrypto(&tokens{storage: p.storage, codes: op.NewAES256GCMCrypto(config.CryptoKey, "codes")}))
	if err != nil {
		return nil, err
	}
	p.routes()
	return p, nil
}

func (p *Provider) routes() {
	p.mux.HandleFunc("GET /login", p.loginPage)
	p.mux.HandleFunc("POST /login", p.login)
	p.mux.HandleFunc("GET /device", p.devicePage)
	p.mux.HandleFunc("POST /device", p.device)
	p.mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	p.mux.Handle("/authorize", p.naming(p.op))
	p.mux.Handle("/authorize/callback", p.naming(p.op))
	p.mux.Handle("/", p.op)
}

// ServeHTTP serves everything below Path.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "same-origin")
	http.StripPrefix(Path, p.mux).ServeHTTP(w, r)
}

// discovery adds to the library's document that answers name the issuer.
func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	document := op.CreateDiscoveryConfig(op.ContextWithIssuer(r.Context(), p.options.Issuer), p.op, p.storage)
	var fields map[string]any
	data, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(data, &fields)
	}
	if err == nil {
		fields["authorization_response_iss_parameter_supported"] = true
		fields["claims_supported"] = []string{"sub", "name", "preferred_username", RolesClaim}
		data, err = json.Marshal(fields)
	}
	if err != nil {
		http.Error(w, "the configuration cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data) // the caller may have gone
}

// naming adds the issuer to answers that go to a client by redirection.
func (p *Provider) naming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&namer{ResponseWriter: w, issuer: p.options.Issuer}, r)
	})
}

type namer struct {
	http.ResponseWriter
	issuer string
}

// WriteHeader names the issuer where the code is.
func (n *namer) WriteHeader(status int) {
	if to := n.Header().Get("Location"); strings.HasPrefix(to, "http") && strings.ContainsAny(to, "?#") {
		n.Header().Set("Location", to+"&iss="+url.QueryEscape(n.issuer))
	}
	n.ResponseWriter.WriteHeader(status)
}
