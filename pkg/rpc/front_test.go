package rpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
)

// A stranger's body is not waited for, let alone kept and decoded.
func TestStrangersAreRefusedBeforeTheirBodies(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	w := start(t, &echo{}, func(o *rpc.Options) { l.into(o) })
	for _, path := range []string{"/v1/echo", echoMethod} {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.http, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		_, _ = io.WriteString(c, "POST "+path+" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{\"te")
		reply := make([]byte, 1024)
		if n, err := c.Read(reply); err != nil || !strings.Contains(string(reply[:n]), " 401 ") || !strings.Contains(string(reply[:n]), "redentials") {
			t.Errorf("%s: %q %v", path, reply[:n], err)
		}
	}
	if code, got, _ := w.send(t, "POST", "/v1/echo", "{{{", asJSON, "Authorization: Bearer rubbish"); code != 401 || !strings.Contains(got, "CREDENTIALS_INVALID") {
		t.Errorf("%d %s", code, got)
	}
	if code, got, _ := w.send(t, "POST", "/v1/echo", "x", asJSON, "Authorization: ", "Content-Encoding: gzip"); code != 401 {
		t.Errorf("%d %s", code, got)
	}
	if got := l.refusals(); !slices.Equal(got, []string{"CREDENTIALS_MISSING", "CREDENTIALS_MISSING", "CREDENTIALS_INVALID", "CREDENTIALS_MISSING"}) {
		t.Errorf("on record: %v", got)
	}
}

// Who sends a form to a page does not matter to the page.
func TestPagesGetTheBodiesOfStrangers(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil, func(s *rpc.Server) {
		s.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	})
	for _, token := range []string{"", "Bearer " + frc} {
		if code, got, _ := w.send(t, "POST", "/form", "a=b", "Content-Type: application/x-www-form-urlencoded", "Authorization: "+token); code != 200 || got != "a=b" {
			t.Errorf("%q: %d %s", token, code, got)
		}
	}
}

func TestRequestsThatCannotBeTranslatedAreOnRecordAndLimited(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	w := start(t, &echo{}, func(o *rpc.Options) {
		l.into(o)
		o.Limits.Calls = rpc.Rate{PerSecond: 0.01, Burst: 4}
	})
	for _, c := range []struct {
		method, path, body string
		code               int
	}{
		{"POST", "/v1/echo", `{"text":"\ud800"}`, 400},
		{"GET", "/v1/echo/x?item.percent=Jane%20Citizen", "", 400},
		{"GET", "/v1/nothing", "", 404},
		{"POST", "/v1/echo", `{"text":"` + strings.Repeat("x", 300<<10) + `"}`, 413},
		{"POST", "/v1/echo", "{{{", 429},
	} {
		code, got, _ := w.send(t, c.method, c.path, c.body, asJSON)
		if code != c.code || strings.Contains(got, "Jane") {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, got)
		}
	}
	if got := l.refusals(); !slices.Equal(got, []string{"JSON_INVALID", "MESSAGE_TOO_LARGE", "RATE_LIMITED"}) {
		t.Errorf("on record: %v", got)
	}
	for _, e := range l.all() {
		if e.actor != "authority:frc" {
			t.Errorf("%+v", e)
		}
	}
	if strings.Contains(w.log.String(), "Jane") {
		t.Error("the log repeats what the caller sent")
	}
}

