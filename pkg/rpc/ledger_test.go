package rpc_test

import (
	"context"
	"errors"
	"slices"
	"sync"

	"google.golang.org/grpc/metadata"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
)

// ledger is an audit.Recorder that keeps entries in memory.
type ledger struct {
	mu      sync.Mutex
	entries []noted
	broken  bool
}

type noted struct {
	audit.Entry
	actor, method string
}

func (l *ledger) Record(ctx context.Context, entries ...audit.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return errors.New("the disk is full")
	}
	for _, e := range entries {
		caller, _ := identity.From(ctx)
		l.entries = append(l.entries, noted{e, caller.Actor(), audit.Method(ctx)})
	}
	return nil
}

func (l *ledger) fail() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
}

func (l *ledger) all() []noted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// refusals are the reasons of refused calls and connections, in order.
func (l *ledger) refusals() []string {
	var reasons []string
	for _, e := range l.all() {
		if e.Result == audit.Refused {
			reasons = append(reasons, e.Reason)
		}
	}
	return reasons
}

// into makes a server record here.
func (l *ledger) into(o *rpc.Options) {
	o.Audit, o.Customer = l, func(crn string) string { return "customer/c-of-" + crn[len(crn)-1:] }
}

func incoming(ctx context.Context) metadata.MD {
	md, _ := metadata.FromIncomingContext(ctx)
	return md
}

func outgoing(ctx context.Context, pairs ...string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}
