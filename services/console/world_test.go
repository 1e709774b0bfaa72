package console_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/internal/devprovider"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	avery      = "contact-officer.avery"
	gray       = "supervisor.gray"
	sessionKey = "0123456789abcdef0123456789abcdef"
)

// world is the console behind one server and the development provider behind
// another, which can be made unreachable.
type world struct {
	t        *testing.T
	url      string // of the superuser
	pool     *pgxpool.Pool
	clock    *clock.Fake
	config   console.Config
	service  *console.Service
	origin   string
	provider *devprovider.Provider
	down     atomic.Bool
	asked    atomic.Int64 // how often for user info
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: postgrestest.URL(t, console.Schema()), clock: clock.NewFake(time.Now().Truncate(time.Second)), config: console.Defaults()}
	w.pool = postgrestest.Open(t, w.url, console.Schema(), "*")
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	w.origin = site.URL

	var handler atomic.Pointer[devprovider.Provider]
	there := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.down.Load() {
			panic(http.ErrAbortHandler) // cuts the connection
		}
		if strings.HasSuffix(r.URL.Path, "/userinfo") {
			w.asked.Add(1)
		}
		handler.Load().ServeHTTP(rw, r)
	}))
	t.Cleanup(there.Close)
	var err error
	w.provider, err = devprovider.New(devprovider.Options{Development: true, Issuer: there.URL + devprovider.Path, Origins: []string{w.origin}})
	if err != nil {
		t.Fatal(err)
	}
	handler.Store(w.provider)

	w.config.Origin, w.config.Provider.Issuer = w.origin, there.URL+devprovider.Path
	w.service = w.replica()
	w.service.Mount(mux.Handle)
	return w
}

// replica is one more process of the service on the same database.
func (w *world) replica() *console.Service {
	w.t.Helper()
	writer, err := audit.NewWriter("console", []byte(sessionKey))
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := console.New(w.config, console.Deps{Pool: w.pool, Audit: writer, Clock: w.clock, Business: w.clock, Zone: time.UTC, SessionKey: []byte(sessionKey), Telemetry: telemetry.Discard()})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// who asks the service whose the browser's cookie is, as a call of its pages would.
func (w *world) who(b *browser) (identity.Caller, error) { return w.whoAt(w.service, b) }

func (w *world) whoAt(s *console.Service, b *browser) (identity.Caller, error) {
	return s.Authenticator().Authenticate(w.t.Context(), identity.Credentials{Cookie: b.header(), Method: "POST", Origin: w.origin, FetchSite: "same-origin"})
}

// entries are the actions in the audit log with result and reason, oldest first.
func (w *world) entries() []string {
	w.t.Helper()
	admin, err := pgxpool.New(context.Background(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer admin.Close()
	rows, err := admin.Query(context.Background(), "SELECT actor, convert_from(entries, 'UTF8') FROM audit.record ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var actor, lines string
		if err := rows.Scan(&actor, &lines); err != nil {
			w.t.Fatal(err)
		}
		for line := range strings.Lines(lines) {
			var e audit.Entry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				w.t.Fatal(err)
			}
			if e.Actor != "" {
				actor = e.Actor
			}
			list = append(list, strings.TrimSpace(actor+" "+e.Action+" "+string(e.Result)+" "+e.Reason))
		}
	}
	return list
}

func (w *world) audited(want string) {
	w.t.Helper()
	if got := w.entries(); !slices.Contains(got, want) {
		w.t.Errorf("no entry %q in %q", want, got)
	}
}

func (w *world) sessions() (n int) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), "SELECT count(*) FROM session").Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// browser keeps the console's cookies and follows nothing by itself.
type browser struct {
	w       *world
	cookies map[string]*http.Cookie
}

func (w *world) browser() *browser { return &browser{w: w, cookies: map[string]*http.Cookie{}} }

func (b *browser) header() string {
	var pairs []string
	for name, c := range b.cookies {
		pairs = append(pairs, name+"="+c.Value)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "; ")
}

type answer struct {
	*http.Response
	body string
}

func (a answer) location(t testing.TB) string {
	t.Helper()
	u, err := a.Location()
	if err != nil {
		t.Fatalf("%s %s: %s", a.Request.URL, a.Status, a.body)
	}
	return u.String()
}

// send makes a request; headers are pairs. Cookies go to the console only.
func (b *browser) send(method, to string, form url.Values, headers ...string) answer {
	b.w.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = b.w.origin + to
	}
	r, err := http.NewRequestWithContext(b.w.t.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	here := strings.HasPrefix(to, b.w.origin+"/")
	if here && len(b.cookies) > 0 {
		r.Header.Set("Cookie", b.header())
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	for _, c := range got.Cookies() {
		switch {
		case !here:
		case c.MaxAge < 0:
			delete(b.cookies, c.Name)
		default:
			b.cookies[c.Name] = c
		}
	}
	return answer{got, string(body)}
}

// toCallback goes the way of signing in up to the provider's answer and returns
// the address it sends the browser to.
func (b *browser) toCallback(account string) string {
	b.w.t.Helper()
	start := b.send("GET", "/signin?to=/queue", nil)
	page := b.send("GET", start.location(b.w.t), nil).location(b.w.t)
	if shown := b.send("GET", page, nil); !strings.Contains(shown.body, account) || !strings.Contains(shown.body, "development") {
		b.w.t.Fatalf("the page does not list %s: %s", account, shown.body)
	}
	u, err := url.Parse(page)
	if err != nil {
		b.w.t.Fatal(err)
	}
	chosen := b.send("POST", page, url.Values{"request": {u.Query().Get("request")}, "account": {account}})
	return b.send("GET", chosen.location(b.w.t), nil).location(b.w.t)
}

// signIn signs an account in.
func (b *browser) signIn(account string) answer {
	b.w.t.Helper()
	got := b.send("GET", b.toCallback(account), nil)
	if got.StatusCode != http.StatusOK {
		b.w.t.Fatalf("signing in as %s: %s %s", account, got.Status, got.body)
	}
	return got
}
