package hub

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// logIn gives each service's role a login of its own on the hub's own server, with
// a password that is made at each start and kept in memory only. On a server
// elsewhere, which others may share, a service uses NOTICEHUB_<SCHEMA>_DATABASE_URL
// where that is set, and else takes its role by SET ROLE.
func (h *Hub) logIn(ctx context.Context) error {
	h.logins = map[string]string{}
	for _, s := range Schemas() {
		if h.options.DatabaseURL != "" {
			if own := os.Getenv("NOTICEHUB_" + strings.ToUpper(s.Name) + "_DATABASE_URL"); own != "" {
				h.logins[s.Name] = own
			} else {
				h.telemetry.Log.Warn("a service shares the administrator's login; it can step over the walls if it is taken over", "service", s.Name)
			}
			continue
		}
		password := rand.Text()
		if err := postgres.Login(ctx, h.adminURL, s, password); err != nil {
			return fmt.Errorf("give %s a login: %w", s.Role, err)
		}
		own, err := postgres.URLFor(h.adminURL, s.Role, password)
		if err != nil {
			return err
		}
		h.logins[s.Name] = own
	}
	return nil
}

// databaseURL is the service's own, else the administrator's.
func (h *Hub) databaseURL(s postgres.Schema) string {
	if own := h.logins[s.Name]; own != "" {
		return own
	}
	return h.adminURL
}

// startBus starts the embedded server, whose clients have keys that live as long
// as this process, and the courier that declares the streams. What it returns is
// how a service connects; a server elsewhere is used as it is, without walls.
func (h *Hub) startBus(ctx context.Context) (func(service string) bus.Config, error) {
	if h.options.NATSURL != "" {
		h.natsURL = h.options.NATSURL
		return func(service string) bus.Config {
			return bus.Config{URL: h.natsURL, Name: service, Metrics: h.telemetry.Metrics}
		}, nil
	}
	key, err := storeKey(filepath.Join(h.options.Dir, "keys", "nats-store.key"))
	if err != nil {
		return nil, err
	}
	peers, clients := packet.Peers(), map[string]bus.Config{}
	for i := range peers {
		seed, public, err := bus.NewSeed()
		if err != nil {
			return nil, err
		}
		peers[i].Key = public
		clients[peers[i].Name] = bus.Config{Name: peers[i].Name, Peer: &peers[i], Seed: seed, Metrics: h.telemetry.Metrics}
	}
	embedded, err := bus.StartEmbedded(bus.EmbeddedOptions{
		Dir: filepath.Join(h.options.Dir, "nats"), Key: key, Peers: peers, Log: h.telemetry.Log, Metrics: h.telemetry.Metrics,
	})
	if err != nil {
		return nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	h.onClose(embedded.Shutdown)
	h.natsURL = "in process"
	admin := clients[subject.Courier]
	admin.InProcess = embedded
	courier, err := bus.Connect(ctx, admin, h.telemetry.Log.With("part", subject.Courier))
	if err != nil {
		return nil, fmt.Errorf("connect the courier to NATS: %w", err)
	}
	h.onClose(courier.Close)
	if err := courier.Declare(ctx, packet.All()...); err != nil {
		return nil, fmt.Errorf("declare the streams: %w", err)
	}
	h.keep = append(h.keep, func(ctx context.Context) error { return courier.Keep(ctx, packet.All()...) })
	return func(service string) bus.Config {
		c := clients[service]
		c.InProcess, c.Courier = embedded, courier
		return c
	}, nil
}

// connectBus connects a service; one that uses no stream gets no connection: nil.
func (h *Hub) connectBus(ctx context.Context, connect func(string) bus.Config, service string) (*bus.Bus, error) {
	if packet.Peer(service).Idle() {
		return nil, nil //nolint:nilnil // no connection is the answer
	}
	b, err := bus.Connect(ctx, connect(service), h.telemetry.Log.With("part", service))
	if err != nil {
		return nil, fmt.Errorf("connect %s to NATS: %w", service, err)
	}
	h.onClose(b.Close)
	// Everything is declared before anybody consumes; the services keep it so.
	if err := b.Declare(ctx, packet.All()...); err != nil {
		return nil, fmt.Errorf("declare the streams: %w", err)
	}
	return b, nil
}
