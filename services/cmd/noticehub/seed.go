package main

import (
	"context"
	"fmt"
	"io"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

type seedCommand struct {
	administrator
	Customers int    `help:"How many customers." default:"1000"`
	Seed      uint64 `help:"Seed; the same seed makes the same people." default:"1"`
}

// Run imports authorities and customers; running it again changes nothing.
func (c *seedCommand) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	result, err := synthetic.Import(ctx, registryv1.NewRegistryServiceClient(conn), c.Seed, c.Customers)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "customers: %d created, %d changed, %d unchanged, %d refused\n", result.GetCreated(), result.GetChanged(), result.GetUnchanged(), result.GetRefused())
	if result.GetRefused() > 0 {
		return fmt.Errorf("%d customers were refused, the first because %s", result.GetRefused(), result.GetErrors()[0].GetError().GetMessage())
	}
	return nil
}
