package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	auditservice "github.com/noticehub/noticehub/services/audit"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/internal/devprovider"
	"github.com/noticehub/noticehub/services/internal/launch"
)

// CertificateDir is where the development authority keeps its certificates, in
// the hub's directory.
const CertificateDir = "tls"

// issuer is the development sign-in's URL.
func (h *Hub) issuer() string { return "http://" + h.HTTP() + devprovider.Path }

// certificates makes the development authority and the server's certificate.
func (h *Hub) certificates() (rpc.TLS, error) {
	if h.options.Insecure {
		return rpc.TLS{}, nil
	}
	ca, err := tlsfiles.DevelopmentCA(filepath.Join(h.options.Dir, CertificateDir), nil)
	if err != nil {
		return rpc.TLS{}, err
	}
	files, err := ca.Issue("server", tlsfiles.Subject{Hosts: tlsfiles.Loopback()})
	if err != nil {
		return rpc.TLS{}, err
	}
	store, err := tlsfiles.Open(files, tlsfiles.Options{Name: "server", Log: h.telemetry.Log, Metrics: h.telemetry.Metrics})
	if err != nil {
		return rpc.TLS{}, err
	}
	h.keep = append(h.keep, ca.Keep, store.Watch)
	return rpc.TLS{GRPC: store.Server}, nil
}

// openDoor makes the server that all services share, and what signs people in.
// The table is filled until the server serves.
func (h *Hub) openDoor(ctx context.Context, parts partsOf, table identity.Table) error {
	own, err := parts("audit", auditservice.Schema())
	if err != nil {
		return err
	}
	people, err := h.console(ctx, parts)
	if err != nil {
		return err
	}
	if err := h.developmentSignIn(); err != nil {
		return err
	}
	recorder := audit.NewRecorder(own.Pool, own.Audit, h.telemetry.Log)
	h.recorder, h.keep = recorder, append(h.keep, recorder.Run)
	tokens, err := identity.Tokens(identity.TokenOptions{
		SignedIn: audit.SignedIn(recorder, "token"),
		Issuer:   h.issuer(), Audience: devprovider.Audience, AuthorityClaim: devprovider.AuthorityClaim,
		CaseWorkerClaim: devprovider.CaseWorkerClaim, RolesClaim: devprovider.RolesClaim,
	})
	if err != nil {
		return err
	}
	ways := identity.Ways{Tokens: tokens, Cookies: people.Authenticator(), Development: identity.Development()}
	encryption, err := h.certificates()
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	if encryption.GRPC != nil {
		ways.Certificates = identity.Certificates()
	}
	var limits launch.LimitSettings
	if err := h.settings(&limits); err != nil {
		return err
	}
	h.server, err = rpc.NewServer(rpc.Options{
		Name: "noticehub", Telemetry: h.telemetry, Authenticator: identity.Chain(ways), Table: table, Development: true,
		Audit: recorder, Customer: own.Audit.Customer, TLS: encryption, Limits: limits.Limits(),
	})
	if err != nil {
		return err
	}
	people.Mount(h.server.Handle)
	h.server.Handle(devprovider.Path+"/", h.provider)
	log, err := h.auditLog(own)
	h.people, h.auditService = people, log
	return err
}

// developmentSignIn makes the provider that people and authorities of a sandbox
// sign in with.
func (h *Hub) developmentSignIn() (err error) {
	h.provider, err = devprovider.New(devprovider.Options{
		Development: true, Issuer: h.issuer(), Dir: filepath.Join(h.options.Dir, "keys"),
		Authorities: h.options.Authorities, Log: h.telemetry.Log,
	})
	return err
}

// Provider is the development sign-in, for tests that change who may do what.
func (h *Hub) Provider() *devprovider.Provider { return h.provider }

func (h *Hub) console(_ context.Context, parts partsOf) (*console.Service, error) {
	cfg := console.Defaults()
	p, err := parts("console", console.Schema())
	if err := errors.Join(err, h.settings(&cfg)); err != nil {
		return nil, err
	}
	key, err := launch.SecretFile(cfg.SessionKeyFile, true)
	if err != nil {
		return nil, fmt.Errorf("session_key_file: %w", err)
	}
	return console.New(cfg, console.Deps{Pool: p.Pool, Audit: p.Audit, Clock: clock.System(), Business: p.Clock, Zone: p.Zone, SessionKey: key, Telemetry: p.Telemetry})
}

func (h *Hub) auditLog(p launch.Parts) (*auditservice.Service, error) {
	var cfg auditservice.Config
	if err := h.settings(&cfg); err != nil {
		return nil, err
	}
	return auditservice.New(cfg, auditservice.Deps{Pool: p.Pool, Audit: p.Audit, Telemetry: p.Telemetry})
}
