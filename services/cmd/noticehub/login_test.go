package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	"github.com/noticehub/noticehub/services/internal/devprovider"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// desk is a hub that only says who calls, with a sign-in provider.
type desk struct {
	consolev1.UnimplementedSessionServiceServer
	t        *testing.T
	dir      string
	provider *devprovider.Provider
}

func (d *desk) WhoAmI(ctx context.Context, _ *consolev1.WhoAmIRequest) (*consolev1.WhoAmIResponse, error) {
	c, _ := identity.From(ctx)
	return &consolev1.WhoAmIResponse{Kind: consolev1.CallerKind_CALLER_KIND_PERSON, Id: c.ID, Roles: c.Roles}, nil
}

// eitherWay takes development tokens and those of the provider.
type eitherWay struct{ verifier *oidc.IDTokenVerifier }

func (e eitherWay) Authenticate(ctx context.Context, c identity.Credentials) (identity.Caller, error) {
	token := strings.TrimPrefix(c.Authorization, "Bearer ")
	if strings.HasPrefix(token, "dev.") {
		return identity.Development().Authenticate(ctx, c)
	}
	id, err := e.verifier.Verify(ctx, token)
	if err != nil {
		return identity.Caller{}, identity.Missing()
	}
	var claims struct{ Roles []string }
	err = id.Claims(&claims)
	return identity.Caller{Kind: identity.Person, ID: id.Subject, Roles: claims.Roles}, err
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir()}
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	issuer := site.URL + devprovider.Path
	var err error
	if d.provider, err = devprovider.New(devprovider.Options{Development: true, Issuer: issuer}); err != nil {
		t.Fatal(err)
	}
	mux.Handle(devprovider.Path+"/", d.provider)
	mux.HandleFunc("/.well-known/oauth-protected-resource", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"authorization_servers": []string{issuer}, "noticehub_cli_client_id": devprovider.CommandLineClient})
	})
	p, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	everybody := identity.Rule{Kinds: []identity.Kind{identity.Person}}
	server, err := rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: eitherWay{p.Verifier(&oidc.Config{ClientID: devprovider.Audience})},
		Table: identity.Table{consolev1.SessionService_WhoAmI_FullMethodName: everybody}, Name: "desk", Development: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	consolev1.RegisterSessionServiceServer(server, d)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, rpc.Listeners{GRPC: listener}) }()
	t.Cleanup(func() { cancel(); <-done })
	data, _ := json.Marshal(hub.Addresses{GRPC: listener.Addr().String(), HTTP: strings.TrimPrefix(site.URL, "http://"), Insecure: true})
	if err := os.WriteFile(filepath.Join(d.dir, hub.AddressFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) login(as string) error {
	var out bytes.Buffer
	return (&loginCommand{connection: connection{Dir: d.dir}, As: as}).Run(d.t.Context(), &out)
}

func (d *desk) whoami(o officer) string {
	d.t.Helper()
	var out bytes.Buffer
	o.Dir = d.dir
	if err := (&whoAmICommand{o}).Run(d.t.Context(), &out); err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func TestSigningInOnTheCommandLine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const olive, blake = "person olive with the roles contact-officer, officer, supervisor", "person officer.blake with the roles officer"
	if got := d.whoami(officer{}); got != olive {
		t.Errorf("before: %s", got)
	}
	if err := d.login("nobody"); err == nil || !strings.Contains(err.Error(), "check the name") {
		t.Errorf("as nobody: %v", err)
	}
	if got := (keyholder{connection: connection{Dir: d.dir}}).officer(); got.As != "rita" || len(got.Roles) != 1 {
		t.Errorf("nobody signed in, %s decides with %q", got.As, got.Roles)
	}
	if err := d.login("officer.blake"); err != nil {
		t.Fatal(err)
	}
	if got := (keyholder{connection: connection{Dir: d.dir}}).officer(); got.As != "" || got.Roles != nil {
		t.Errorf("signed in, but %s decides with %q", got.As, got.Roles)
	}
	file := filepath.Join(d.dir, credentialsFile)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got := d.whoami(officer{}); got != blake {
		t.Errorf("signed in: %s", got)
	}
	me := officer{connection: connection{Dir: d.dir}}
	if got := me.who(); got != "officer.blake" {
		t.Errorf("mine are those of %s", got)
	}
	if got := d.whoami(officer{As: "otto"}); got != "person otto with the roles contact-officer, officer, supervisor" {
		t.Errorf("named: %s", got)
	}
	if got := d.whoami(officer{Roles: []string{"auditor"}}); got != "person olive with the roles auditor" {
		t.Errorf("with roles: %s", got)
	}
	// A token that is about to end is exchanged, once for all commands.
	s, _, err := readSignIn(file)
	if err != nil {
		t.Fatal(err)
	}
	s.Expires = clock.System().Now().Add(5 * time.Second)
	if err := s.save(file); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := d.whoami(officer{}); got != blake {
			t.Errorf("refreshed: %s", got)
		}
	}
	if fresh, _, err := readSignIn(file); err != nil || fresh.Refresh == s.Refresh || !fresh.good() {
		t.Errorf("not refreshed: %v", err)
	}
	var out bytes.Buffer
	if err := (&logoutCommand{connection{Dir: d.dir}}).Run(t.Context(), &out); err != nil || !strings.Contains(out.String(), "signed out") {
		t.Errorf("%s, %v", out.String(), err)
	}
	if got := d.whoami(officer{}); got != olive {
		t.Errorf("signed out: %s", got)
	}
	if err := (&logoutCommand{connection{Dir: d.dir}}).Run(t.Context(), &out); err != nil || !strings.Contains(out.String(), "nobody is signed in") {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func TestASignInGoesOnlyWhereItBelongs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := signIn{Server: "hub.example:7400", Person: "kim", Access: "secret", Expires: clock.System().Now().Add(time.Hour)}
	if err := s.save(filepath.Join(dir, credentialsFile)); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := (connection{Server: "other.example:7400", Dir: dir}).signedIn(); ok || err != nil {
		t.Errorf("sent to another hub: %v", err)
	}
	if _, err := (connection{Server: s.Server, Dir: dir}).dialPerson(false, identity.Caller{}); err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("sent in the clear: %v", err)
	}
	for _, address := range []string{"", "http://id.example", "ftp://127.0.0.1", "https://", "127.0.0.1:80"} {
		if egress.Sealed(address) == nil {
			t.Errorf("%q is safe", address)
		}
	}
	if err := (&loginCommand{connection: connection{Server: "x", Dir: dir}, Issuer: "http://id.example", Client: "c"}).Run(t.Context(), &bytes.Buffer{}); err == nil {
		t.Error("signed in over http")
	}
}

