package egress_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
)

// answers is a resolver that gives one list after the other, the last for ever.
type answers struct {
	lists [][]string
	asked atomic.Int64
}

func (a *answers) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	n := int(a.asked.Add(1)) - 1
	var found []netip.Addr
	for _, text := range a.lists[min(n, len(a.lists)-1)] {
		found = append(found, netip.MustParseAddr(text))
	}
	if found == nil {
		return nil, errors.New("no such host")
	}
	return found, nil
}

func resolving(lists ...[]string) *answers { return &answers{lists: lists} }

func guard(t testing.TB, o egress.Options) *egress.Guard {
	t.Helper()
	if o.Resolver == nil {
		o.Resolver = resolving([]string{"93.184.216.34", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"})
	}
	g, err := egress.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func isRefused(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Reason == "TARGET_REFUSED"
}

func TestURLs(t *testing.T) {
	t.Parallel()
	g := guard(t, egress.Options{Ports: []uint16{443, 8443}})
	for _, good := range []string{
		"https://hooks.agency.example/reports?x=1", "https://hooks.agency.example:8443/", "https://HOOKS.agency.example",
		"https://93.184.216.34/", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", "https://xn--bcher-kva.example/",
	} {
		if _, err := g.CheckURL(t.Context(), good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "x", "http://hooks.agency.example/", "HTTP://hooks.agency.example/", "file:///etc/passwd", "file:/etc/passwd", "gopher://hooks.agency.example/", "ftp://hooks.agency.example/",
		"unix:///run/postgresql", "data:text/plain,x", "javascript:alert(1)", "//hooks.agency.example/", "https:hooks.agency.example", "https:///path", "https://",
		"https://user@hooks.agency.example/", "https://user:pass@hooks.agency.example/", "https://hooks.agency.example@127.0.0.1/", "https://127.0.0.1\\@hooks.agency.example/",
		"https://hooks.agency.example/#x", "https://hooks.agency.example/ x", "https://hooks.agency.example/\r\nHost: x", "https://hooks.agency.example/\x00", "https://hööks.example/",
		"https://hooks.agency.example:22/", "https://hooks.agency.example:0/", "https://hooks.agency.example:/", "https://hooks.agency.example:443443/", "https://hooks.agency.example:0443/", "https://hooks.agency.example:+443/",
		"https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/", "https://metadata.google.internal/", "https://db/", "https://hooks.agency.example./", "https://x.local/",
		"https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://0177.0.0.1/", "https://127.0.0.01/", "https://0/", "https://0.0.0.0/",
		"https://a.0x7f/", "https://example.123/", "https://%31%32%37.0.0.1/", "https://127%2e0%2e0%2e1/",
		"https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://100.100.100.200/", "https://168.63.129.16/",
		"https://192.0.0.192/", "https://224.0.0.1/", "https://239.255.255.255/", "https://240.0.0.1/", "https://255.255.255.255/", "https://198.18.0.1/", "https://192.0.2.1/",
		"https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:8.8.8.8]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[2002:7f00:1::]/", "https://[2002:0808:0808::1]/",
		"https://[64:ff9b::7f00:1]/", "https://[64:ff9b::8.8.8.8]/", "https://[64:ff9b:1::a00:1]/", "https://[2001:0:7f00:1::]/", "https://[2001::1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fec0::1]/",
		"https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/", "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[100::1]/", "https://[2606:2800:021f::1]/",
		"https://" + strings.Repeat("a.", 130) + "example/", "https://hooks.agency.example/" + strings.Repeat("x", 2048), "https://-x.example/", "https://x_y.example/",
	} {
		if u, err := g.CheckURL(t.Context(), bad); !isRefused(err) {
			t.Errorf("%q: %v, %v", bad, u, err)
		}
	}
}

// A name is as good as the worst address it leads to.
func TestNamesThatLeadInside(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{
		{"127.0.0.1"},
		{"93.184.216.34", "127.0.0.1"},
		{"::1"},
		{"::ffff:10.0.0.1"},
		{"169.254.169.254"},
		{"2002:a00:1::"},
		{"64:ff9b::a00:1"},
		{"2001:0:4136:e378:8000:63bf:3fff:fdd2"},
		{"fd00:ec2::254"},
		{"0.0.0.0"},
		{"100.64.1.1"},
		{"224.0.0.251"},
		{"93.184.216.34", "fe80::1%eth0"},
	} {
		g := guard(t, egress.Options{Resolver: resolving(list)})
		_, err := g.CheckURL(t.Context(), "https://hooks.agency.example/")
		_, dialled := g.Dial(t.Context(), "tcp", "hooks.agency.example:443")
		if !isRefused(err) || !isRefused(dialled) {
			t.Errorf("%v: %v, %v", list, err, dialled)
		}
		for _, e := range []error{err, dialled} {
			if e != nil && strings.Contains(e.Error(), list[0]) {
				t.Errorf("%v: the refusal says where the name leads: %v", list, e)
			}
		}
	}
	g := guard(t, egress.Options{Resolver: resolving(nil)})
	if _, err := g.CheckURL(t.Context(), "https://hooks.agency.example/"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a name nobody knows: %v", err)
	}
}

// inside is a server on this machine and a guard that may or may not go there.
func inside(t *testing.T, h http.HandlerFunc, resolver egress.Resolver, allowed bool) (*egress.Guard, string, *atomic.Int64) {
	t.Helper()
	asked := new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h(w, r)
	}))
	s.StartTLS()
	t.Cleanup(s.Close)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.ParseUint(at.Port(), 10, 16)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	o := egress.Options{Ports: []uint16{uint16(port)}, Authorities: pool, Resolver: resolver, Timeout: 2 * time.Second}
	if allowed {
		o.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	return guard(t, o), "https://example.com:" + at.Port() + "/", asked // httptest's certificate is for example.com
}

// DNS rebinding: public when it was set up, inside when it is called.
func TestRebinding(t *testing.T) {
	t.Parallel()
	g, to, asked := inside(t, func(http.ResponseWriter, *http.Request) {}, resolving([]string{"93.184.216.34"}, []string{"127.0.0.1"}), false)
	if _, err := g.CheckURL(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	answer, err := g.Client().Post(to, "application/json", strings.NewReader("{}"))
	if err == nil {
		_ = answer.Body.Close()
	}
	if !isRefused(err) || asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

func TestExchanges(t *testing.T) {
	t.Parallel()
	home := resolving([]string{"127.0.0.1"})
	g, to, _ := inside(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		case "/much":
			for range 1024 {
				if _, err := w.Write(make([]byte, 1024)); err != nil {
					return
				}
			}
		case "/slow":
			w.WriteHeader(http.StatusOK)
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond)
			}
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("not decompressed"))
		}
	}, home, true)
	get := func(path string) (int, []byte, error) {
		answer, err := g.Client().Get(to + path)
		if err != nil {
			return 0, nil, err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return answer.StatusCode, body, err
	}
	if status, _, err := get(""); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	if status, _, err := get("redirect"); err != nil || status != http.StatusFound {
		t.Errorf("a redirect: %d %v", status, err)
	}
	if _, body, err := get("much"); err != nil || len(body) != egress.MaxReply {
		t.Errorf("a large answer: %d bytes, %v", len(body), err)
	}
	if _, body, err := get("packed"); err != nil || string(body) != "not decompressed" {
		t.Errorf("a packed answer: %q, %v", body, err)
	}
	began := time.Now()
	if _, _, err := get("slow"); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("an answer without end: %v after %s", err, time.Since(began))
	}
	for _, other := range []string{"http://example.com/", "https://example.com:22/", "https://127.0.0.1:22/"} {
		if answer, err := g.Client().Get(other); !isRefused(err) {
			t.Errorf("%s: %v", other, err)
			if err == nil {
				_ = answer.Body.Close()
			}
		}
	}
	if _, err := g.Dial(t.Context(), "udp", "example.com:443"); !isRefused(err) {
		t.Errorf("UDP: %v", err)
	}
}

