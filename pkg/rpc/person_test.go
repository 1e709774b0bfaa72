package rpc_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

var officer = identity.Caller{Kind: identity.Person, ID: "Alex.Officer", Roles: []string{"officer"}, Session: "s-1"}

// since notes when streams were opened that are asked about again.
type since struct {
	identity.Authenticator
	again chan time.Time
}

func (s since) Authenticate(ctx context.Context, c identity.Credentials) (identity.Caller, error) {
	if !c.Since.IsZero() {
		select {
		case s.again <- c.Since:
		default:
		}
	}
	return s.Authenticator.Authenticate(ctx, c)
}

// forPersons is a world that believes the service "deciding" for whom it calls.
func forPersons(t *testing.T, e *echo, k *keys, again chan time.Time) *world {
	t.Helper()
	return start(t, e, func(o *rpc.Options) {
		o.Development, o.TLS.GRPC, o.TLS.HTTP, o.Recheck = false, k.server, k.server, 20*time.Millisecond
		o.Authenticator = since{identity.Chain(identity.Ways{Certificates: identity.Certificates(), PassesOn: "deciding"}), again}
		o.Table = identity.Table{
			echoMethod:  {Kinds: []identity.Kind{identity.Person}, Roles: []string{"officer"}},
			namedMethod: {Kinds: []identity.Kind{identity.Person}, Roles: []string{"auditor"}},
			watchMethod: {Kinds: []identity.Kind{identity.Person}, Roles: []string{"officer"}},
		}
	})
}

func TestAServiceCallsForAPerson(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	w := forPersons(t, &echo{}, k, nil)
	ctx := identity.With(t.Context(), officer)

	// The certificate is exchanged under an open connection: what it opened with signs.
	one := k.of(t, "service", "deciding")
	files, err := k.ca.Issue("fresh", tlsfiles.Subject{Caller: identity.Caller{Kind: identity.Service, ID: "deciding"}})
	if err != nil {
		t.Fatal(err)
	}
	two := k.open(t, files)
	var changed atomic.Bool
	config := func() (*tls.Config, error) {
		if changed.Load() {
			return two.Client()
		}
		return one.Client()
	}
	open := dialWith(t, w, rpc.DialOptions{TLS: config, ForPersons: true})
	for range 2 {
		for _, c := range []*grpc.ClientConn{open, dialWith(t, w, rpc.DialOptions{TLS: config, ForPersons: true})} {
			if out, f := call(ctx, c, echoMethod, request(t, "")); f != nil || field(out, "caller") != "officer:Alex.Officer" {
				t.Errorf("%v %+v", out, f)
			}
		}
		changed.Store(true)
	}
	// The rule is the person's, and without a person the service's.
	if _, f := call(ctx, open, namedMethod, request(t, "")); f == nil || f.Reason != "METHOD_DENIED" {
		t.Errorf("%+v", f)
	}
	if _, f := call(t.Context(), open, echoMethod, request(t, "")); f == nil || f.Reason != "METHOD_DENIED" {
		t.Errorf("the service itself: %+v", f)
	}
	// Others are not believed, whatever they sign.
	for _, c := range []*grpc.ClientConn{
		dialWith(t, w, rpc.DialOptions{TLS: k.of(t, "service", "reporting").Client, ForPersons: true}),
		dialWith(t, w, rpc.DialOptions{TLS: k.of(t, "authority", "deciding").Client, ForPersons: true}),
	} {
		if _, f := call(ctx, c, echoMethod, request(t, "")); f == nil || f.Reason != "PERSON_INVALID" {
			t.Errorf("%+v", f)
		}
	}
	// A statement for one method, brought to another or twice.
	key, err := two.Key()
	if err != nil {
		t.Fatal(err)
	}
	said, err := identity.SignPerson(key, officer, watchMethod, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	plain := dialWith(t, w, rpc.DialOptions{TLS: two.Client})
	if _, f := call(metadata.AppendToOutgoingContext(t.Context(), identity.PersonHeader, said), plain, echoMethod, request(t, "")); f == nil || f.Reason != "PERSON_INVALID" {
		t.Errorf("%+v", f)
	}
	if _, f := call(metadata.AppendToOutgoingContext(t.Context(), identity.PersonHeader, said, identity.PersonHeader, said), plain, watchMethod, request(t, "")); f == nil || f.Reason != "CREDENTIALS_INVALID" {
		t.Errorf("%+v", f)
	}
	if _, err := rpc.DialWith(w.grpc, rpc.DialOptions{Telemetry: w.tel, ForPersons: true}); err == nil {
		t.Error("without a certificate there is nothing that signs")
	}
}

// The HTTP port believes as much: the certificate of the service, for the method.
func TestStatementsOnTheHTTPPort(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	w := forPersons(t, &echo{}, k, nil)
	key, err := k.of(t, "service", "deciding").Key()
	if err != nil {
		t.Fatal(err)
	}
	said, err := identity.SignPerson(key, officer, echoMethod, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	own, err := k.of(t, "service", "deciding").Client()
	if err != nil {
		t.Fatal(err)
	}
	service := &http.Client{Transport: &http.Transport{TLSClientConfig: own, ForceAttemptHTTP2: true}}
	t.Cleanup(service.CloseIdleConnections)
	for name, c := range map[string]struct {
		client *http.Client
		path   string
		want   int
	}{
		"the service":    {service, echoMethod, http.StatusOK},
		"another method": {service, namedMethod, http.StatusUnauthorized},
		"an authority":   {k.client(t, "frc"), echoMethod, http.StatusUnauthorized},
		"nobody":         {k.client(t, ""), echoMethod, http.StatusUnauthorized},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.Replace(w.http, "http:", "https:", 1)+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(identity.PersonHeader, said)
		got, err := c.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(got.Body)
		if got.Body.Close(); got.StatusCode != c.want || c.want == http.StatusOK && !strings.Contains(string(body), "officer:Alex.Officer") {
			t.Errorf("%s: %s %s", name, got.Status, body)
		}
	}
}

// A stream is asked about again with the time it was opened, so that its statement
// does not end it; who called ends it by going.
func TestAStreamForAPersonGoesOn(t *testing.T) {
	t.Parallel()
	k, again, ended := newKeys(t), make(chan time.Time, 1), make(chan struct{})
	watch := func(_ proto.Message, ss grpc.ServerStream) error {
		defer close(ended)
		if err := ss.SendMsg(response(ss.Context(), "")); err != nil {
			return err
		}
		<-ss.Context().Done()
		return ss.Context().Err()
	}
	w := forPersons(t, &echo{stream: watch}, k, again)
	ctx, leave := context.WithCancel(identity.With(t.Context(), officer))
	before := time.Now()
	c := dialWith(t, w, rpc.DialOptions{TLS: k.of(t, "service", "deciding").Client, ForPersons: true})
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, watchMethod)
	if err != nil {
		t.Fatal(err)
	}
	out := responseType.New().Interface()
	if err := s.SendMsg(request(t, "")); err != nil {
		t.Fatal(err)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if err := s.RecvMsg(out); err != nil || field(out, "caller") != "officer:Alex.Officer" {
		t.Fatalf("%v %v", out, err)
	}
	opened := time.Now()
	for range 3 {
		if at := <-again; at.Before(before) || at.After(opened) {
			t.Errorf("opened at %s, asked about as of %s", opened, at)
		}
	}
	leave()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("the stream goes on without its caller")
	}
}
