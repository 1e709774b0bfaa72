package launch

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// What is asserted here holds outside development, before anything is opened.

// protected reports a database that is not fit for machines others can reach, and
// what belongs to sandboxes.
func (s Settings) protected() error {
	var problems []error
	if s.DatabaseURL != "" {
		problems = append(problems, named("database_url", errors.Join(postgres.CheckTransport(s.DatabaseURL), postgres.CheckSecret(s.DatabaseURL))))
	}
	if s.MigrateURL != "" {
		problems = append(problems, errors.New("migrate_url is set: a service that serves must not hold an administrator's login; migrate apart, with 'migrate'"))
	}
	if s.SandboxClock != "" {
		problems = append(problems, errors.New("sandbox_clock is set: business time is real time outside development"))
	}
	return errors.Join(problems...)
}

// protected reports a bus that lets everybody do everything, or that somebody
// between could read. What the seed's file says is looked at when it is read.
func (s BusSettings) protected(name string) error {
	if packet.Peer(name).Idle() {
		return nil
	}
	c := s.client(name)
	c.Seed = s.NATSSeedFile
	problems := []error{c.Check()}
	for address := range strings.SplitSeq(s.NATSURL, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil && u.User != nil {
			problems = append(problems, errors.New("nats_url holds a secret; the service proves itself by the key in nats_seed_file"))
		}
	}
	return errors.Join(problems...)
}

// secure reports a door that is open to more than it should be.
func (s DoorSettings) secure() error {
	var problems []error
	for _, needed := range []struct{ name, value string }{
		{"tls_cert_file", s.TLSCertFile},
		{"tls_key_file", s.TLSKeyFile},
		{"tls_ca_file", s.TLSCAFile},
		{"tls_revoked_file", s.TLSRevokedFile},
		{"ops_listen", s.OpsListen},
	} {
		if needed.value == "" {
			problems = append(problems, fmt.Errorf("%s is missing: only development works without it", needed.name))
		}
	}
	if s.OpsListen != "" && !inside(s.OpsListen) {
		problems = append(problems, fmt.Errorf("ops_listen is %s, must be a loopback or private address: metrics are not for outsiders", s.OpsListen))
	}
	l := s.Limits
	for _, needed := range []struct {
		name  string
		value float64
	}{
		{"calls_per_second", l.CallsPerSecond}, {"messages_per_second", l.MessagesPerSecond}, {"calls_in_flight", float64(l.InFlight)},
	} {
		if needed.value <= 0 {
			problems = append(problems, fmt.Errorf("%s sets no limit: only development works without it", needed.name))
		}
	}
	return errors.Join(problems...)
}

// inside reports whether only machines nearby can reach the address. A name, or
// every address of the machine, is not known to be.
func inside(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

// here refuses to listen for other machines in development, where anybody can be
// anybody.
func here(name, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err == nil && egress.Loopback(host) {
		return nil
	}
	return fmt.Errorf("%s is %s: in development, where anybody can be anybody, only this machine may come in", name, address)
}
