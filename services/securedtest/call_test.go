package securedtest

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

func openStore(t *testing.T, files tlsfiles.Files) *tlsfiles.Store {
	t.Helper()
	store, err := tlsfiles.Open(files, tlsfiles.Options{Name: "client", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// dial connects to a service's gRPC listener with a certificate and, if it is not
// empty, a token.
func (w *world) dial(t *testing.T, service string, certificate func() (*tls.Config, error), token string) *grpc.ClientConn {
	t.Helper()
	o := rpc.DialOptions{Telemetry: telemetry.Discard(), TLS: certificate}
	if token != "" {
		o.Token = func() string { return token }
	}
	conn, err := rpc.DialWith(w.settings[service]["grpc_listen"], o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// get is a request without any credentials.
func get(t *testing.T, address string) (status int, body string, err error) {
	t.Helper()
	return ask(t, http.DefaultClient, http.MethodGet, address, "", "")
}

// https is a request to a service's HTTPS listener without a certificate.
func (w *world) https(t *testing.T, service, method, path, token, body string) (status int, reply string) {
	t.Helper()
	client := &http.Client{Transport: trusting(t, w.ca.Certificate()), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	status, reply, err := ask(t, client, method, "https://"+w.settings[service]["http_listen"]+path, token, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, reply
}

func ask(t *testing.T, client *http.Client, method, address, token, body string) (status int, reply string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(data), err
}

// search is a submission that asks for somebody nobody knows.
func search(reference string) *intakev1.Submission {
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
		Name: &intakev1.PersonName{FamilyName: "Nobody", GivenName: "Known"}, DateOfBirth: "1980-01-01",
	}}}
}
