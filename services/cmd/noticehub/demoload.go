package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/scenario"
)

type demoLoadCommand struct {
	Seed   uint64 `help:"Seed of the people and submissions; the same seed and day make the same files." default:"1"`
	Copies int    `help:"How often every case is played for each of its authorities; about 1,200 submissions each." default:"2"`
	Keep   string `help:"Directory to keep the submissions and journals in; it must be empty or new." placeholder:"DIR"`
}

// Run plays the table of scenarios on a hub of its own and compares every
// decision, the register and every report line with what the rules say.
func (c *demoLoadCommand) Run(ctx context.Context, out io.Writer) error {
	dir, done, err := c.directory()
	if err != nil {
		return err
	}
	defer done()
	var result *scenario.Result
	err = onStage(ctx, out, func(ctx context.Context, s *stage) (err error) {
		connect := func(as identity.Caller) (*grpc.ClientConn, error) { return s.as(as) }
		result, err = scenario.Play(ctx, connect, scenario.Options{Seed: c.Seed, Copies: c.Copies}, dir, out)
		return err
	})
	if result == nil {
		return err
	}
	if wrong := result.Write(out); err == nil {
		err = wrong
	}
	return err
}

// directory is where the files go, and how to clear it away.
func (c *demoLoadCommand) directory() (string, func(), error) {
	if c.Keep == "" {
		dir, err := os.MkdirTemp("", "noticehub-load-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if err := os.MkdirAll(c.Keep, 0o755); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(c.Keep)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty: old journals would hide what is to be lodged; name another directory", c.Keep)
	}
	return c.Keep, func() {}, err
}
