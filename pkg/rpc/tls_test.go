package rpc_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

// secure is a world with TLS where certificates say who calls.
func secure(t *testing.T, k *keys, l *ledger, change func(*rpc.Options)) *world {
	t.Helper()
	return start(t, &echo{}, func(o *rpc.Options) {
		o.Development, o.TLS.GRPC, o.TLS.HTTP = false, k.server, k.server
		o.Authenticator = identity.Chain(identity.Ways{Certificates: identity.Certificates(), Development: identity.Development()})
		l.into(o)
		if change != nil {
			change(o)
		}
	})
}

func TestCertificatesSayWhoCalls(t *testing.T) {
	t.Parallel()
	k, l := newKeys(t), &ledger{}
	w := secure(t, k, l, nil)
	frc := k.of(t, "authority", "frc")
	c := dialWith(t, w, rpc.DialOptions{TLS: frc.Client, CaseWorker: func() (string, error) {
		key, err := frc.Key()
		if err != nil {
			return "", err
		}
		return identity.SignCaseWorker(key, "Alex Worker", time.Now(), time.Minute)
	}})
	if out, f := call(t.Context(), c, echoMethod, request(t, `text: "hi"`)); f != nil || field(out, "caller") != "authority:frc" {
		t.Errorf("%v %+v", out, f)
	}
	// Attack 4: a service's certificate where the method is another's.
	for id, allowed := range map[string]bool{"deciding": true, "reporting": false} {
		_, f := call(t.Context(), k.dial(t, w, "service", id), echoMethod, request(t, ""))
		if allowed != (f == nil) || f != nil && (f.Kind != fault.Denied || f.Reason != "METHOD_DENIED") {
			t.Errorf("service %s: %+v", id, f)
		}
	}
	// Attack 6: another authority in the body, or by a token.
	_, f := call(t.Context(), c, echoMethod, request(t, `authority_id: "nt-cp"`))
	if f == nil || f.Kind != fault.Denied || f.Reason != "AUTHORITY_MISMATCH" || strings.Contains(f.Error(), "nt-cp") {
		t.Errorf("%+v", f)
	}
	if _, f := call(t.Context(), c, echoMethod, request(t, `authority_id: "frc"`)); f != nil {
		t.Errorf("the caller's own authority is refused: %+v", f)
	}
	other := dialWith(t, w, rpc.DialOptions{TLS: frc.Client, Token: func() string { return "dev.authority.nt-cp" }})
	if _, f := call(t.Context(), other, echoMethod, request(t, "")); f == nil || f.Reason != "CREDENTIALS_CONFLICT" {
		t.Errorf("%+v", f)
	}
	stolen := dialWith(t, w, rpc.DialOptions{TLS: frc.Client, CaseWorker: func() (string, error) {
		key, err := k.of(t, "authority", "nt-cp").Key()
		if err != nil {
			return "", err
		}
		return identity.SignCaseWorker(key, "Alex Worker", time.Now(), time.Minute)
	}})
	if _, f := call(t.Context(), stolen, echoMethod, request(t, "")); f == nil || f.Reason != "CASE_WORKER_INVALID" {
		t.Errorf("%+v", f)
	}
	got := l.refusals()
	slices.Sort(got)
	if want := []string{"AUTHORITY_MISMATCH", "CASE_WORKER_INVALID", "CREDENTIALS_CONFLICT", "METHOD_DENIED"}; !slices.Equal(got, want) {
		t.Errorf("on record: %v", got)
	}
}

