package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Listeners are where a server is reached; nil ones are left out. Serve closes them.
type Listeners struct {
	// GRPC takes native gRPC: the fast way, for bulk.
	GRPC net.Listener
	// HTTP takes REST with JSON, Connect, gRPC-Web and gRPC, by HTTP/1.1 or HTTP/2,
	// the handlers added by Handle, and in development /healthz, /readyz and
	// /metrics unless Ops is given.
	HTTP net.Listener
	// Ops takes /healthz, /readyz and /metrics alone, for a port that outsiders
	// cannot reach.
	Ops net.Listener
}

// Serve serves until ctx ends or a listener fails, and returns when all calls
// have ended. A stop lets calls finish: streams have 1 s, everything has
// Options.Drain, then connections are cut. The end of ctx is no error.
func (s *Server) Serve(ctx context.Context, l Listeners) error {
	if s.served.Swap(true) {
		return errors.New("rpc: Serve was called twice")
	}
	door, err := s.door(l)
	if err != nil {
		for _, listener := range []net.Listener{l.GRPC, l.HTTP, l.Ops} {
			if listener != nil {
				_ = listener.Close() // nothing was accepted
			}
		}
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wait    sync.WaitGroup
		failure = make(chan error, 4)
	)
	start := func(what string, listener net.Listener, serve func(net.Listener) error) {
		if listener == nil {
			return
		}
		wait.Go(func() {
			if err := serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
				failure <- fmt.Errorf("serve %s: %w", what, err)
				cancel()
			}
		})
	}
	start("in process", s.memory, s.inside.Serve)
	start("gRPC", s.doorway("grpc", l.GRPC), s.native.Serve)
	start("HTTP", s.encrypted(s.doorway("http", l.HTTP)), door.http.Serve)
	start("operations", s.doorway("operations", l.Ops), door.ops.Serve)
	wait.Go(func() { s.ready.watch(ctx) })
	<-ctx.Done()
	s.stop(door)
	wait.Wait()
	select {
	case err := <-failure:
		return err
	default:
		return nil
	}
}

// door is what stands before the services on HTTP ports.
type door struct{ http, ops *http.Server }

func (s *Server) door(l Listeners) (door, error) {
	err := s.obey()
	if l.GRPC != nil && s.options.TLS.GRPC == nil && !s.options.Development {
		err = errors.Join(err, errors.New("rpc: the gRPC listener is not encrypted, which is allowed in development only"))
	}
	if l.HTTP != nil && s.options.TLS.HTTP == nil && !s.options.Development && !loopback(l.HTTP.Addr()) {
		err = errors.Join(err, errors.New("rpc: the HTTP listener is not encrypted, which is allowed in development or on the loopback only"))
	}
	if err != nil {
		return door{}, err
	}
	ops := http.NewServeMux()
	s.operations(ops)
	if l.Ops == nil && s.options.Development {
		s.operations(s.extra)
	}
	gateway, err := newGateway(s.web, s.openToAll(s.extra), s.options.MaxMessageBytes)
	if err != nil {
		return door{}, err
	}
	return door{http: s.httpServer(s.dispatch(gateway)), ops: s.httpServer(ops)}, nil
}

func loopback(a net.Addr) bool {
	ip := net.ParseIP(host(a.String()))
	return ip != nil && ip.IsLoopback()
}

// doorway bounds the connections of a listener.
func (s *Server) doorway(name string, l net.Listener) net.Listener {
	if l == nil {
		return nil
	}
	return newDoorway(l, s.options.Limits, s.metrics.turnedAway.WithLabelValues(name).Inc)
}

// encrypted is the HTTP listener with TLS, when there is any.
func (s *Server) encrypted(l net.Listener) net.Listener {
	if l == nil || s.options.TLS.HTTP == nil {
		return l
	}
	return tls.NewListener(l, serverTLS(s.options.TLS.HTTP, tls.VerifyClientCertIfGiven))
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           h,
		Protocols:         &protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: int(s.options.MaxConcurrentStreams), SendPingTimeout: time.Minute, PingTimeout: 20 * time.Second},
		ReadHeaderTimeout: handshake,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connectedKey{}, clock.System().Now())
		},
		ErrorLog: log.New(newHTTPLog(s), "", 0),
	}
}

// stop ends everything Serve started.
func (s *Server) stop(d door) {
	s.ready.stop()
	endStreams := time.AfterFunc(streamGrace, s.end)
	defer endStreams.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Drain)
	defer cancel()
	var wait sync.WaitGroup
	for _, server := range []*grpc.Server{s.native, s.inside} {
		wait.Go(func() {
			if !returns(ctx, server.GracefulStop) {
				server.Stop()
			}
		})
	}
	for _, server := range []*http.Server{d.http, d.ops} {
		wait.Go(func() {
			if server.Shutdown(ctx) != nil {
				_ = server.Close() // cuts connections; their errors are of no use
			}
		})
	}
	wait.Wait()
	s.end()
	s.web.Stop()
	// Handlers that ignore their context cannot be ended; they do not keep the
	// process from stopping.
	last, cancel := context.WithTimeout(context.Background(), streamGrace)
	defer cancel()
	if !returns(last, s.streams.Wait) {
		s.options.Telemetry.Log.Warn("handlers did not end in time", "server", s.options.Name)
	}
}

// returns reports whether f returned before ctx ended; if not, f goes on.
func returns(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
