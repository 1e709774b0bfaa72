package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/telemetry"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/hub"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

type upCommand struct {
	Dir         string `help:"Directory that holds everything the hub keeps." default:".noticehub"`
	GRPC        string `name:"grpc" help:"Address of the gRPC listener." default:"127.0.0.1:7400" env:"NOTICEHUB_GRPC_LISTEN"`
	HTTP        string `name:"http" help:"Address of the HTTP listener: REST, Connect, gRPC-Web, health, metrics." default:"127.0.0.1:7480" env:"NOTICEHUB_HTTP_LISTEN"`
	DatabaseURL string `help:"PostgreSQL to use instead of a local one; its role must be able to create schemas and roles." env:"DATABASE_URL"`
	NATSURL     string `name:"nats-url" help:"NATS server to use instead of the embedded one." env:"NATS_URL"`
	Zone        string `help:"Time zone of the agency." default:"Australia/Sydney"`
	Customers   int    `help:"Synthetic customers to begin with." default:"1000"`
	LogLevel    string `help:"debug, info, warn or error." default:"warn"`
	Insecure    bool   `help:"Serve gRPC without TLS, to whoever brings a development token; for measuring." env:"NOTICEHUB_INSECURE"`
	Unlimited   bool   `help:"Let everybody call as often as they like; for measuring." env:"NOTICEHUB_UNLIMITED"`
}

// Run runs the hub until it is interrupted.
func (c *upCommand) Run(ctx context.Context, out io.Writer) error {
	if other, ok := runningIn(c.Dir); ok {
		return fmt.Errorf("a hub runs in %s already (process %d, gRPC %s): use it, stop it with `noticehub down --dir %s`, or choose another --dir", c.Dir, other.PID, other.GRPC, c.Dir)
	}
	fmt.Fprintln(out, "starting NoticeHub in", c.Dir, "…")
	h, err := hub.Open(ctx, hub.Options{
		Dir: c.Dir, DatabaseURL: c.DatabaseURL, NATSURL: c.NATSURL, GRPCListen: c.GRPC, HTTPListen: c.HTTP, Zone: c.Zone,
		Insecure: c.Insecure, Unlimited: c.Unlimited, Authorities: synthetic.AuthorityIDs(),
		Telemetry: telemetry.Config{LogFormat: "text", LogLevel: c.LogLevel, SampleRatio: 0.01},
	})
	if err != nil {
		return err
	}
	return run.All(ctx, h.Run, func(ctx context.Context) error {
		if err := c.seed(ctx, h); err != nil {
			return fmt.Errorf("seed: %w", explain(err))
		}
		c.greet(out, h)
		return nil
	})
}

func (c *upCommand) seed(ctx context.Context, h *hub.Hub) error {
	conn, err := h.Conn(identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = synthetic.Import(ctx, registryv1.NewRegistryServiceClient(conn), 1, c.Customers)
	return err
}

func (c *upCommand) greet(out io.Writer, h *hub.Hub) {
	p := c.somebody()
	soon := clock.System().Now().AddDate(0, 0, 2).Format("2006-01-02")
	fmt.Fprintf(out, `NoticeHub is up (sandbox: synthetic people, development tokens; do not put real data in).
  gRPC        %s   (native; reflection is on)
  HTTP        http://%s   the console in a browser; REST /v1/…, Connect, gRPC-Web, /healthz /readyz /metrics
  PostgreSQL  %s
  NATS        %s
  data        %s

Try it in another terminal:
  bin/noticehub submit --as frc --type notice-to-commence --crn %s --family %s --born %s --start %s --months 6 --percent 75
  bin/noticehub submit --as frc --type voluntary-referral --crn %s --family %s --born %s      (refused: Cape York may not)
  bin/noticehub submit --as nt-cp --type find-mutual-client --family Nobody --given None --born 1990-01-01
  bin/noticehub queue list
  bin/noticehub clock advance --days 1 && bin/noticehub report list --as frc
Authorities: frc, nt-cp, nt-spar, qld-cp. Stop with Ctrl-C or: bin/noticehub down --dir %s
`, h.GRPC(), h.HTTP(), h.DatabaseURL(), h.NATSURL(), c.Dir, p.GetCrn(), p.GetName().GetFamilyName(), p.GetDateOfBirth(), soon,
		p.GetCrn(), p.GetName().GetFamilyName(), p.GetDateOfBirth(), c.Dir)
}

// somebody is a seeded customer whom Cape York may give notice for.
func (c *upCommand) somebody() *registryv1.Customer {
	for n := range c.Customers {
		if p := synthetic.Person(1, n); p.GetAddresses()[0].GetLocality() == "Aurukun" {
			return p
		}
	}
	return synthetic.Person(1, 0)
}

// runningIn finds a living hub in a directory.
func runningIn(dir string) (hub.Addresses, bool) {
	var found hub.Addresses
	data, err := os.ReadFile(filepath.Join(dir, hub.AddressFile))
	if err != nil || json.Unmarshal(data, &found) != nil || found.PID <= 0 {
		return found, false
	}
	return found, alive(found.PID)
}

// alive reports whether a process is there.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

type downCommand struct {
	Dir string `help:"Directory of the hub." default:".noticehub"`
}

// Run stops the hub of a directory and waits for its end.
func (c *downCommand) Run(ctx context.Context, out io.Writer) error {
	found, ok := runningIn(c.Dir)
	if !ok {
		fmt.Fprintln(out, "no hub runs in", c.Dir)
		return nil
	}
	if err := syscall.Kill(found.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop process %d: %w", found.PID, err)
	}
	for range 300 {
		if !alive(found.PID) {
			fmt.Fprintln(out, "stopped; the data stays in", c.Dir)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the hub did not stop within 30 s")
}
