// Package egress is the one way by which settings that people can change (web
// hooks, mail servers, file targets) make the hub reach out.
//
// Guarantees: only https on allowed ports; the address is resolved once for each
// connection, all its answers are judged, and the one that was judged is dialled,
// so that a name that changes its mind (DNS rebinding) gains nothing; loopback,
// link-local, metadata, private, shared, multicast, reserved and documentation
// addresses are refused, as are the IPv6 forms that carry an IPv4 address, unless
// the operator's configuration allows their network; redirects are not followed,
// proxies of the environment not used, at most 64 KiB of an answer read, and
// everything ends in time. Not guaranteed: that whoever answers is who they should
// be beyond their certificate; messages are signed for that.
package egress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// MaxReply is how much of an answer is read, in bytes.
	MaxReply = 64 << 10
	// DefaultTimeout is for a whole exchange: resolving, connecting, asking, reading.
	DefaultTimeout = 10 * time.Second

	connectTime  = 3 * time.Second
	resolveTime  = 3 * time.Second
	maxURL       = 2048
	maxAddresses = 16
)

// Resolver finds the addresses of a name; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options of a Guard; all are the operator's, none a customer's or an authority's.
type Options struct {
	// Ports that may be reached; default 443.
	Ports []uint16
	// Hosts that may be reached, exactly, in lower case; empty allows every name.
	Hosts []string
	// Networks that may be reached although they are not public.
	Networks []netip.Prefix
	// Authorities whose certificates count; nil means the system's.
	Authorities *x509.CertPool
	// Timeout of a whole exchange; default DefaultTimeout.
	Timeout time.Duration
	// Resolver is the system's by default.
	Resolver Resolver
}

// Guard lets out what may go out.
type Guard struct {
	options Options
	client  *http.Client
}

// New makes a guard; mistakes in the options are told at once.
func New(o Options) (*Guard, error) {
	var problems []error
	if len(o.Ports) == 0 {
		o.Ports = []uint16{443}
	}
	if slices.Contains(o.Ports, 0) {
		problems = append(problems, errors.New("egress: port 0 cannot be allowed"))
	}
	for _, h := range o.Hosts {
		if checkName(h) != nil || h != strings.ToLower(h) {
			problems = append(problems, fmt.Errorf("egress: %q cannot be an allowed host", h))
		}
	}
	for _, n := range o.Networks {
		if !n.IsValid() || n.Masked() != n || n.Bits() == 0 {
			problems = append(problems, fmt.Errorf("egress: %s cannot be an allowed network", n))
		}
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Timeout < 0 || o.Timeout > time.Minute {
		problems = append(problems, fmt.Errorf("egress: the timeout is %s, must be more than 0 and at most a minute", o.Timeout))
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	g := &Guard{options: o}
	g.client = g.newClient()
	return g, errors.Join(problems...)
}

// refused is what a target gets that may not be reached. It does not say where a
// name leads: that would let settings explore the network behind.
func refused(format string, a ...any) *fault.Error {
	return fault.New(fault.Invalid, "TARGET_REFUSED", format, a...).
		WithHelp("Give the https address of a public server, or have the operator allow the network it is in.")
}

// Dial connects to host:port by TCP, after judging the port and every address of
// the host. It is the only way out of the guard's HTTP client, and what a mail
// client is to be given.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, refused("only TCP may go out")
	}
	host, port, err := g.split(address)
	if err != nil {
		return nil, err
	}
	addresses, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: connectTime, Control: g.control}
	var failures []error
	for _, a := range addresses {
		conn, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(a, port).String())
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failures = append(failures, err)
	}
	return nil, fault.New(fault.Unavailable, "TARGET_UNREACHABLE", "the target cannot be reached").WithRetry(time.Second).Wrap(errors.Join(failures...))
}

// control looks at the address of the socket itself, whatever led there.
func (g *Guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return refused("the address cannot be read")
	}
	return g.judge(at.Addr())
}

// resolve gives the addresses of a host, all of which may be reached. One that
// may not condemns the rest: honest names do not lead to both.
func (g *Guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal.Unmap()}, g.judge(literal)
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	found, err := g.options.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return nil, fault.New(fault.Unavailable, "TARGET_UNREACHABLE", "the target's name cannot be resolved").WithRetry(time.Second).Wrap(err)
	}
	found = found[:min(len(found), maxAddresses)]
	for i, a := range found {
		// Resolvers give IPv4 addresses in the form mapped to IPv6, too.
		found[i] = a.Unmap()
		if err := g.judge(found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}
