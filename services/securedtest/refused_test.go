package securedtest

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// routes are calls that each service answers by REST.
var routes = map[string]string{
	"intake": "/v1/submissions", "autoprocessing": "/v1/queue:count", "adviceoutcome": "/v1/outcomes", "registry": "/v1/authorities",
	"workitems": "/v1/work-items:count", "audit": "/v1/audit/checkpoint", "console": "/v1/whoami",
}

// Who may ask the registry what deciding needs to know stands in a list.
func (w *world) registryKnowsItsCallers(t *testing.T) {
	for id, want := range map[string]codes.Code{"autoprocessing": codes.OK, "intake": codes.PermissionDenied, "feeder": codes.PermissionDenied, "nobody": codes.PermissionDenied} {
		registry := registryv1.NewRegistryServiceClient(w.dial(t, "registry", w.client(t, identity.Service, id).Client, ""))
		_, err := registry.ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{Queries: []*registryv1.CustomerQuery{{Crn: customer(0).GetCrn()}}})
		if status.Code(err) != want {
			t.Errorf("%s asks: %v", id, err)
		}
	}
	// A service is not its neighbour because it has its name as an authority.
	registry := registryv1.NewRegistryServiceClient(w.dial(t, "registry", w.client(t, identity.Authority, "autoprocessing").Client, ""))
	if _, err := registry.ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("an authority asks: %v", err)
	}
}

func (w *world) developmentTokensAreRefused(t *testing.T) {
	people := identity.DevelopmentToken(identity.Caller{Kind: identity.Person, ID: "alice", Roles: []string{"administrator", "auditor", "officer", "supervisor"}})
	authority := identity.DevelopmentToken(identity.Caller{Kind: identity.Authority, ID: "nt-spar"})
	service := identity.DevelopmentToken(identity.Caller{Kind: identity.Service, ID: "autoprocessing"})
	for _, s := range services {
		for _, token := range []string{people, authority, service} {
			if status, text := w.https(t, s, http.MethodGet, routes[s], token, ""); status != http.StatusUnauthorized {
				t.Errorf("%s with %s: %d %s", s, token, status, text)
			}
		}
	}
	certificate := w.client(t, identity.Authority, "nt-spar").Client
	for _, token := range []string{people, authority, service} {
		_, err := intakev1.NewIntakeServiceClient(w.dial(t, "intake", certificate, token)).ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{})
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("a certificate beside %s: %v", token, err)
		}
	}
}

func (w *world) plainTextIsRefused(t *testing.T) {
	for _, s := range services {
		conn, err := rpc.Dial(w.settings[s]["grpc_listen"], nil, telemetry.Discard())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = intakev1.NewIntakeServiceClient(conn).ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{})
		if status.Code(err) != codes.Unavailable {
			t.Errorf("%s, gRPC in the clear: %v", s, err)
		}
		if status, text, err := get(t, "http://"+w.settings[s]["http_listen"]+routes[s]); err == nil && (status != http.StatusBadRequest || !strings.Contains(text, "HTTP request to an HTTPS server")) {
			t.Errorf("%s, HTTP in the clear: %d %s", s, status, text)
		}
		certificate, err := w.client(t, identity.Authority, "nt-spar").Client()
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(*tls.Config){
			"without a certificate": func(c *tls.Config) { c.Certificates = nil },
			"with TLS 1.2":          func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
		} {
			c := certificate.Clone()
			change(c)
			if err := shake(w.settings[s]["grpc_listen"], c); err == nil {
				t.Errorf("%s, gRPC %s: let in", s, name)
			}
		}
	}
}

// shake makes a handshake and waits for the server's word: it refuses a
// certificate only after the client is done.
func shake(address string, c *tls.Config) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", address, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // a gRPC server speaks first
	return err
}

// Health and metrics are on the operations listener, and nothing else is there.
func (w *world) operationsAreApart(t *testing.T) {
	for _, s := range services {
		for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/"} {
			if status, text := w.https(t, s, http.MethodGet, path, "", ""); status != http.StatusNotFound || strings.Contains(text, "go_goroutines") {
				t.Errorf("%s%s on the HTTPS listener: %d", s, path, status)
			}
		}
		operations := "http://" + w.settings[s]["ops_listen"]
		status, text, err := get(t, operations+"/metrics")
		if err != nil || status != http.StatusOK || !strings.Contains(text, `noticehub_certificate_days_left{certificate="`+s+`"}`) {
			t.Errorf("%s has no metrics for its operators: %d, %v", s, status, err)
		}
		for _, path := range []string{routes[s], "/debug/pprof/", "/signin"} {
			if status, text, err := get(t, operations+path); err != nil || status != http.StatusNotFound {
				t.Errorf("%s%s on the operations listener: %d %s %v", s, path, status, text, err)
			}
		}
	}
}

func (w *world) reflectionIsNotServed(t *testing.T) {
	for _, s := range services {
		client := reflectionv1.NewServerReflectionClient(w.dial(t, s, w.client(t, identity.Service, "autoprocessing").Client, ""))
		stream, err := client.ServerReflectionInfo(t.Context())
		if err == nil {
			_ = stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v", s, err)
		}
	}
}
