package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

var errStopping = fault.New(fault.Unavailable, "STOPPING", "the server is stopping").
	WithHelp("Connect again and resume.").WithRetry(retryUnsaid)

// unary puts the chain around a method. It wraps the registered handler instead
// of being a gRPC interceptor: interceptors run after the request was decoded
// and never see that it could not be.
func (s *Server) unary(full string, open bool, next grpc.MethodHandler) grpc.MethodHandler {
	return func(impl any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (reply any, err error) {
		observe := s.metrics.unary(full)
		defer func() {
			if p := recover(); p != nil {
				reply, err = nil, s.panicked(ctx, full, p)
			}
			err = s.answer(ctx, full, err)
			observe(status.Code(err))
		}()
		ctx, cancel := context.WithTimeout(ctx, maxUnary)
		defer cancel()
		if ctx, err = s.admit(ctx, full, open); err != nil {
			return nil, err
		}
		read := func(m any) error { return receive(decode, m) }
		return next(impl, ctx, read, validated)
	}
}

func validated(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := validate(request); err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

func validate(request any) error {
	if m, ok := request.(proto.Message); ok {
		return Validate(m)
	}
	return nil
}

// stream puts the chain around a streaming method; there is no deadline. The
// handler runs beside the one gRPC called, so that a stop can end the call even
// while the handler waits for the next message.
func (s *Server) stream(full string, open bool, desc grpc.StreamDesc) grpc.StreamHandler {
	return func(impl any, ss grpc.ServerStream) (err error) {
		observe := s.metrics.stream(full)
		ctx := ss.Context()
		defer func() {
			err = s.answer(ctx, full, err)
			observe(status.Code(err))
		}()
		if ctx, err = s.admitStream(ctx, full, open); err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		guarded := &guardedStream{ServerStream: ss, ctx: ctx, check: !desc.ClientStreams}
		ended := make(chan error, 1)
		s.streams.Go(func() {
			var err error
			defer func() {
				if p := recover(); p != nil {
					err = s.panicked(ctx, full, p)
				}
				ended <- err
			}()
			err = desc.Handler(impl, guarded)
		})
		select {
		case err = <-ended:
			return err
		case <-s.ending.Done():
		}
		cancel(errStopping)
		select {
		case err = <-ended: // it noticed
			if err == nil {
				return nil
			}
		case <-time.After(streamGrace / 2): // it waits for a message; returning wakes it
		}
		return errStopping
	}
}

// guardedStream is the stream a handler gets.
type guardedStream struct {
	grpc.ServerStream
	ctx   context.Context
	check bool
}

func (g *guardedStream) Context() context.Context { return g.ctx }

func (g *guardedStream) RecvMsg(m any) error {
	err := receive(g.ServerStream.RecvMsg, m)
	if err == nil && g.check {
		err = validate(m)
	}
	return err
}

// admitStream is admit with its own recovery, as the handler has.
func (s *Server) admitStream(ctx context.Context, full string, open bool) (admitted context.Context, err error) {
	defer func() {
		if p := recover(); p != nil {
			admitted, err = ctx, s.panicked(ctx, full, p)
		}
	}()
	return s.admit(ctx, full, open)
}

// admit finds out who calls and whether they may.
func (s *Server) admit(ctx context.Context, full string, open bool) (context.Context, error) {
	if open {
		return ctx, nil
	}
	caller, err := s.authenticate(ctx)
	if err == nil {
		err = s.options.Table.Check(full, caller)
	}
	if err != nil {
		s.log(ctx, slog.LevelInfo, "call refused", full, slog.String("caller", caller.Actor()), slog.String("kind", fault.KindOf(err).String()))
		return ctx, err
	}
	return identity.With(ctx, caller), nil
}

func (s *Server) authenticate(ctx context.Context) (identity.Caller, error) {
	switch values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) {
	case 0:
		if caller, ok := sibling(ctx); ok {
			return caller, nil
		}
		return s.options.Authenticator.Authenticate(ctx, identity.Credentials{})
	case 1:
		return s.options.Authenticator.Authenticate(ctx, identity.Credentials{Authorization: values[0]})
	default:
		return identity.Caller{}, fault.New(fault.Unauthenticated, "CREDENTIALS_INVALID", "the call carries more than one authorization")
	}
}

// answer turns a handler's error into what the caller gets and logs defects.
func (s *Server) answer(ctx context.Context, full string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, errStopping) {
		err = errStopping
	}
	answer := Status(err)
	if status.Code(answer) == codes.Internal {
		s.log(ctx, slog.LevelError, "call failed", full, slog.String("error", err.Error()))
	}
	return answer
}

func (s *Server) panicked(ctx context.Context, full string, p any) error {
	s.metrics.panics.WithLabelValues(full).Inc()
	s.log(ctx, slog.LevelError, "handler panicked", full, slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	return fault.New(fault.Internal, "PANIC", "the handler panicked")
}

func (s *Server) log(ctx context.Context, level slog.Level, message, full string, more ...slog.Attr) {
	attrs := append([]slog.Attr{slog.String("server", s.options.Name), slog.String("method", full)}, more...)
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		attrs = append(attrs, slog.String("trace", span.TraceID().String()))
	}
	s.options.Telemetry.Log.LogAttrs(ctx, level, message, attrs...)
}
