package launch

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// BusSettings say who a service is on the bus.
type BusSettings struct {
	// NATSURL is the bus.
	NATSURL string `config:"nats_url" default:"nats://127.0.0.1:4222" doc:"NATS URL, or several with commas; tls:// for servers on other machines"`
	// NATSSeedFile makes the service a client of a bus with walls.
	NATSSeedFile string `config:"nats_seed_file" doc:"file with the seed of the service's nkey; empty means a bus that lets everybody do everything, in development only"`
	// NATSAdminSeedFile makes the service declare the streams, too.
	NATSAdminSeedFile string `config:"nats_admin_seed_file" doc:"file with the seed of the courier's nkey, for a service that also declares the streams and keeps them so; one or two of all are enough"`
	// NATSReplicas of each stream, for the service that declares them.
	NATSReplicas int `config:"nats_replicas" default:"1" doc:"servers that keep a copy of each stream: 1, or 3 in a cluster; for the service that declares them"`
	// NATSCAFile proves the server.
	NATSCAFile string `config:"nats_ca_file" doc:"PEM file with the CA of the NATS server's certificate"`
	// NATSCertFile and NATSKeyFile prove the service to the server.
	NATSCertFile string `config:"nats_cert_file" doc:"PEM file with the service's certificate for NATS, read again at each connection"`
	NATSKeyFile  string `config:"nats_key_file" doc:"PEM file with the key of nats_cert_file"`
}

// Validate reports settings that cannot be.
func (s BusSettings) Validate() error {
	if s.NATSReplicas != 1 && s.NATSReplicas != 3 {
		return fmt.Errorf("nats_replicas is %d, must be 1 or 3", s.NATSReplicas)
	}
	return nil
}

// client is how somebody connects to the bus; the key is still missing.
func (s BusSettings) client(name string) bus.Config {
	c := bus.Config{URL: s.NATSURL, Name: name, RootCA: s.NATSCAFile, ClientCert: s.NATSCertFile, ClientKey: s.NATSKeyFile, Replicas: s.NATSReplicas}
	if s.NATSSeedFile != "" {
		peer := packet.Peer(name)
		c.Peer = &peer
	}
	return c
}

// connectBus connects a service to the bus and, when it has the courier's key, the
// courier, whose work is keep. A service that uses no stream is not connected:
// nil. Outside development a connection without protection is refused.
func (s BusSettings) connectBus(ctx context.Context, name string, development bool, tel *telemetry.Telemetry) (b *bus.Bus, keep func(context.Context) error, closeAll func(), err error) {
	keep, closeAll = func(context.Context) error { return nil }, func() {}
	if packet.Peer(name).Idle() {
		return nil, keep, closeAll, nil
	}
	c := s.client(name)
	c.Metrics = tel.Metrics
	if s.NATSSeedFile != "" {
		if c.Seed, err = readSecret(s.NATSSeedFile); err != nil {
			return nil, nil, nil, fmt.Errorf("nats_seed_file: %w", err)
		}
	}
	if !development {
		if err := c.Check(); err != nil {
			return nil, nil, nil, err
		}
	}
	if s.NATSAdminSeedFile != "" {
		admin := s.client(subject.Courier)
		peer := packet.Peer(subject.Courier)
		admin.Peer, admin.Metrics = &peer, tel.Metrics
		if admin.Seed, err = readSecret(s.NATSAdminSeedFile); err != nil {
			return nil, nil, nil, fmt.Errorf("nats_admin_seed_file: %w", err)
		}
		if c.Courier, err = bus.Connect(ctx, admin, tel.Log.With("part", subject.Courier)); err != nil {
			return nil, nil, nil, fmt.Errorf("connect the courier to NATS: %w", err)
		}
		keep = func(ctx context.Context) error { return c.Courier.Keep(ctx, packet.All()...) }
		closeAll = c.Courier.Close
	}
	if b, err = bus.Connect(ctx, c, tel.Log); err != nil {
		closeAll()
		return nil, nil, nil, fmt.Errorf("connect to NATS: %w", err)
	}
	if err := b.Declare(ctx, packet.All()...); err != nil {
		// The service keeps trying; a broker that is away must not keep it from starting.
		tel.Log.Warn("streams are not declared yet", "error", err.Error())
	}
	courier := c.Courier
	return b, keep, func() {
		b.Close()
		if courier != nil {
			courier.Close()
		}
	}, nil
}

// CheckDatabase refuses to work with a database whose walls a service could step
// over. Outside development it must log in as its own role, too.
func CheckDatabase(ctx context.Context, pool *pgxpool.Pool, schema postgres.Schema, development bool) error {
	if err := postgres.CheckWalls(ctx, pool, schema); err != nil || development {
		return err
	}
	return postgres.CheckLogin(ctx, pool, schema)
}
