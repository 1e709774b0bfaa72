package rpc_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

type nobody struct{}

func (nobody) Authenticate(context.Context, identity.Credentials) (identity.Caller, error) {
	return identity.Caller{}, fault.New(fault.Unavailable, "ISSUER_DOWN", "the issuer of tokens does not answer")
}

// held is a service whose calls wait until they are released or cancelled.
func held() (e *echo, entered chan struct{}, release chan struct{}) {
	entered, release = make(chan struct{}, 128), make(chan struct{})
	return &echo{
		unary: func(ctx context.Context, _ proto.Message) (proto.Message, error) {
			entered <- struct{}{}
			<-release
			return response(ctx, "done"), nil
		},
		stream: func(first proto.Message, ss grpc.ServerStream) error {
			entered <- struct{}{}
			if first == nil {
				return ss.RecvMsg(requestType.New().Interface()) // waits for a message that never comes
			}
			<-ss.Context().Done()
			return ss.Context().Err()
		},
	}, entered, release
}

func TestStopLetsCallsFinish(t *testing.T) {
	t.Parallel()
	e, entered, release := held()
	w := start(t, e, nil)
	type reply struct {
		text string
		f    *fault.Error
	}
	replies := make(chan reply, 2)
	for _, target := range []string{w.grpc, strings.TrimPrefix(w.http, "http://")} {
		c := dial(t, target, frc, w.tel)
		go func() {
			out, f := call(t.Context(), c, echoMethod, request(t, ""))
			replies <- reply{field(out, "text"), f}
		}()
		<-entered
	}
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	for { // until it takes no new calls
		if answer, err := http.Get(w.http + "/healthz"); err != nil {
			break
		} else {
			_ = answer.Body.Close()
		}
	}
	close(release)
	for range 2 {
		if r := <-replies; r.f != nil || r.text != "done" {
			t.Errorf("a call under way got %+v", r)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestStopEndsStreams(t *testing.T) {
	t.Parallel()
	e, entered, _ := held()
	w := start(t, e, nil)
	c := w.dial(t, frc)
	var streams []grpc.ClientStream
	for method, desc := range map[string]*grpc.StreamDesc{watchMethod: {ServerStreams: true}, chatMethod: {ServerStreams: true, ClientStreams: true}} {
		stream, err := c.NewStream(t.Context(), desc, method)
		if err != nil {
			t.Fatal(err)
		}
		if method == watchMethod {
			if err := errors.Join(stream.SendMsg(request(t, "")), stream.CloseSend()); err != nil {
				t.Fatal(err)
			}
		}
		<-entered
		streams = append(streams, stream)
	}
	began := time.Now()
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2900*time.Millisecond {
		t.Errorf("open streams held the stop up for %s", took)
	}
	for _, stream := range streams {
		var f *fault.Error
		if err := stream.RecvMsg(responseType.New().Interface()); !errors.As(rpc.Fault(err), &f) || f.Kind != fault.Unavailable || f.Reason != "STOPPING" {
			t.Errorf("the stream ended with %v", err)
		}
	}
}

func TestStopIsHardInTheEnd(t *testing.T) {
	t.Parallel()
	e, entered, release := held()
	w := start(t, e, func(o *rpc.Options) { o.Drain = 300 * time.Millisecond })
	c := w.dial(t, frc)
	failed := make(chan *fault.Error, 1)
	go func() {
		_, f := call(t.Context(), c, echoMethod, request(t, ""))
		failed <- f
	}()
	<-entered
	began := time.Now()
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
	if f := <-failed; f == nil || !fault.Retryable(f) {
		t.Errorf("the call that was cut got %+v", f)
	}
	close(release)
}

func TestServeEndsWhenAListenerFails(t *testing.T) {
	t.Parallel()
	s, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Development: true})
	if err != nil {
		t.Fatal(err)
	}
	broken := listen(t)
	_ = broken.Close()
	if err := s.Serve(t.Context(), rpc.Listeners{GRPC: listen(t), HTTP: broken}); err == nil || !strings.Contains(err.Error(), "HTTP") {
		t.Errorf("Serve = %v", err)
	}
	if err := s.Serve(t.Context(), rpc.Listeners{}); err == nil {
		t.Error("Serve ran twice")
	}
}

func TestServiceWithoutContractIsRefused(t *testing.T) {
	t.Parallel()
	s, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: identity.Development()})
	if err != nil {
		t.Fatal(err)
	}
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "not.Linked", HandlerType: (*any)(nil)}, &echo{})
	if err := s.Serve(t.Context(), rpc.Listeners{}); err == nil || !strings.Contains(err.Error(), "not.Linked") {
		t.Errorf("Serve = %v", err)
	}
}