// A hub elsewhere is talked to by TLS, and only if it is the one of the CA named.
func TestASignInGoesByTLS(t *testing.T) {
	t.Parallel()
	own, other := newAuthority(t), newAuthority(t)
	store, err := tlsfiles.Open(own, tlsfiles.Options{Name: "desk", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: everybodyIs{identity.Caller{Kind: identity.Person, ID: "kim"}}, TLS: rpc.TLS{HTTP: store.Server},
		Table: identity.Table{consolev1.SessionService_WhoAmI_FullMethodName: {Kinds: []identity.Kind{identity.Person}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, dir: t.TempDir()}
	consolev1.RegisterSessionServiceServer(server, d)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, rpc.Listeners{HTTP: listener}) }()
	t.Cleanup(func() { cancel(); <-done })
	s := signIn{Server: listener.Addr().String(), Person: "kim", Access: "secret", Expires: clock.System().Now().Add(time.Hour)}
	if err := s.save(filepath.Join(d.dir, credentialsFile)); err != nil {
		t.Fatal(err)
	}
	ask := func(ca string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		return (&whoAmICommand{officer{connection: connection{Server: s.Server, Dir: d.dir, CA: ca}}}).Run(ctx, &bytes.Buffer{})
	}
	if err := ask(own.Authorities); err != nil {
		t.Error(err)
	}
	if ask(other.Authorities) == nil {
		t.Error("a sign-in was sent to a hub of another CA")
	}
}

type everybodyIs struct{ identity.Caller }

func (e everybodyIs) Authenticate(context.Context, identity.Credentials) (identity.Caller, error) {
	return e.Caller, nil
}

func newAuthority(t *testing.T) tlsfiles.Files {
	t.Helper()
	ca, err := tlsfiles.DevelopmentCA(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.Issue("server", tlsfiles.Subject{Hosts: tlsfiles.Loopback()})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
