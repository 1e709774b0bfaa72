package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/noticehub/noticehub/pkg/telemetry"
)

// maxReply bounds one reply, in bytes: the largest the contract allows is a
// report of 4 MiB in one piece, with room for what surrounds it.
const maxReply = 5 << 20

// connectParams make a client find a restarted server within about 2 s;
// gRPC's own ceiling is two minutes.
var connectParams = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// Dial connects to a server in another process; target is a gRPC name such as
// "dns:///registry:7070" whose addresses share the calls. token is asked for
// each call and gives a bearer token ("" for none). Nothing is sent before the
// first call, and calls are not retried here: only who calls knows which may
// be. Errors of calls are gRPC statuses; Fault translates them.
//
// The transport is not encrypted by itself. Tokens are sent, so it belongs on a
// network that is.
func Dial(target string, token func() string, tel *telemetry.Telemetry) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(connectParams),
		// Above the servers' enforced minimum of 30 s, and only while calls are open.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReply)),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithStatsHandler(clientTraces(tel)),
	}
	if token != nil {
		options = append(options, grpc.WithPerRPCCredentials(bearer(token)))
	}
	return grpc.NewClient(target, options...)
}

// bearer puts a token on every call.
type bearer func() string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token := b()
	if token == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
