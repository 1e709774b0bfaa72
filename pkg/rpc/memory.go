package rpc

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"

	"github.com/noticehub/noticehub/pkg/identity"
)

// memory is the listener that siblings in the same process connect to. Nothing
// outside the process can reach it, so each connection carries its caller and
// needs no credentials.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory {
	return &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// memoryAddr is where a sibling's connection comes from: its caller.
type memoryAddr struct{ caller identity.Caller }

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "in process" }

type memoryConn struct {
	net.Conn
	from memoryAddr
}

func (c memoryConn) RemoteAddr() net.Addr { return c.from }

func (l *memory) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memory) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (*memory) Addr() net.Addr { return memoryAddr{} }

func (l *memory) dial(ctx context.Context, caller identity.Caller) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- memoryConn{Conn: there, from: memoryAddr{caller}}:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sibling is the caller of a connection made by Server.Dial.
func sibling(ctx context.Context) (identity.Caller, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return identity.Caller{}, false
	}
	addr, ok := p.Addr.(memoryAddr)
	return addr.caller, ok && addr.caller.Kind != 0
}

// Dial connects a sibling in the same process to s. Its calls are made by the
// caller of ctx (identity.With); without one they need credentials like any
// other call. It may be called before Serve: calls wait for it, as long as
// their own context allows. The caller of Dial closes the connection.
func (s *Server) Dial(ctx context.Context) (*grpc.ClientConn, error) {
	caller, _ := identity.From(ctx)
	return grpc.NewClient("passthrough:///in-process",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.memory.dial(ctx, caller) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(connectParams),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReply)),
		grpc.WithStatsHandler(clientTraces(s.options.Telemetry)),
	)
}
