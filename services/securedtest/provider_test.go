package securedtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/noticehub/noticehub/pkg/tlsfiles"
	"github.com/noticehub/noticehub/services/internal/devprovider"
)

// provider is the OpenID provider, by TLS with a certificate of an authority that
// the operating system does not know.
type provider struct {
	*devprovider.Provider
	url    string
	client *http.Client // believes the authority
}

// startProvider starts it; people sign in there from the console at an origin.
func startProvider(t *testing.T, ca *tlsfiles.CA, origin string) *provider {
	t.Helper()
	files, err := ca.Issue("sign-in", tlsfiles.Subject{Hosts: tlsfiles.Loopback()})
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{url: "https://" + l.Addr().String() + devprovider.Path, client: &http.Client{Transport: trusting(t, files.Authorities), Timeout: 30 * time.Second}}
	if p.Provider, err = devprovider.New(devprovider.Options{Development: true, Issuer: p.url, Origins: []string{origin}, Authorities: []string{"nt-cp", "qld-cp"}}); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{certificate}}}
	go func() { _ = server.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	return p
}

// trusting is a client's way to servers of the authority, without a certificate.
func trusting(t *testing.T, authority string) *http.Transport {
	t.Helper()
	data, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data)
	return &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots}}
}

// authority gets a token by its client credentials.
func (p *provider) authority(t *testing.T, id string) string {
	t.Helper()
	form := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/oauth/token", form)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(id, devprovider.AuthoritySecret)
	reply, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("token of %s: %s, %v", id, reply.Status, err)
	}
	return got.Token
}

// person signs somebody in on a device.
func (p *provider) person(t *testing.T, account string) string {
	t.Helper()
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, p.client)
	config := oauth2.Config{ClientID: devprovider.CommandLineClient, Scopes: []string{"openid"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: p.url + "/device_authorization", TokenURL: p.url + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams,
	}}
	waiting, err := config.DeviceAuth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	form := strings.NewReader(url.Values{"user_code": {waiting.UserCode}, "account": {account}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, waiting.VerificationURI, form)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	reply, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Body.Close(); reply.StatusCode != http.StatusOK {
		t.Fatalf("%s signs in: %s", account, reply.Status)
	}
	token, err := config.DeviceAccessToken(ctx, waiting)
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken
}
