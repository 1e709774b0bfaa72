package rpc

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the one compression accepted besides none
	"google.golang.org/grpc/keepalive"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

const (
	// maxUnary caps the time of a unary call, whatever deadline the caller set.
	maxUnary = 10 * time.Second
	// maxHeader bounds the headers of a call, in bytes.
	maxHeader = 8 << 10
	// handshake is how long a new connection has to introduce itself.
	handshake = 5 * time.Second
	// maxDrain is the longest a stop waits for calls to end.
	maxDrain = 10 * time.Second
	// ageGrace is what calls get beyond MaxConnectionAge.
	ageGrace = 30 * time.Second
	// maxOpen streams may be open of methods that are open to all, such as health's.
	maxOpen = 128
	// streamGrace is how long streams may go on after a stop began: enough to be
	// answered what is under way. Then they end with UNAVAILABLE, to be resumed elsewhere.
	streamGrace = time.Second
)

// Options of a server.
type Options struct {
	// Telemetry is required.
	Telemetry *telemetry.Telemetry
	// Authenticator is required: it finds out who calls.
	Authenticator identity.Authenticator
	// Table says who may call what, what is masked and what is on record; methods
	// that are not in it are denied to all. It may be filled until Serve.
	Table identity.Table
	// Audit records refusals, and reads as the table says. Nil records nothing: for tests.
	Audit audit.Recorder
	// Customer is the name of a customer on record (audit.Writer.Customer). It is
	// required with Audit.
	Customer func(crn string) string
	// TLS encrypts the listeners, which need it except in development; the HTTP
	// listener may do without on the loopback, behind something that has it.
	TLS TLS
	// Development allows listeners without TLS, serves reflection, and, when there
	// is no Ops listener, health and metrics on the HTTP listener.
	Development bool
	// Metadata are the keys of metadata that pass on to handlers; none by default.
	Metadata []string
	// Limits of what callers may use.
	Limits Limits
	// MaxMessageBytes bounds one received message, decompressed; default 256 KiB.
	MaxMessageBytes int
	// MaxConcurrentStreams bounds the open calls of one connection from outside the
	// process; default 64.
	MaxConcurrentStreams uint32
	// MaxConnectionAge closes connections in good time, so that callers spread
	// over new replicas and revoked certificates are not good for long; calls get
	// 30 s more. Default 15 minutes.
	MaxConnectionAge time.Duration
	// Recheck is how often it is found out again who has an open stream, and whether
	// they still may; default 15 s. So a stream ends soon after the session, the
	// token or the role it was opened with.
	Recheck time.Duration
	// Drain is how long a stop waits for calls to end; default and most 10 s.
	Drain time.Duration
	// Name of the server in its log; default "rpc".
	Name string
}

// TLS gives the configuration for the next handshake of each listener, such as
// tlsfiles.Store.Server; nil does not encrypt. Whatever it says, it is TLS 1.3,
// without resumption, and clients' certificates are verified by its ClientCAs.
type TLS struct {
	// GRPC listener: clients must show a certificate.
	GRPC func() (*tls.Config, error)
	// HTTP listener: clients may show one.
	HTTP func() (*tls.Config, error)
}

// Limits of what callers may use. Services are not limited in their calls:
// theirs are work that others were allowed to cause.
type Limits struct {
	// Calls of one authority or person: unary ones, and streams opened; the zero
	// Rate sets no limit. Who calls more is refused with RATE_LIMITED.
	Calls Rate
	// Messages that one authority or person sends in streams; the zero Rate sets no
	// limit. Who sends more is slowed down.
	Messages Rate
	// InFlight is how many unary calls from outside the process are served at a
	// time; more wait up to 50 ms and are refused with OVERLOADED. 0 sets no limit.
	InFlight int
	// Connections of one listener; default 1024. More are closed at once.
	Connections int
	// ConnectionsPerAuthority bounds those that an authority's certificate opened,
	// on each listener; default 16.
	ConnectionsPerAuthority int
}

// Rate is a token bucket.
type Rate struct {
	// PerSecond is how many tokens come each second; 0 sets no limit.
	PerSecond float64
	// Burst is how many tokens it holds; default PerSecond, at least 1.
	Burst int
}

func (o Options) withDefaults() (Options, error) {
	o.MaxMessageBytes = or(o.MaxMessageBytes, 256<<10)
	o.MaxConcurrentStreams = or(o.MaxConcurrentStreams, 64)
	o.MaxConnectionAge = or(o.MaxConnectionAge, 15*time.Minute)
	o.Limits.Connections = or(o.Limits.Connections, 1024)
	o.Limits.ConnectionsPerAuthority = or(o.Limits.ConnectionsPerAuthority, 16)
	o.Recheck = or(o.Recheck, 15*time.Second)
	o.Drain = or(o.Drain, maxDrain)
	o.Name = or(o.Name, "rpc")
	var problems []error
	wrong := func(is bool, format string, a ...any) {
		if is {
			problems = append(problems, fmt.Errorf("rpc: "+format, a...))
		}
	}
	wrong(o.Telemetry == nil, "Telemetry is missing")
	wrong(o.Authenticator == nil, "Authenticator is missing")
	wrong(o.Audit != nil && o.Customer == nil, "Customer is missing: records name customers by it")
	wrong(o.MaxMessageBytes < 1 || o.MaxMessageBytes > maxReply, "MaxMessageBytes is %d, must be 1 to %d", o.MaxMessageBytes, maxReply)
	wrong(o.Recheck < 0, "Recheck must not be negative")
	wrong(o.Drain < 0 || o.Drain > maxDrain, "Drain is %s, must be at most %s", o.Drain, maxDrain)
	l := o.Limits
	wrong(l.InFlight < 0 || l.Connections < 1 || l.ConnectionsPerAuthority < 1, "Limits must not be negative")
	wrong(l.Calls.PerSecond < 0 || l.Calls.Burst < 0 || l.Messages.PerSecond < 0 || l.Messages.Burst < 0, "Limits must not be negative")
	return o, errors.Join(problems...)
}

func or[T comparable](v, unset T) T {
	var zero T
	if v == zero {
		return unset
	}
	return v
}

// inside are the limits of the server for siblings in the same process.
func (o Options) inside() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(o.MaxMessageBytes),
		grpc.MaxSendMsgSize(maxReply),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.StatsHandler(serverTraces(o.Telemetry)),
	}
}

// transport are the limits of a gRPC server that others can reach.
//
// Rapid reset, and floods of continuation, ping and settings frames, are met by
// the transports themselves (grpc-go and net/http): a stream that is reset
// counts until its handler ended, a header block is cut at maxHeader, pings
// faster than MinTime and floods of control frames end the connection.
func (o Options) transport() []grpc.ServerOption {
	return append(o.inside(),
		grpc.MaxConcurrentStreams(o.MaxConcurrentStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 30 * time.Second}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: o.MaxConnectionAge, MaxConnectionAgeGrace: ageGrace,
			Time: time.Minute, Timeout: 20 * time.Second, // notices peers that vanished
		}),
	)
}
