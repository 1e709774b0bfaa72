package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
)

// serveNATS is the broker's process.
func serveNATS(ctx context.Context, dir, listen string) error {
	server, err := bus.StartEmbedded(bus.EmbeddedOptions{Dir: dir, Key: "chaos", Listen: listen, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

func (w *world) store() string { return w.file("nats") }
func (w *world) older() string { return w.file("nats.older") }

// brokerPatience is how long a broker may take to open its store.
const brokerPatience = 20 * time.Second

// startBroker starts the broker and waits for it. One that cannot open what it
// was given starts with nothing.
func (w *world) startBroker(ctx context.Context) error {
	if err := w.nats.start(); err != nil {
		return err
	}
	answers := func() error {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(w.natsURL, "nats://"), time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	}
	if eventually(ctx, brokerPatience, answers) == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	say("NATS does not start with that store; it starts with none")
	w.nats.kill()
	if err := os.RemoveAll(w.store()); err != nil {
		return err
	}
	if err := w.nats.start(); err != nil {
		return err
	}
	return eventually(ctx, 3*brokerPatience, answers)
}

// copyStore copies the broker's store while it is written to: what is put back
// later may be torn, as a backup of a running machine is.
func (w *world) copyStore() error {
	if err := os.RemoveAll(w.older()); err != nil {
		return err
	}
	// Files that go while they are copied make cp complain; that is the point.
	_ = exec.Command("cp", "-a", w.store(), w.older()).Run()
	_, err := os.Stat(w.older())
	return err
}

// putBack replaces the broker's store by the copy made a while ago: the tail is
// lost, consumers stand where they stood.
func (w *world) putBack(ctx context.Context) error {
	w.nats.kill()
	if err := os.RemoveAll(w.store()); err != nil {
		return err
	}
	if err := os.Rename(w.older(), w.store()); err != nil && !os.IsNotExist(err) {
		return err
	}
	return w.startBroker(ctx)
}

// wipe kills the broker and takes its whole store away.
func (w *world) wipe(ctx context.Context) error {
	w.nats.kill()
	if err := os.RemoveAll(w.store()); err != nil {
		return err
	}
	return w.startBroker(ctx)
}