// Attacks 1 to 3.
func TestHandshakesAreRefused(t *testing.T) {
	t.Parallel()
	at := clock.NewFake(time.Now())
	k, other, l := newKeysAt(t, at), newKeysAt(t, at), &ledger{}
	w := secure(t, k, l, nil)
	lend := func(from *tlsfiles.Store) func() (*tls.Config, error) {
		return func() (*tls.Config, error) {
			c, err := k.store.Client()
			if err != nil {
				return nil, err
			}
			mine, err := from.Client()
			c.Certificates, c.Time, c.VerifyConnection = mine.Certificates, nil, nil // what the client thinks of the server is not the matter
			return c, err
		}
	}
	good, revoked := k.of(t, "authority", "frc"), k.of(t, "authority", "nt-cp")
	revokedFiles, err := k.ca.Client(identity.Caller{Kind: identity.Authority, ID: "nt-cp"})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.ca.Revoke(revokedFiles); err != nil {
		t.Fatal(err)
	}
	at.Advance(2 * time.Second) // the server looks at its files again
	none := func() (*tls.Config, error) {
		c, err := k.store.Client()
		c.Certificates, c.Time = nil, nil
		return c, err
	}
	old := func() (*tls.Config, error) {
		c, err := k.store.Client()
		c.MaxVersion, c.MinVersion, c.Time = tls.VersionTLS12, tls.VersionTLS12, nil
		return c, err
	}
	expect := func(name string, config func() (*tls.Config, error), reason string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, f := call(ctx, dialWith(t, w, rpc.DialOptions{TLS: config}), echoMethod, request(t, "")); f == nil || f.Kind != fault.Unavailable {
			t.Errorf("%s: %+v", name, f)
		}
		for !strings.Contains(w.log.String(), "reason="+reason) { // the client may know before the server has told
			if ctx.Err() != nil {
				t.Fatalf("%s: not in the log: %s", name, w.log)
			}
			time.Sleep(time.Millisecond)
		}
	}
	if _, f := call(t.Context(), dialWith(t, w, rpc.DialOptions{TLS: lend(good)}), echoMethod, request(t, "")); f != nil {
		t.Fatalf("a good certificate: %+v", f)
	}
	expect("none", none, "CERTIFICATE_MISSING")
	expect("another authority's", lend(other.of(t, "authority", "frc")), "CERTIFICATE_UNTRUSTED")
	expect("revoked", lend(revoked), "CERTIFICATE_REVOKED")
	expect("old protocol", old, "PROTOCOL_VERSION")
	at.Set(at.Now().Add(-time.Hour)) // the certificates are of the future
	expect("future", lend(good), "CERTIFICATE_EXPIRED")
	at.Advance(40 * 24 * time.Hour)
	expect("expired", lend(good), "CERTIFICATE_EXPIRED")
	for _, want := range []string{"CERTIFICATE_MISSING", "CERTIFICATE_UNTRUSTED", "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED"} {
		if !slices.Contains(l.refusals(), want) {
			t.Errorf("%s is not on record: %v", want, l.refusals())
		}
	}
	plain, err := net.Dial("tcp", w.grpc)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_, _ = io.WriteString(plain, "GET / HTTP/1.1\r\n\r\n")
	_, _ = io.ReadAll(plain)
	for deadline := time.Now().Add(30 * time.Second); value(t, w, "noticehub_rpc_handshakes_refused_total") < 7; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v refused handshakes are counted", value(t, w, "noticehub_rpc_handshakes_refused_total"))
		}
	}
}

