package rpc_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

func inProcess(t *testing.T, s *rpc.Server, caller identity.Caller) *grpc.ClientConn {
	t.Helper()
	c, err := s.Dial(identity.With(t.Context(), caller))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestSiblingsCallInProcess(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	c := inProcess(t, w.server, identity.Caller{Kind: identity.Service, ID: "deciding"})
	long := strings.Repeat("x", 200<<10) // far beyond what a connection takes at once
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			out, f := call(t.Context(), c, echoMethod, request(t, `text: "`+long+`"`))
			if f != nil || field(out, "caller") != "service:deciding" || field(out, "text") != long {
				t.Errorf("caller %q, %v", field(out, "caller"), f)
			}
		})
	}
	wait.Wait()
	// A token, where there is one, counts more: a sibling may pass a person's on.
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+frc)
	if out, f := call(ctx, c, echoMethod, request(t, "")); f != nil || field(out, "caller") != "authority:frc" {
		t.Errorf("with a token: %v %v", out, f)
	}
	stranger := inProcess(t, w.server, identity.Caller{})
	if _, f := call(t.Context(), stranger, echoMethod, request(t, "")); f == nil || f.Kind != fault.Unauthenticated {
		t.Errorf("without a caller: %+v", f)
	}
	person := inProcess(t, w.server, identity.Caller{Kind: identity.Person, ID: "alice"})
	if _, f := call(t.Context(), person, echoMethod, request(t, "")); f == nil || f.Kind != fault.Denied {
		t.Errorf("not allowed: %+v", f)
	}
}

func TestSiblingsMayCallBeforeServe(t *testing.T) {
	t.Parallel()
	s, err := rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: identity.Development(),
		Table: identity.Table{echoMethod: {Kinds: []identity.Kind{identity.Service}, Services: []string{"early"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.RegisterService(desc(), &echo{unary: plain})
	c := inProcess(t, s, identity.Caller{Kind: identity.Service, ID: "early"})
	early := make(chan *fault.Error, 1)
	go func() {
		_, f := call(t.Context(), c, echoMethod, request(t, ""))
		early <- f
	}()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, f := call(short, c, echoMethod, request(t, "")); f == nil || f.Kind != fault.Deadline {
		t.Errorf("a call that cannot wait: %+v", f)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, rpc.Listeners{}) }()
	if f := <-early; f != nil {
		t.Errorf("a call that waited: %+v", f)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, f := call(t.Context(), c, echoMethod, request(t, "")); f == nil || f.Kind != fault.Unavailable {
		t.Errorf("after the stop: %+v", f)
	}
}

func BenchmarkInProcess(b *testing.B) {
	s, err := rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: identity.Development(),
		Table: identity.Table{echoMethod: {Kinds: []identity.Kind{identity.Service}, Services: []string{"bench"}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	s.RegisterService(desc(), &echo{unary: plain})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, rpc.Listeners{}) }()
	c, err := s.Dial(identity.With(ctx, identity.Caller{Kind: identity.Service, ID: "bench"}))
	if err != nil {
		b.Fatal(err)
	}
	in := request(b, `text: "x"`)
	b.ReportAllocs()
	for b.Loop() {
		if _, f := call(ctx, c, echoMethod, in); f != nil {
			b.Fatal(f)
		}
	}
	stop()
	<-ended
}
