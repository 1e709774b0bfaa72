package autoprocessing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// sink is the server's side of a stream whose messages a test reads.
type sink[T any] struct {
	grpc.ServerStream
	ctx  context.Context
	sent chan *T
}

func (s *sink[T]) Context() context.Context { return s.ctx }

func (s *sink[T]) Send(m *T) error {
	select {
	case s.sent <- m:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// listen runs a handler until the test ends.
func listen[T any](ctx context.Context, t testing.TB, handler func(grpc.ServerStreamingServer[T]) error) *sink[T] {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	s := &sink[T]{ctx: ctx, sent: make(chan *T)}
	ended := make(chan error, 1)
	go func() { ended <- handler(s) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
	})
	return s
}

// next is the next message, which must come soon.
func (s *sink[T]) next(t testing.TB, what string) *T {
	t.Helper()
	select {
	case m := <-s.sent:
		return m
	case <-time.After(30 * time.Second):
		t.Fatalf("%s: no message came", what)
		return nil
	}
}

// silent makes sure that nothing comes for longer than two readings take.
func (s *sink[T]) silent(t testing.TB, what string) {
	t.Helper()
	select {
	case m := <-s.sent:
		t.Errorf("%s: told %v", what, m)
	case <-time.After(700 * time.Millisecond):
	}
}

// collect is all that a handler that ends by itself sends.
func collect[T any](ctx context.Context, handler func(grpc.ServerStreamingServer[T]) error) ([]*T, error) {
	s := &sink[T]{ctx: ctx, sent: make(chan *T, 10_000)}
	err := handler(s)
	close(s.sent)
	var all []*T
	for m := range s.sent {
		all = append(all, m)
	}
	return all, err
}

// background runs a part of the service until the test ends.
func background(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}
