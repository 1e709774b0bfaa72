package run

import (
	"context"
	"errors"
	"testing"
)

func TestAllStopsTheOthersOnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	stopped := false
	err := All(t.Context(),
		func(context.Context) error { return broken },
		func(ctx context.Context) error { <-ctx.Done(); stopped = true; return ctx.Err() },
	)
	if !errors.Is(err, broken) || !stopped {
		t.Errorf("All = %v, stopped %v", err, stopped)
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := All(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }); err != nil {
		t.Errorf("All = %v", err)
	}
}
