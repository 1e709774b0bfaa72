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

const script = "assets/index-abc123.js"

func serve(t *testing.T, files fstest.MapFS) *httptest.Server {
	t.Helper()
	origin, err := guard.ParseOrigin("http://127.0.0.1:1")
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

func get(t *testing.T, s *httptest.Server, method, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "127.0.0.1:1"
	r.Header = header
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// Every screen's address gives the page under a nonce of its own, and the page
// may run nothing that stands in it.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	nonces := map[string]bool{}
	for _, path := range []string{"/", "/queue?reason=NO_MATCH", "/submissions/0197b3c2-0000-7000-8000-000000000001"} {
		answer, body := get(t, s, http.MethodGet, path, nil)
		policy := answer.Header.Get("Content-Security-Policy")
		found := regexp.MustCompile(`style-src 'self' 'nonce-([A-Za-z0-9+/]{24})'`).FindStringSubmatch(policy)
		if answer.StatusCode != http.StatusOK || found == nil || strings.Count(body, found[1]) != 2 || strings.Contains(body, placeholder) {
			t.Fatalf("%s: %d, policy %q, page %q", path, answer.StatusCode, policy, body)
		}
		nonces[found[1]] = true
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy without %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: headers %v", path, answer.Header)
		}
	}
	if len(nonces) != 3 {
		t.Errorf("a nonce was used twice: %v", nonces)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	plain, body := get(t, s, http.MethodGet, "/"+script, http.Header{"Accept-Encoding": {"identity"}})
	if plain.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("headers %v", plain.Header)
	}
	small, packed := get(t, s, http.MethodGet, "/"+script, http.Header{"Accept-Encoding": {"br, gzip"}})
	if small.Header.Get("Content-Encoding") != "gzip" || len(packed) >= len(body) {
		t.Fatalf("not packed: %v", small.Header)
	}
	r, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := io.ReadAll(r); err != nil || string(again) != body {
		t.Errorf("unpacked to %d bytes, %v", len(again), err)
	}
	if gone, _ := get(t, s, http.MethodGet, "/assets/index-old.js", nil); gone.StatusCode != http.StatusNotFound || gone.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("an unknown asset: %d %v", gone.StatusCode, gone.Header)
	}
}

// Other addresses are not the console's, and nothing is sent to it.
func TestOtherAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	for _, path := range []string{"/queue/deeper", "/nothing", "/submissions/", "/assets/", "/index.html"} {
		if answer, body := get(t, s, http.MethodGet, path, http.Header{"Accept": {"text/html"}}); answer.StatusCode != http.StatusNotFound || !strings.Contains(body, "no such page") {
			t.Errorf("%s: %d %q", path, answer.StatusCode, body)
		}
		if answer, body := get(t, s, http.MethodGet, path, nil); answer.StatusCode != http.StatusNotFound || strings.Contains(body, "<html") {
			t.Errorf("%s to a program: %d %q", path, answer.StatusCode, body)
		}
	}
	if answer, _ := get(t, s, http.MethodPost, "/queue", nil); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", answer.StatusCode)
	}
}

// Without the built page the program still says what to do.
func TestNotBuilt(t *testing.T) {
	t.Parallel()
	s := serve(t, fstest.MapFS{".gitkeep": {}})
	answer, body := get(t, s, http.MethodGet, "/", nil)
	if answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "make console") {
		t.Errorf("%d %q", answer.StatusCode, body)
	}
}

// Another name of this machine leads to the one that cookies are for.
func TestAlias(t *testing.T) {
	t.Parallel()
	s := serve(t, built())
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/queue?reason=NO_MATCH", nil)
	r.Host = "localhost:1"
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "http://127.0.0.1:1/queue?reason=NO_MATCH" {
		t.Errorf("%d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
}
