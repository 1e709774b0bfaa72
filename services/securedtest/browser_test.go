package securedtest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/identity"
)

// browser is somebody's at the console. Nothing follows anything by itself.
type browser struct {
	w       *world
	t       *testing.T
	origin  string
	client  *http.Client
	cookies map[string]string // of the console
}

// signIn signs an account in as a browser does.
func (w *world) signIn(t *testing.T, account string) *browser {
	t.Helper()
	b := &browser{w: w, t: t, origin: "https://" + w.settings["console"]["http_listen"], cookies: map[string]string{}}
	b.client = &http.Client{Transport: trusting(t, w.ca.Certificate()), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(b.client.CloseIdleConnections)
	visit := func(method, to string, form url.Values) string {
		t.Helper()
		got := b.send(method, to, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
		defer got.Body.Close()
		if location, err := got.Location(); err == nil {
			return location.String()
		}
		body, _ := io.ReadAll(got.Body)
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s %s", method, to, got.Status, body)
		}
		return ""
	}
	page := visit("GET", visit("GET", "/signin?to=/queue", nil), nil)
	asked, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	chosen := visit("POST", page, url.Values{"request": {asked.Query().Get("request")}, "account": {account}})
	if to := visit("GET", visit("GET", chosen, nil), nil); to != "" || b.cookies[identity.SessionCookie] == "" {
		t.Fatalf("%s is not signed in but sent to %s", account, to)
	}
	return b
}

// send makes a request; cookies go to the console only. Headers are pairs.
func (b *browser) send(method, to string, body io.Reader, headers ...string) *http.Response {
	b.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = b.origin + to
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, to, body)
	if err != nil {
		b.t.Fatal(err)
	}
	here := strings.HasPrefix(to, b.origin+"/")
	if here {
		for name, value := range b.cookies {
			r.Header.Add("Cookie", name+"="+value)
		}
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range got.Cookies() {
		if here {
			b.cookies[c.Name] = c.Value
		}
	}
	return got
}

// own are the headers of a call that the console's page makes.
func (b *browser) own(contentType string, more ...string) []string {
	return append([]string{"Content-Type", contentType, "Connect-Protocol-Version", "1", "Origin", b.origin, "Sec-Fetch-Site", "same-origin"}, more...)
}

// call makes a unary call of the page; headers are added to its own.
func (b *browser) call(method, body string, headers ...string) (status int, reply string) {
	b.t.Helper()
	got := b.send(http.MethodPost, method, strings.NewReader(body), b.own("application/json", headers...)...)
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if kind := got.Header.Get("Content-Type"); kind != "application/json" {
		b.t.Errorf("%s answers with %s", method, kind)
	}
	return got.StatusCode, string(data)
}

// stream opens a stream of the page; it gives each message, and last its end.
func (b *browser) stream(method, body string) <-chan envelope {
	b.t.Helper()
	request := string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body)))) + body
	got := b.send(http.MethodPost, method, strings.NewReader(request), b.own("application/connect+json")...) //nolint:bodyclose // closed at its end, below
	if got.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", method, got.Status)
	}
	out := make(chan envelope, 100)
	go func() {
		defer close(out)
		defer got.Body.Close()
		for {
			head := make([]byte, 5)
			if _, err := io.ReadFull(got.Body, head); err != nil {
				return
			}
			text := make([]byte, binary.BigEndian.Uint32(head[1:]))
			if _, err := io.ReadFull(got.Body, text); err != nil {
				return
			}
			out <- envelope{last: head[0]&2 != 0, text: string(text)}
		}
	}()
	return out
}

type envelope struct {
	last bool
	text string
}

// next is the next message of a stream within a time.
func next(t *testing.T, from <-chan envelope, within time.Duration) (e envelope, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	select {
	case e, ok = <-from:
		return e, ok
	case <-ctx.Done():
		return e, false
	}
}

// reasonOf is the reason in a Connect error.
func reasonOf(t *testing.T, reply string) (code, reason string) {
	t.Helper()
	var e struct {
		Code    string
		Details []struct {
			Debug struct{ Reason string }
		}
	}
	if err := json.Unmarshal([]byte(reply), &e); err != nil {
		t.Errorf("%s is no error of Connect: %v", reply, err)
	}
	for _, d := range e.Details {
		if d.Debug.Reason != "" {
			reason = d.Debug.Reason
		}
	}
	return e.Code, reason
}
