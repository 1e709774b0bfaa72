package rpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
)

const frc = "dev.authority.frc"

// world is a running server and what a caller needs.
type world struct {
	server *rpc.Server
	grpc   string // address of native gRPC
	http   string // base URL
	log    *telemetrytest.Log
	tel    *telemetry.Telemetry
	stop   func() error // stops the server and gives what Serve returned
}

// start serves the echo service; change may alter options or add to the server.
func start(t *testing.T, e *echo, change func(*rpc.Options), more ...func(*rpc.Server)) *world {
	t.Helper()
	if e.unary == nil {
		e.unary = plain
	}
	if e.stream == nil {
		e.stream = repeat
	}
	w := &world{log: &telemetrytest.Log{}, tel: telemetry.Discard()}
	w.tel.Log = slog.New(slog.NewTextHandler(w.log, nil))
	authorities := identity.Rule{Kinds: []identity.Kind{identity.Authority, identity.Service}, Services: []string{"deciding"}}
	o := rpc.Options{
		Telemetry: w.tel, Authenticator: identity.Development(), Name: "test", Development: true, Drain: 3 * time.Second,
		Table: identity.Table{echoMethod: authorities, namedMethod: authorities, watchMethod: authorities, chatMethod: authorities},
	}
	if change != nil {
		change(&o)
	}
	s, err := rpc.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.RegisterService(desc(), e)
	for _, f := range more {
		f(s)
	}
	l := rpc.Listeners{GRPC: listen(t), HTTP: listen(t)}
	w.server, w.grpc, w.http = s, l.GRPC.Addr().String(), "http://"+l.HTTP.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	w.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := w.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

// plain answers with the request's text.
func plain(ctx context.Context, m proto.Message) (proto.Message, error) {
	return response(ctx, field(m, "text")), nil
}

// repeat answers every message with its text; invalid ones with the fault.
func repeat(first proto.Message, ss grpc.ServerStream) error {
	if first != nil {
		return ss.SendMsg(response(ss.Context(), field(first, "text")))
	}
	for {
		m := requestType.New().Interface()
		switch err := ss.RecvMsg(m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		text := field(m, "text")
		if err := rpc.Validate(m); err != nil {
			text = status.Convert(rpc.Status(err)).Message()
		}
		if err := ss.SendMsg(response(ss.Context(), text)); err != nil {
			return err
		}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// dial connects by native gRPC as the bearer of token.
func (w *world) dial(t *testing.T, token string) *grpc.ClientConn {
	t.Helper()
	return dial(t, w.grpc, token, w.tel)
}

func dial(t *testing.T, target, token string, tel *telemetry.Telemetry) *grpc.ClientConn {
	t.Helper()
	c, err := rpc.Dial(target, func() string { return token }, tel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// call makes one unary call and gives the reply and the fault.
func call(ctx context.Context, c *grpc.ClientConn, method string, in proto.Message, o ...grpc.CallOption) (proto.Message, *fault.Error) {
	out := responseType.New().Interface()
	err := rpc.Fault(c.Invoke(ctx, method, in, out, o...))
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		f = fault.New(fault.Unknown, "NO_FAULT", "%v", err)
	}
	return out, f
}
