package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Config says how to reach the server.
type Config struct {
	// URL of the server or servers, comma-separated; not needed with InProcess.
	URL string
	// Name of the client in the server's monitoring.
	Name string
	// InProcess connects to a server in this process without a socket.
	InProcess *Embedded
	// Peer is who the client is on a bus with walls and what it may do there; nil
	// on one without, where every client may do everything.
	Peer *Peer
	// Seed is the secret half of the client's nkey ("SU…"); may be empty.
	Seed string
	// Courier declares streams in this client's stead; nil leaves that to the
	// client itself without Peer, and to somebody elsewhere with it.
	Courier *Bus
	// Credentials is the path of a NATS credentials file; may be empty.
	Credentials string
	// RootCA, ClientCert and ClientKey are paths of PEM files for TLS, read again at
	// each connection; may be empty.
	RootCA, ClientCert, ClientKey string
	// Replicas of each stream: 1, or 3 in a cluster; 0 means 1.
	Replicas int
	// Metrics takes the counters; may be nil.
	Metrics *prometheus.Registry
}

// refusalEvery bounds how often a server that refuses the client is complained
// of: it is asked ten times a second.
const refusalEvery = 10 * time.Second

// Check refuses what is not fit for machines others can reach: a client without a
// key, or a server elsewhere without TLS in both directions. It names all that
// is missing.
func (c Config) Check() error {
	if c.InProcess != nil {
		return nil
	}
	var problems []error
	if c.Peer == nil || c.Seed == "" {
		problems = append(problems, errors.New("the client has no nkey: everybody who reaches the server could do everything"))
	}
	if remote(c.URL) {
		if c.RootCA == "" {
			problems = append(problems, errors.New("no CA is named, so the server is not known by its certificate"))
		}
		if c.ClientCert == "" || c.ClientKey == "" {
			problems = append(problems, errors.New("no client certificate is named"))
		}
	}
	if len(problems) > 0 {
		return fault.New(fault.Precondition, "BUS_TRANSPORT", "the bus would be reached without protection: %v", errors.Join(problems...)).
			WithHelp("deploy/nats-server.conf says what the server and its clients need.")
	}
	return nil
}

// remote reports whether any server of the list is not on this machine.
func remote(list string) bool {
	for address := range strings.SplitSeq(list, ",") {
		if !strings.Contains(address, "://") {
			address = "nats://" + address
		}
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			return true
		}
		if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
			return true
		}
	}
	return false
}

// options of the client, but for those that report to the Bus.
func (c Config) options() (string, []nats.Option, error) {
	options := []nats.Option{
		nats.Name(c.Name), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait, reconnectWait),
		nats.Timeout(dialTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		// Nothing said to a dead connection may reach the next one: it could
		// acknowledge another message.
		nats.ReconnectBufSize(-1),
		// The server's list of users may be changed under us and changed back.
		nats.IgnoreAuthErrorAbort(),
	}
	if c.Peer != nil {
		options = append(options, nats.CustomInboxPrefix(c.Peer.inbox()))
	}
	if c.Seed != "" {
		pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(c.Seed)))
		if err != nil {
			return "", nil, errors.New("the seed is not an nkey")
		}
		key, err := pair.PublicKey()
		if err != nil {
			return "", nil, err
		}
		options = append(options, nats.Nkey(key, pair.Sign))
	}
	if c.Credentials != "" {
		options = append(options, nats.UserCredentials(c.Credentials))
	}
	if c.RootCA != "" || c.ClientCert != "" {
		options = append(options, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS13}))
	}
	if c.RootCA != "" {
		options = append(options, nats.RootCAs(c.RootCA))
	}
	if c.ClientCert != "" {
		options = append(options, nats.ClientCert(c.ClientCert, c.ClientKey))
	}
	if c.InProcess != nil {
		return "", append(options, nats.InProcessServer(c.InProcess), nats.Token(c.InProcess.options.Token)), nil
	}
	return c.URL, options, nil
}

// trouble takes what the server complains of. A permission violation is either an
// attack or a defect: an alarm in any case.
func (b *Bus) trouble(log *slog.Logger) nats.ErrHandler {
	var refused atomic.Int64
	return func(_ *nats.Conn, _ *nats.Subscription, err error) {
		switch {
		case errors.Is(err, nats.ErrPermissionViolation):
			b.metrics.violations.Inc()
			log.Error("the bus refused what this client may not do", "error", err)
		case turnedAway(err):
			if last, at := refused.Load(), now().UnixNano(); at-last > int64(refusalEvery) && refused.CompareAndSwap(last, at) {
				log.Error("the bus does not let this client in; trying again", "error", err)
			}
		default:
			log.Warn("bus trouble", "error", err)
		}
	}
}

// turnedAway tells a server that does not know the client.
func turnedAway(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked)
}

// arrive waits for the first connection.
func arrive(ctx context.Context, nc *nats.Conn, connected <-chan struct{}) error {
	look := time.NewTicker(reconnectWait)
	defer look.Stop()
	for {
		select {
		case <-connected:
			return nil
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "BUS_UNAVAILABLE", "the bus cannot be reached").Wrap(ctx.Err())
		case <-look.C: // before the first connection refusals are told to nobody
			if err := nc.LastError(); turnedAway(err) {
				return fault.New(fault.Denied, "BUS_REFUSED", "the bus does not let this client in").
					WithHelp("Has the server this client's public key, and is the seed the other half of it?").Wrap(err)
			}
		}
	}
}