// value sums a counter over its labels.
func value(t *testing.T, w *world, name string) (sum float64) {
	t.Helper()
	families, err := w.tel.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func TestRotationNeedsNoRestart(t *testing.T) {
	t.Parallel()
	at := clock.NewFake(time.Now())
	k, l := newKeysAt(t, at), &ledger{}
	w := secure(t, k, l, nil)
	client := k.of(t, "authority", "frc")
	config := func() (*tls.Config, error) {
		c, err := client.Client()
		if err == nil {
			c.Time = at.Now
		}
		return c, err
	}
	before := k.store.Leaf().SerialNumber
	for range 3 { // 22 days each: beyond the life of the first certificates
		if _, f := call(t.Context(), dialWith(t, w, rpc.DialOptions{TLS: config}), echoMethod, request(t, "")); f != nil {
			t.Fatalf("at %s: %+v", at.Now(), f)
		}
		at.Advance(22 * 24 * time.Hour)
		if err := k.ca.Renew(); err != nil {
			t.Fatal(err)
		}
		at.Advance(2 * time.Second)
	}
	if k.store.Leaf().SerialNumber.Cmp(before) == 0 {
		t.Error("the server has its first certificate still")
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	k, l := newKeys(t), &ledger{}
	w := secure(t, k, l, func(o *rpc.Options) { o.Limits.Connections, o.Limits.ConnectionsPerAuthority = 6, 2 })
	frc := k.of(t, "authority", "frc")
	for i := range 3 {
		_, f := call(t.Context(), dialWith(t, w, rpc.DialOptions{TLS: frc.Client}), echoMethod, request(t, ""))
		if (f == nil) != (i < 2) {
			t.Errorf("connection %d: %+v", i, f)
		}
	}
	if _, f := call(t.Context(), k.dial(t, w, "authority", "nt-cp"), echoMethod, request(t, "")); f != nil {
		t.Errorf("another authority: %+v", f)
	}
	if !slices.Contains(l.refusals(), "TOO_MANY_CONNECTIONS") {
		t.Errorf("on record: %v", l.refusals())
	}
	for range 10 {
		c, err := net.Dial("tcp", w.grpc)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for deadline := time.Now().Add(30 * time.Second); value(t, w, "noticehub_rpc_connections_turned_away_total") < 4; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("connections without end are taken")
		}
	}
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	k, l := newKeys(t), &ledger{}
	seen := make(chan identity.Credentials, 1)
	w := secure(t, k, l, func(o *rpc.Options) {
		inner := o.Authenticator
		o.Authenticator = authenticator(func(ctx context.Context, c identity.Credentials) (identity.Caller, error) {
			seen <- c
			return inner.Authenticate(ctx, c)
		})
	})
	base := "https" + strings.TrimPrefix(w.http, "http")
	for _, c := range []struct {
		authority, token string
		code             int
	}{{"", "", 401}, {"", frc, 200}, {"frc", "", 200}, {"nt-cp", frc, 401}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/echo/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		r.Header.Set("Cookie", "theme=dark")
		r.Header.Set("Origin", "https://hub.example")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		reply, err := k.client(t, c.authority).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.StatusCode != c.code || reply.ProtoMajor != 2 {
			t.Errorf("%+v: %s %s", c, reply.Proto, reply.Status)
		}
		got := <-seen
		if got.Method != http.MethodGet || got.Cookie != "theme=dark" || got.Origin != "https://hub.example" || got.FetchSite != "same-origin" || !strings.HasPrefix(base, "https://"+got.Host) || (got.Certificate != nil) != (c.authority != "") {
			t.Errorf("%+v: credentials %+v", c, got)
		}
	}
	// A certificate that is not good is not taken for none.
	if reply, err := newKeys(t).client(t, "frc").Get(base + "/v1/echo/x"); err == nil {
		_ = reply.Body.Close()
		t.Error("another authority's certificate got in")
	}
}

type authenticator func(context.Context, identity.Credentials) (identity.Caller, error)

func (f authenticator) Authenticate(ctx context.Context, c identity.Credentials) (identity.Caller, error) {
	return f(ctx, c)
}

func TestHandlersSeeNoCredentials(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	e := &echo{unary: func(ctx context.Context, _ proto.Message) (proto.Message, error) {
		got <- fmt.Sprint(map[string][]string(incoming(ctx)))
		return response(ctx, ""), nil
	}}
	w := start(t, e, func(o *rpc.Options) { o.Metadata = []string{"x-pass"} })
	ctx := outgoing(t.Context(), "x-pass", "yes", "x-forwarded-for", "10.0.0.1", "baggage", "name=Jane", "noticehub-case-worker", "x.y.z", "evil-bin", "\x00\xff")
	if _, f := call(ctx, w.dial(t, frc), echoMethod, request(t, "")); f != nil {
		t.Fatal(f)
	}
	if md := <-got; md != "map[x-pass:[yes]]" {
		t.Errorf("the handler sees %s", md)
	}
	code, _, _ := w.send(t, "GET", "/v1/echo/x", "", "X-Forwarded-For: 10.0.0.1", "Cookie: a=b", "X-Pass: yes")
	if md := <-got; code != 200 || md != "map[x-pass:[yes]]" {
		t.Errorf("%d: by HTTP the handler sees %s", code, md)
	}
}
