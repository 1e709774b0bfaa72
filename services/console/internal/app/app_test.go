package app

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/noticehub/noticehub/services/console/internal/guard"
)

const (
	host   = "127.0.0.1:1"
	script = "assets/index-abc123.js"
)

func serve(t *testing.T, files fstest.MapFS) *httptest.Server {
	t.Helper()
	origin, err := guard.ParseOrigin("http://" + host)
	if err != nil {
		t.Fatal(err)
	}
	a, err := open(files, origin)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	a.Mount(mux.Handle)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func built() fstest.MapFS {
	return fstest.MapFS{
		"index.html": {Data: []byte(`<meta property="csp-nonce" nonce="` + placeholder + `"><script type="module" nonce="` + placeholder + `" src="/` + script + `"></script>`)},
		script:       {Data: []byte(strings.Repeat("console.log(1);", 100))},
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks as a browser does that reached the server by a name.
func get(t *testing.T, s *httptest.Server, method, host, path string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Header = host, header
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{reply.StatusCode, reply.Header, string(body)}
}

// Every screen's address gives the page under a nonce of its own, and the page
// may run nothing that stands in it.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	nonces := map[string]bool{}
	for _, path := range []string{"/", "/queue?reason=NO_MATCH", "/submissions/0197b3c2-0000-7000-8000-000000000001"} {
		reply := get(t, s, http.MethodGet, host, path, nil)
		policy := reply.header.Get("Content-Security-Policy")
		found := regexp.MustCompile(`style-src 'self' 'nonce-([A-Za-z0-9+/]{24})'`).FindStringSubmatch(policy)
		if reply.status != http.StatusOK || found == nil || strings.Count(reply.body, found[1]) != 2 || strings.Contains(reply.body, placeholder) {
			t.Fatalf("%s: %d, policy %q, page %q", path, reply.status, policy, reply.body)
		}
		nonces[found[1]] = true
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy without %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || reply.header.Get("Cache-Control") != "no-store" || reply.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: headers %v", path, reply.header)
		}
	}
	if len(nonces) != 3 {
		t.Errorf("a nonce was used twice: %v", nonces)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	plain := get(t, s, http.MethodGet, host, "/"+script, http.Header{"Accept-Encoding": {"identity"}})
	if plain.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("headers %v", plain.header)
	}
	small := get(t, s, http.MethodGet, host, "/"+script, http.Header{"Accept-Encoding": {"br, gzip"}})
	if small.header.Get("Content-Encoding") != "gzip" || len(small.body) >= len(plain.body) {
		t.Fatalf("not packed: %v", small.header)
	}
	r, err := gzip.NewReader(strings.NewReader(small.body))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := io.ReadAll(r); err != nil || string(again) != plain.body {
		t.Errorf("unpacked to %d bytes, %v", len(again), err)
	}
	if gone := get(t, s, http.MethodGet, host, "/assets/index-old.js", nil); gone.status != http.StatusNotFound || gone.header.Get("Cache-Control") != "no-store" {
		t.Errorf("an unknown asset: %d %v", gone.status, gone.header)
	}
}

// Other addresses are not the console's, and nothing is sent to it.
func TestOtherAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	for _, path := range []string{"/queue/deeper", "/nothing", "/submissions/", "/assets/", "/index.html"} {
		if reply := get(t, s, http.MethodGet, host, path, http.Header{"Accept": {"text/html"}}); reply.status != http.StatusNotFound || !strings.Contains(reply.body, "no such page") {
			t.Errorf("%s: %d %q", path, reply.status, reply.body)
		}
		if reply := get(t, s, http.MethodGet, host, path, nil); reply.status != http.StatusNotFound || strings.Contains(reply.body, "<html") {
			t.Errorf("%s to a program: %d %q", path, reply.status, reply.body)
		}
	}
	if reply := get(t, s, http.MethodPost, host, "/queue", nil); reply.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", reply.status)
	}
}

// Without the built page the program still says what to do.
func TestNotBuilt(t *testing.T) {
	t.Parallel()
	s := serve(t, fstest.MapFS{".gitkeep": {}})
	reply := get(t, s, http.MethodGet, host, "/", nil)
	if reply.status != http.StatusServiceUnavailable || !strings.Contains(reply.body, "make console") {
		t.Errorf("%d %q", reply.status, reply.body)
	}
}

// Another name of this machine leads to the one that cookies are for.
func TestAlias(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	reply := get(t, s, http.MethodGet, "localhost:1", "/queue?reason=NO_MATCH", nil)
	if reply.status != http.StatusSeeOther || reply.header.Get("Location") != "http://127.0.0.1:1/queue?reason=NO_MATCH" {
		t.Errorf("%d to %q", reply.status, reply.header.Get("Location"))
	}
}
