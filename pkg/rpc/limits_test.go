package rpc_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
)

func TestCallsAreLimitedByCaller(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	w := start(t, &echo{}, func(o *rpc.Options) {
		l.into(o)
		o.Limits.Calls = rpc.Rate{PerSecond: 0.5, Burst: 3}
	})
	c := w.dial(t, frc)
	for i := range 6 {
		_, f := call(t.Context(), c, echoMethod, request(t, ""))
		if refused := f != nil; refused != (i >= 3) || refused && (f.Kind != fault.Exhausted || f.Reason != "RATE_LIMITED" || f.RetryAfter <= 0 || f.RetryAfter > 2*time.Second) {
			t.Errorf("call %d: %+v", i, f)
		}
	}
	if code, got, _ := w.send(t, "GET", "/v1/echo/x", ""); code != http.StatusTooManyRequests || !strings.Contains(got, "RetryInfo") {
		t.Errorf("by HTTP: %d %s", code, got)
	}
	if _, f := call(t.Context(), w.dial(t, "dev.authority.nt-cp"), echoMethod, request(t, "")); f != nil {
		t.Errorf("another authority: %+v", f)
	}
	near := inProcess(t, w.server, identity.Caller{Kind: identity.Service, ID: "deciding"})
	for range 20 {
		if _, f := call(t.Context(), near, echoMethod, request(t, "")); f != nil {
			t.Fatalf("a service: %+v", f)
		}
	}
	if got := strings.Join(l.refusals(), " "); got != "RATE_LIMITED RATE_LIMITED RATE_LIMITED RATE_LIMITED" {
		t.Errorf("on record: %s", got)
	}
}

func TestStreamsAreSlowedDown(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, func(o *rpc.Options) { o.Limits.Messages = rpc.Rate{PerSecond: 50, Burst: 1} })
	chat, err := w.dial(t, frc).NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, chatMethod)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 11 {
		if err := chat.SendMsg(request(t, "")); err != nil {
			t.Fatal(err)
		}
		if err := chat.RecvMsg(responseType.New().Interface()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 190*time.Millisecond {
		t.Errorf("11 messages at 50 a second took %s", took)
	}
	slow := start(t, &echo{}, func(o *rpc.Options) { o.Limits.Messages = rpc.Rate{PerSecond: 0.01, Burst: 1} })
	if chat, err = slow.dial(t, frc).NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, chatMethod); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = chat.SendMsg(request(t, "")) // RecvMsg tells
	}
	out := responseType.New().Interface()
	if err := chat.RecvMsg(out); err != nil {
		t.Fatal(err)
	}
	if err := rpc.Fault(chat.RecvMsg(out)); !fault.Is(err, fault.Exhausted) {
		t.Errorf("a wait of minutes: %v", err)
	}
}

func TestCallsUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	e, entered, release := held()
	w := start(t, e, func(o *rpc.Options) { o.Limits.InFlight = 2 })
	c := w.dial(t, frc)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if _, f := call(t.Context(), c, echoMethod, request(t, "")); f != nil {
				t.Errorf("%+v", f)
			}
		})
		<-entered
	}
	began := time.Now()
	_, f := call(t.Context(), c, echoMethod, request(t, ""))
	if took := time.Since(began); f == nil || f.Kind != fault.Unavailable || f.Reason != "OVERLOADED" || f.RetryAfter <= 0 || took > time.Second {
		t.Errorf("after %s: %+v", took, f)
	}
	// The work of a call under way is not held up by it.
	near := inProcess(t, w.server, identity.Caller{Kind: identity.Service, ID: "deciding"})
	wait.Go(func() {
		if _, f := call(t.Context(), near, echoMethod, request(t, "")); f != nil {
			t.Errorf("a sibling: %+v", f)
		}
	})
	<-entered
	close(release)
	wait.Wait()
	if _, f := call(t.Context(), c, echoMethod, request(t, "")); f != nil {
		t.Errorf("afterwards: %+v", f)
	}
}

func TestManyStreamsOfOneConnection(t *testing.T) {
	t.Parallel()
	e, entered, release := held()
	w := start(t, e, nil)
	c := w.dial(t, frc)
	var wait sync.WaitGroup
	for range 70 { // more than may be open: the client waits for its turn
		wait.Go(func() {
			if _, f := call(t.Context(), c, echoMethod, request(t, "")); f != nil {
				t.Errorf("%+v", f)
			}
		})
	}
	for range 64 {
		<-entered
	}
	select {
	case <-entered:
		t.Error("more than 64 calls of one connection are open")
	case <-time.After(50 * time.Millisecond):
	}
	go func() {
		for range entered { //nolint:revive // the rest
		}
	}()
	close(release)
	wait.Wait()
}

// Attack 35; a deadline of ten years and none are in TestDeadlineIsCapped.
func TestStrangeDeadlines(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 1)
	w := start(t, &echo{unary: func(ctx context.Context, _ proto.Message) (proto.Message, error) {
		at, _ := ctx.Deadline()
		left <- time.Until(at)
		return response(ctx, ""), nil
	}}, nil)
	for timeout, status := range map[string]string{"99999999H": "0", "0n": "4", "0H": "4", "": "0", "-1S": "", "1000000000S": "", "x": ""} {
		header, trailer := w.post(t, timeout)
		got := trailer.Get("Grpc-Status") + header.Get("Grpc-Status")
		switch status {
		case "0":
			if d := <-left; got != "0" || d <= 9*time.Second || d > 10*time.Second {
				t.Errorf("%q: status %s, %s left", timeout, got, d)
			}
		case "4":
			if got == "0" {
				t.Errorf("%q: answered", timeout)
			}
		default:
			if got == "0" {
				t.Errorf("%q: answered", timeout)
			}
		}
	}
}

// post makes an Echo call by hand on the gRPC port.
func (w *world) post(t *testing.T, timeout string) (header, trailer http.Header) {
	t.Helper()
	return w.byHand(t, envelope(""), "Grpc-Timeout", timeout)
}

// raw makes an Echo call with a body of one's own and gives its gRPC status.
func (w *world) raw(t *testing.T, body, encoding string) string {
	t.Helper()
	header, trailer := w.byHand(t, body, "Grpc-Encoding", encoding)
	return trailer.Get("Grpc-Status") + header.Get("Grpc-Status")
}

func (w *world) byHand(t *testing.T, body, name, value string) (header, trailer http.Header) {
	t.Helper()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.grpc+echoMethod, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	r.Header.Set("Authorization", "Bearer "+frc)
	if value != "" {
		r.Header.Set(name, value)
	}
	reply, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return http.Header{"Grpc-Status": {"refused"}}, nil
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, reply.Body)
	return reply.Header, reply.Trailer
}
