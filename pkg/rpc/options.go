package rpc

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // the one compression accepted besides none
	"google.golang.org/grpc/keepalive"

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
	// Table says who may call what; methods that are not in it are denied to all.
	Table identity.Table
	// Reflection serves the contract's descriptors to anybody; off by default.
	Reflection bool
	// MaxMessageBytes bounds one received message, decompressed; default 256 KiB.
	MaxMessageBytes int
	// MaxConcurrentStreams bounds the open calls of one connection; default 256.
	MaxConcurrentStreams uint32
	// MaxConnectionAge closes connections in good time, so that callers spread
	// over new replicas; calls get 30 s more. Default 15 minutes.
	MaxConnectionAge time.Duration
	// Drain is how long a stop waits for calls to end; default and most 10 s.
	Drain time.Duration
	// Name of the server in its log; default "rpc".
	Name string
}

func (o Options) withDefaults() (Options, error) {
	o.MaxMessageBytes = or(o.MaxMessageBytes, 256<<10)
	o.MaxConcurrentStreams = or(o.MaxConcurrentStreams, 256)
	o.MaxConnectionAge = or(o.MaxConnectionAge, 15*time.Minute)
	o.Drain = or(o.Drain, maxDrain)
	o.Name = or(o.Name, "rpc")
	var problems []error
	if o.Telemetry == nil {
		problems = append(problems, errors.New("rpc: Telemetry is missing"))
	}
	if o.Authenticator == nil {
		problems = append(problems, errors.New("rpc: Authenticator is missing"))
	}
	if o.MaxMessageBytes < 1 || o.MaxMessageBytes > maxReply {
		problems = append(problems, fmt.Errorf("rpc: MaxMessageBytes is %d, must be 1 to %d", o.MaxMessageBytes, maxReply))
	}
	if o.Drain < 0 || o.Drain > maxDrain {
		problems = append(problems, fmt.Errorf("rpc: Drain is %s, must be at most %s", o.Drain, maxDrain))
	}
	return o, errors.Join(problems...)
}

func or[T comparable](v, unset T) T {
	var zero T
	if v == zero {
		return unset
	}
	return v
}

// transport are the limits of a gRPC server.
func (o Options) transport() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(o.MaxMessageBytes),
		grpc.MaxSendMsgSize(maxReply),
		grpc.MaxConcurrentStreams(o.MaxConcurrentStreams),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 30 * time.Second}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: o.MaxConnectionAge, MaxConnectionAgeGrace: 30 * time.Second,
			Time: time.Minute, Timeout: 20 * time.Second, // notices peers that vanished
		}),
		grpc.StatsHandler(serverTraces(o.Telemetry)),
	}
}
