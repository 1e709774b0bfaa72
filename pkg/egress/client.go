package egress

import (
	"crypto/tls"
	"io"
	"net/http"
	"time"
)

// Client is an HTTP client that can only go where the guard allows. It does not
// follow redirects (they are answers like others), reads at most MaxReply of a
// body, does not decompress, keeps no cookies and no connections.
func (g *Guard) Client() *http.Client { return g.client }

func (g *Guard) newClient() *http.Client {
	return &http.Client{
		Timeout:       g.options.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &checked{guard: g, next: &http.Transport{
			Proxy:                  nil, // the environment's would be another's way in
			DialContext:            g.Dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.options.Authorities},
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  g.options.Timeout,
			MaxResponseHeaderBytes: 16 << 10,
			DisableCompression:     true,
			DisableKeepAlives:      true, // every exchange is judged anew
			ForceAttemptHTTP2:      true,
		}},
	}
}

// checked judges each request before it goes out, and cuts what comes back.
type checked struct {
	guard *Guard
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *checked) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := c.guard.form(r.URL.String()); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	answer, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = cut{io.LimitReader(answer.Body, MaxReply), answer.Body}
	return answer, nil
}

type cut struct {
	io.Reader
	io.Closer
}