// What the environment says of proxies must not matter.
func TestProxiesAreNotUsed(t *testing.T) {
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	g, to, asked := inside(t, func(http.ResponseWriter, *http.Request) {}, resolving([]string{"127.0.0.1"}), true)
	answer, err := g.Client().Get(to)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if proxied.Load() != 0 || asked.Load() != 1 {
		t.Errorf("proxied %d times, asked %d times", proxied.Load(), asked.Load())
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	g := guard(t, egress.Options{Hosts: []string{"hooks.agency.example"}, Ports: []uint16{443, 587}})
	if _, err := g.CheckURL(t.Context(), "https://hooks.agency.example/"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"https://other.agency.example/", "https://93.184.216.34/", "https://a.hooks.agency.example/"} {
		if _, err := g.CheckURL(t.Context(), other); !isRefused(err) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if err := g.CheckServer(t.Context(), "hooks.agency.example:587"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"hooks.agency.example:25", "hooks.agency.example", "127.0.0.1:587"} {
		if err := g.CheckServer(t.Context(), other); !isRefused(err) {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []egress.Options{
		{Ports: []uint16{0}},
		{Hosts: []string{"Upper.example"}},
		{Hosts: []string{"localhost"}},
		{Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}},
		{Networks: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr("10.0.0.1"), 8)}},
		{Timeout: -1},
		{Timeout: time.Hour},
	} {
		if _, err := egress.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

var _ egress.Resolver = net.DefaultResolver

// FuzzURL: what is taken is https to an allowed port of a public name or address,
// however it is written.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://hooks.agency.example/", "https://[::ffff:127.0.0.1]/", "https://0x7f.1/", "https://a@b/", "https://93.184.216.34"} {
		f.Add(s)
	}
	g := guard(f, egress.Options{})
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := g.CheckURL(t.Context(), raw)
		if err != nil {
			return
		}
		if u.Scheme != "https" || u.User != nil || u.Port() != "" && u.Port() != "443" {
			t.Errorf("%q was taken", raw)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && !egress.Public(a) {
			t.Errorf("%q leads to %s", raw, a)
		}
	})
}