// What somebody may do ends for open streams too.
func TestStreamsEndWithTheRightToThem(t *testing.T) {
	t.Parallel()
	officer := identity.Caller{Kind: identity.Person, ID: "alice", Roles: []string{"officer"}}
	for reason, after := range map[string]func() (identity.Caller, error){
		"METHOD_DENIED": func() (identity.Caller, error) { return identity.Caller{Kind: identity.Person, ID: "alice"}, nil },
		"SESSION_OVER": func() (identity.Caller, error) {
			return identity.Caller{}, fault.New(fault.Unauthenticated, "SESSION_OVER", "over")
		},
		"CALLER_CHANGED": func() (identity.Caller, error) {
			return identity.Caller{Kind: identity.Person, ID: "alice", Roles: []string{"officer", "x"}}, nil
		},
	} {
		l := &ledger{}
		var over atomic.Bool
		e := &echo{stream: func(_ proto.Message, ss grpc.ServerStream) error {
			<-ss.Context().Done()
			return ss.Context().Err()
		}}
		w := start(t, e, func(o *rpc.Options) {
			l.into(o)
			o.Recheck = 10 * time.Millisecond
			o.Table = identity.Table{watchMethod: {Kinds: []identity.Kind{identity.Person}, Roles: []string{"officer"}}}
			o.Authenticator = authenticator(func(context.Context, identity.Credentials) (identity.Caller, error) {
				if over.Load() {
					return after()
				}
				return officer, nil
			})
		})
		s, err := w.dial(t, "x").NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, watchMethod)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.SendMsg(request(t, "")), s.CloseSend()); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(50*time.Millisecond, func() { over.Store(true) })
		var f *fault.Error
		if err := rpc.Fault(s.RecvMsg(responseType.New().Interface())); !errors.As(err, &f) || f.Reason != reason {
			t.Errorf("%s: %v", reason, err)
		}
		if on := slices.Contains(l.refusals(), reason); on == (reason == "CALLER_CHANGED") {
			t.Errorf("%s: on record: %v", reason, l.refusals())
		}
	}
}

func TestStreamsOpenToAllAreFew(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, func(o *rpc.Options) { o.MaxConcurrentStreams = 1000 })
	c := healthv1.NewHealthClient(w.dial(t, ""))
	refused := 0
	for range 130 {
		s, err := c.Watch(t.Context(), &healthv1.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); fault.Is(rpc.Fault(err), fault.Exhausted) {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d of 130 were refused", refused)
	}
}

func TestConnectionsOfTheHTTPPortAge(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, func(o *rpc.Options) { o.MaxConnectionAge = 50 * time.Millisecond })
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	h2 := &http.Transport{Protocols: &protocols}
	defer h2.CloseIdleConnections()
	for name, transport := range map[string]*http.Transport{"HTTP/1.1": {}, "HTTP/2": h2} {
		connections := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
			if !i.Reused {
				connections++
			}
		}})
		for range 3 {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.http+"/v1/echo/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+frc)
			reply, err := (&http.Client{Transport: transport}).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, reply.Body)
			_ = reply.Body.Close()
			time.Sleep(60 * time.Millisecond)
		}
		if connections < 2 {
			t.Errorf("%s: one connection for as long as the client likes", name)
		}
	}
}

func TestPlainHTTPStaysOnTheLoopback(t *testing.T) {
	t.Parallel()
	s, err := rpc.NewServer(rpc.Options{Telemetry: start(t, &echo{}, nil).tel, Authenticator: identity.Development(), Table: identity.Table{}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), rpc.Listeners{HTTP: l}); err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("Serve = %v", err)
	}
}

func TestNamesThatWereMadeToPointHere(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	port := w.http[strings.LastIndexByte(w.http, ':'):]
	for host, want := range map[string]int{"evil.example" + port: 421, "10.0.0.1" + port: 421, "localhost" + port: 200, "127.0.0.1" + port: 200, "[::1]" + port: 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http+"/v1/echo/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Authorization", "Bearer "+frc)
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.StatusCode != want {
			t.Errorf("%s: %s", host, reply.Status)
		}
	}
}

func TestPanicsOfPagesAreNotInTheLog(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil, func(s *rpc.Server) {
		s.Handle("/page", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("Jane") }))
	})
	if reply, err := http.Get(w.http + "/page"); err == nil {
		_ = reply.Body.Close()
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(w.log.String(), "panicked"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the panic is not in the log")
		}
	}
	if strings.Contains(w.log.String(), "Jane") {
		t.Error("what a page panicked with is in the log")
	}
}
