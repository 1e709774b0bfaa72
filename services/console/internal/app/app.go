// Package app serves the console itself: one page, whose script draws every
// screen, and the assets it loads.
//
// Guarantees: a document runs scripts of this host only and none that stand in
// it, is framed by nobody and is stored by nobody; an asset's name carries the
// hash of its content, so that browsers keep it for ever; only the console's
// own addresses are answered with the page. It knows nobody: who is signed in is
// asked by the page.
package app

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"

	"github.com/noticehub/noticehub/services/console/internal/guard"
	"github.com/noticehub/noticehub/services/console/internal/message"
)

// dist is what `make console` built. The folder is in the repository, its content
// is not: the service builds without it, and says so.
//
//go:embed all:dist
var dist embed.FS

// placeholder stands in the built page where each answer's nonce belongs;
// vite.config.ts has it too.
const placeholder = "CONSOLE_STYLE_NONCE"

// addresses are those of the console's screens, as src/app/routes.ts has them.
var addresses = []string{
	"/{$}", "/queue", "/submissions", "/submissions/{id}", "/restricted-access", "/customer", "/work-items", "/work-items/{id}",
	"/reports", "/reports/{authority}/{date}", "/operations", "/audit", "/audit/{position}",
}

// App is the console's page and its assets.
type App struct {
	origin guard.Origin
	page   []byte // empty when it is not built
	assets map[string]*asset
}

// New reads what was built.
func New(origin guard.Origin) (*App, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return open(built, origin)
}

func open(built fs.FS, origin guard.Origin) (*App, error) {
	page, err := fs.ReadFile(built, "index.html")
	if err != nil {
		return &App{origin: origin}, nil //nolint:nilerr // not built: a page says how to
	}
	assets, err := readAssets(built)
	return &App{origin: origin, page: page, assets: assets}, err
}

// Mount adds the console's addresses to a server.
func (a *App) Mount(handle func(pattern string, h http.Handler)) {
	for _, address := range addresses {
		handle(address, a.answer(a.document))
	}
	handle("/assets/{name}", a.answer(a.asset))
	handle("/", a.answer(a.unknown))
}

// answer adds the headers all answers have and refuses what is no reading.
func (a *App) answer(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if a.origin.Secure() {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "this address takes GET only", http.StatusMethodNotAllowed)
			return
		}
		serve(w, r)
	})
}

// document answers with the page, under a nonce of its own for the style
// elements that its script adds.
func (a *App) document(w http.ResponseWriter, r *http.Request) {
	if a.origin.Alias(r.Host) {
		http.Redirect(w, r, a.origin.String()+r.URL.RequestURI(), http.StatusSeeOther)
		return
	}
	if len(a.page) == 0 {
		a.say(w, http.StatusServiceUnavailable,
			"The console is not built",
			"Everything else works. To build the console, run make console where the program is built (it needs Node 20), build the program again and start it.")
		return
	}
	nonce := make([]byte, 18)
	_, _ = rand.Read(nonce) // never fails
	text := base64.StdEncoding.EncodeToString(nonce)
	documentHeaders(w.Header(), "'nonce-"+text+"'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(bytes.ReplaceAll(a.page, []byte(placeholder), []byte(text))) // the browser may have gone
}

// documentHeaders are those of every document. style is what may style it
// besides files of this host.
func documentHeaders(h http.Header, style string) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self' " + style, "style-src-attr 'none'", "img-src 'self' data:", "font-src 'self'", "connect-src 'self'",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; "))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// unknown answers for addresses that are nobody's: people get words, programs
// what they got without the console.
func (a *App) unknown(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.NotFound(w, r)
		return
	}
	a.say(w, http.StatusNotFound, "There is no such page", "The address may be cut off or old. Nothing was lost.")
}

// say answers with a page that leads to the console.
func (a *App) say(w http.ResponseWriter, status int, title, text string) {
	documentHeaders(w.Header(), "")
	message.Page{Title: title, Text: text, Link: "/", Next: "Go to the console"}.Write(w, status)
}
