// Package run is the skeleton of every program of the hub: it turns signals
// into a cancelled context, an error into one clear line, and holds the only
// os.Exit.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Main runs f until it returns. The first SIGINT or SIGTERM cancels its
// context; a second one ends the process at once. An error is printed as one
// line on standard error and makes the exit code 1.
func Main(name string, f func(ctx context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // the next signal has its usual effect
	}()
	if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// All runs every function until all have returned. The first error cancels the
// others and is returned; the end of the context itself is no error.
func All(ctx context.Context, fs ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wait  sync.WaitGroup
		once  sync.Once
		first error
	)
	for _, f := range fs {
		wait.Go(func() {
			if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	wait.Wait()
	return first
}
