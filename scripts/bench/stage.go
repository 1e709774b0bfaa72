package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// stage runs a hub over many submissions for a program that measures it, such as
// the console's browser tests: it tells where the hub is on standard output and
// ends with its standard input.
func stage(ctx context.Context, s settings) error {
	server, err := startServer(ctx, s)
	if err != nil {
		return err
	}
	defer server.stop()
	h, err := startHub(ctx, server, s.hub, true)
	if err != nil {
		return err
	}
	defer h.stop()
	if err := h.fill(ctx, s.rows); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	fmt.Printf("stage http://%s %s\n", h.http, h.dir)
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is what counts
		close(ended)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}
