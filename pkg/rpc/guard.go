package rpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/redact"
)

var errStopping = fault.New(fault.Unavailable, "STOPPING", "the server is stopping").
	WithHelp("Connect again and resume.").WithRetry(retryUnsaid)

var errCrowded = fault.New(fault.Exhausted, "TOO_MANY_STREAMS", "too many streams of this kind are open").
	WithHelp("Ask once instead of watching, or try again later.").WithRetry(retryUnsaid)

// unary puts the chain around a method. It wraps the registered handler instead
// of being a gRPC interceptor: interceptors run after the request was decoded
// and never see that it could not be.
func (s *Server) unary(m *method, next grpc.MethodHandler) grpc.MethodHandler {
	return func(impl any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (reply any, err error) {
		observe := s.metrics.unary(m.full)
		var about string
		defer func() {
			if p := recover(); p != nil {
				reply, err = nil, s.panicked(ctx, m.full, p)
			}
			err = s.answer(ctx, m, err, about)
			observe(status.Code(err))
		}()
		ctx, cancel := context.WithTimeout(ctx, maxUnary)
		defer cancel()
		if err = ctx.Err(); err != nil { // its time ran out before it came
			return nil, err
		}
		if err = s.limits.enter(ctx); err != nil {
			return nil, err
		}
		defer s.limits.leave(ctx)
		var caller identity.Caller
		if ctx, caller, err = s.admit(ctx, m, false); err != nil {
			return nil, err
		}
		read := func(in any) error { return receive(decode, in) }
		checked := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := validate(request); err != nil {
				return nil, err
			}
			about = m.about(request) // now it is known to look as it should
			if err := m.sameAuthority(ctx, request); err != nil {
				return nil, err
			}
			return handler(ctx, request)
		}
		if reply, err = next(impl, ctx, read, checked); err != nil || m.open {
			return reply, err
		}
		return s.show(ctx, m, caller, about, reply)
	}
}

func validate(request any) error {
	if m, ok := request.(proto.Message); ok {
		return Validate(m)
	}
	return nil
}

// show masks a unary reply and puts it on record before it leaves.
func (s *Server) show(ctx context.Context, m *method, caller identity.Caller, about string, reply any) (any, error) {
	out, ok := reply.(proto.Message)
	if !ok || out == nil {
		return reply, nil
	}
	out = m.mask(caller, out)
	if m.reads && s.options.Audit != nil {
		var seen shown
		s.add(&seen, m, out)
		if err := s.recordRead(ctx, m, about, seen); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// stream puts the chain around a streaming method; there is no deadline. The
// handler runs beside the one gRPC called, so that the call can be ended even
// while the handler waits for the next message: by a stop, or because the caller
// may not have it any more.
func (s *Server) stream(m *method, desc grpc.StreamDesc) grpc.StreamHandler {
	return func(impl any, ss grpc.ServerStream) (err error) {
		observe := s.metrics.stream(m.full)
		ctx := ss.Context()
		guarded := &guardedStream{ServerStream: ss, server: s, method: m, client: desc.ClientStreams}
		defer func() {
			err = s.answer(ctx, m, err, guarded.object())
			observe(status.Code(err))
		}()
		if m.open {
			select {
			case s.opened <- struct{}{}:
				defer func() { <-s.opened }()
			default:
				return errCrowded
			}
		}
		since := clock.System().Now()
		if ctx, guarded.caller, err = s.admitStream(ctx, m, !desc.ClientStreams); err != nil {
			return err
		}
		asked, stopAsking := context.WithCancel(ss.Context()) // which still has the credentials
		defer stopAsking()
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		guarded.ctx = ctx
		ended, lost := make(chan error, 1), make(chan error, 1)
		if !m.open {
			go func() {
				if err := s.keepAsking(asked, m, guarded.caller, since); err != nil {
					lost <- err
				}
			}()
		}
		s.streams.Go(func() {
			var err error
			defer func() {
				if p := recover(); p != nil {
					err = s.panicked(ctx, m.full, p)
				}
				ended <- guarded.end(err)
			}()
			err = desc.Handler(impl, guarded)
		})
		var why error = errStopping
		select {
		case err = <-ended:
			return err
		case why = <-lost:
		case <-s.ending.Done():
		}
		cancel(why)
		select {
		case err = <-ended: // it noticed
			if err == nil {
				return nil
			}
		case <-time.After(streamGrace / 2): // it waits for a message; returning wakes it
		}
		return why
	}
}

// admitStream is admit with its own recovery, as the handler has. Streams that only
// the server sends may be a page's own doing.
func (s *Server) admitStream(ctx context.Context, m *method, alone bool) (admitted context.Context, caller identity.Caller, err error) {
	defer func() {
		if p := recover(); p != nil {
			admitted, err = ctx, s.panicked(ctx, m.full, p)
		}
	}()
	return s.admit(ctx, m, alone)
}

// admit finds out who calls and whether they may; alone says that perhaps nobody
// is there (see Unattended). The context it returns has the caller as soon as that
// is known, for records of refusals too.
func (s *Server) admit(ctx context.Context, m *method, alone bool) (context.Context, identity.Caller, error) {
	if m.open {
		return ctx, identity.Caller{}, nil
	}
	ctx = audit.WithMethod(ctx, m.full)
	if c, ok := webCallOf(ctx); ok {
		c.reached.Store(true)
	}
	ask := ctx
	if alone {
		ask = unattended(ctx)
	}
	caller, err := s.who(ask)
	if caller.Kind != 0 {
		ctx = identity.With(ctx, caller)
	}
	if err == nil {
		err = s.options.Table.Check(m.full, caller)
	}
	if err != nil {
		kind := fault.KindOf(err).String()
		if ok, _ := s.refusalLog.Allow(kind, 1, clock.System().Now()); ok { // all are counted and on record
			s.log(ctx, slog.LevelInfo, "call refused", m.full, slog.String("caller", caller.Actor()), slog.String("kind", kind))
		}
		return ctx, caller, err
	}
	return s.passOn(ctx), caller, nil
}

// answer turns a handler's error into what the caller gets, records refusals and
// logs defects.
func (s *Server) answer(ctx context.Context, m *method, err error, about string) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, errStopping) {
		err = errStopping
	}
	if !m.open {
		if why, is := m.refused(ctx, err); is {
			s.recordRefusal(ctx, m, why, about)
		}
	}
	answer := Status(err)
	if status.Code(answer) == codes.Internal {
		s.log(ctx, slog.LevelError, "call failed", m.full, slog.Any("error", err))
	}
	return answer
}

func (s *Server) panicked(ctx context.Context, full string, p any) error {
	s.metrics.panics.WithLabelValues(full).Inc()
	s.log(ctx, slog.LevelError, "handler panicked", full, slog.Any("panic", redact.Panic(p)), slog.String("stack", redact.Stack()))
	return fault.New(fault.Internal, "PANIC", "the handler panicked")
}

func (s *Server) log(ctx context.Context, level slog.Level, message, full string, more ...slog.Attr) {
	attrs := append([]slog.Attr{slog.String("server", s.options.Name), slog.String("method", full)}, more...)
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		attrs = append(attrs, slog.String("trace", span.TraceID().String()))
	}
	s.options.Telemetry.Log.LogAttrs(ctx, level, message, attrs...)
}
