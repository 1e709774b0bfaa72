package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/noticehub/noticehub/pkg/identity"
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

// DialOptions say how to connect to a server in another process.
type DialOptions struct {
	// Telemetry is required.
	Telemetry *telemetry.Telemetry
	// TLS gives the configuration of the next connection, such as
	// tlsfiles.Store.Client: it is asked for each, so that changed certificates
	// count without a restart. Nil does not encrypt.
	TLS func() (*tls.Config, error)
	// ServerName is what the server's certificate must be for, when that is not the
	// host dialled.
	ServerName string
	// Token gives a bearer token for each call, "" for none. It may be nil.
	Token func() string
	// CaseWorker gives the assertion of who is behind each call
	// (identity.SignCaseWorker), "" for none. It may be nil.
	CaseWorker func() (string, error)
}

// Dial is DialWith without TLS.
func Dial(target string, token func() string, tel *telemetry.Telemetry) (*grpc.ClientConn, error) {
	return DialWith(target, DialOptions{Telemetry: tel, Token: token})
}

// DialWith connects to a server in another process; target is a gRPC name such
// as "dns:///registry:7070" whose addresses share the calls. Nothing is sent
// before the first call, and calls are not retried here: only who calls knows
// which may be. Errors of calls are gRPC statuses; Fault translates them.
//
// Without TLS tokens are sent as they are: it belongs on this machine then.
func DialWith(target string, o DialOptions) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if o.TLS != nil {
		transport = reloading{config: o.TLS, name: o.ServerName}
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithConnectParams(connectParams),
		// Above the servers' enforced minimum of 30 s, and only while calls are open.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReply)),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithStatsHandler(clientTraces(o.Telemetry)),
	}
	if o.Token != nil || o.CaseWorker != nil {
		options = append(options, grpc.WithPerRPCCredentials(perCall{o}))
	}
	return grpc.NewClient(target, options...)
}

// perCall puts a token and a case worker's assertion on every call.
type perCall struct{ DialOptions }

func (p perCall) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	md := make(map[string]string, 2)
	if p.Token != nil {
		if token := p.Token(); token != "" {
			md["authorization"] = "Bearer " + token
		}
	}
	if p.CaseWorker != nil {
		assertion, err := p.CaseWorker()
		if err != nil {
			return nil, err
		}
		if assertion != "" {
			md[identity.CaseWorkerHeader] = assertion
		}
	}
	return md, nil
}

func (p perCall) RequireTransportSecurity() bool { return p.TLS != nil }

// reloading are a client's transport credentials that ask for their
// configuration at each connection.
type reloading struct {
	config func() (*tls.Config, error)
	name   string
}

func (r reloading) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c, err := r.config()
	if err != nil {
		return nil, nil, err
	}
	if r.name != "" {
		c = c.Clone()
		c.ServerName = r.name
	}
	return credentials.NewTLS(c).ClientHandshake(ctx, authority, conn)
}

func (reloading) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("rpc: these are a client's credentials")
}

func (reloading) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (r reloading) Clone() credentials.TransportCredentials { return r }

// OverrideServerName is of gRPC's interface; DialOptions.ServerName does it here.
func (reloading) OverrideServerName(string) error {
	return errors.New("rpc: set the name in DialOptions")
}
