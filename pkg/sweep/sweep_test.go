package sweep

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

func start(t *testing.T, l *Loop) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func await(t *testing.T, what string, ch <-chan time.Time) time.Time {
	t.Helper()
	select {
	case now := <-ch:
		return now
	case <-time.After(30 * time.Second):
		t.Fatal("no run " + what)
		return time.Time{}
	}
}

func TestRunsAtStartOnJumpAndOnKick(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	fake, ran := clock.NewFake(at), make(chan time.Time, 10)
	l := &Loop{Name: "test", Every: time.Hour, Clock: fake, Log: slog.New(slog.DiscardHandler), Do: func(_ context.Context, now time.Time) error {
		ran <- now
		return nil
	}}
	start(t, l)
	if got := await(t, "at start", ran); !got.Equal(at) {
		t.Errorf("ran for %v", got)
	}
	fake.Advance(24 * time.Hour)
	if got := await(t, "after the jump", ran); !got.Equal(at.Add(24 * time.Hour)) {
		t.Errorf("ran for %v", got)
	}
	l.Kick()
	await(t, "after the kick", ran)
}

func TestFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	var failed atomic.Bool
	ran := make(chan time.Time, 10)
	start(t, &Loop{Name: "test", Every: time.Millisecond, Clock: clock.System(), Log: slog.New(slog.DiscardHandler), Do: func(_ context.Context, now time.Time) error {
		if !failed.Swap(true) {
			return errors.New("not yet")
		}
		select {
		case ran <- now:
		default:
		}
		return nil
	}})
	await(t, "after a failure", ran)
}
