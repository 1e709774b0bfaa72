package rpc

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
)

// guardedStream is the stream a handler gets: what it receives is decoded and
// checked as a unary request is, what it sends is masked and, before the first
// message leaves, on record.
type guardedStream struct {
	grpc.ServerStream
	ctx    context.Context
	server *Server
	method *method
	caller identity.Caller
	client bool // the client streams: the handler validates

	mu    sync.Mutex // guards what follows; the two directions are used at once
	heard bool       // the first message came
	about string
	told  bool  // the record of the read is written
	later shown // by messages that are not on record yet
	since time.Time
	// failed is why nothing may leave any more.
	failed error
}

func (g *guardedStream) Context() context.Context { return g.ctx }

func (g *guardedStream) RecvMsg(in any) error {
	err := receive(g.ServerStream.RecvMsg, in)
	if err != nil || g.method.open {
		return err
	}
	if g.client {
		err = g.server.limits.message(g.ctx, g.caller)
	} else {
		err = validate(in)
	}
	if err != nil {
		return err
	}
	if g.method.object != nil {
		g.mu.Lock()
		if !g.heard {
			g.heard, g.about = true, g.method.about(in)
		}
		g.mu.Unlock()
	}
	return g.method.sameAuthority(g.ctx, in)
}

func (g *guardedStream) SendMsg(reply any) error {
	out, ok := reply.(proto.Message)
	if !ok || g.method.open {
		return g.ServerStream.SendMsg(reply)
	}
	out = g.method.mask(g.caller, out)
	if g.method.reads && g.server.options.Audit != nil {
		if err := g.record(out); err != nil {
			return err
		}
	}
	return g.ServerStream.SendMsg(out)
}

// recordEach is how long what later messages show may wait for its entry.
const recordEach = 10 * time.Second

// record writes the entry of the read before the first message. What later ones
// show is written before an entry is full, and at the next message after
// recordEach: a crash loses what so many messages showed, never that the stream
// was read.
func (g *guardedStream) record(out proto.Message) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.failed != nil:
		return g.failed
	case g.told && g.method.shown == nil:
		return nil
	}
	now := clock.System().Now()
	g.server.add(&g.later, g.method, out)
	if g.told && g.later.count < maxShown && now.Sub(g.since) < recordEach {
		return nil
	}
	g.failed = g.server.recordRead(g.ctx, g.method, g.about, g.later)
	g.told, g.since, g.later = g.failed == nil, now, shown{}
	return g.failed
}

// end is the end of the stream: a read that could not be recorded is its error,
// whatever the handler made of it, and what later messages showed is recorded.
func (g *guardedStream) end(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed != nil {
		return g.failed
	}
	if g.later.count > 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), refusalTime)
		defer cancel()
		if err := g.server.options.Audit.Record(ctx, g.server.readEntry(g.method, g.about, g.later)); err != nil {
			g.server.metrics.unrecorded.Inc()
			g.server.log(ctx, slog.LevelError, "what a stream showed after its first message could not be recorded", g.method.full, slog.String("error", err.Error()))
		}
	}
	return err
}

func (g *guardedStream) object() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.about
}
