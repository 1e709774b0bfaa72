package rpc

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/noticehub/noticehub/pkg/clock"
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
	// ForPersons says for whom each call is whose context has a person
	// (identity.From): by a statement (identity.SignPerson) that the key of the
	// connection's own certificate signs. It needs TLS.
	ForPersons bool
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
	if o.ForPersons && o.TLS == nil {
		return nil, errors.New("rpc: for whom a call is, is stated by the key of a certificate: there is none")
	}
	if o.Token != nil || o.CaseWorker != nil || o.ForPersons {
		options = append(options, grpc.WithPerRPCCredentials(perCall{o}))
	}
	return grpc.NewClient(target, options...)
}

// perCall puts a token, a case worker's assertion and a person's statement on
// every call.
type perCall struct{ DialOptions }

func (p perCall) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
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
	if caller, ok := identity.From(ctx); ok && p.ForPersons && caller.Kind == identity.Person {
		stated, err := state(ctx, caller)
		if err != nil {
			return nil, err
		}
		md[identity.PersonHeader] = stated
	}
	return md, nil
}

// state signs for whom the call of ctx is, with the key by which its connection
// was opened: after a rotation that is not the newest, and the server checks it
// with the certificate that it was shown.
func state(ctx context.Context, person identity.Caller) (string, error) {
	call, _ := credentials.RequestInfoFromContext(ctx)
	own, ok := call.AuthInfo.(ownCertificate)
	if !ok || own.key == nil {
		return "", errors.New("rpc: the connection has no key that could sign")
	}
	return identity.SignPerson(own.key, person, call.Method, clock.System().Now())
}

// ownCertificate is what is known of a client's connection, with the key of the
// certificate it was opened with.
type ownCertificate struct {
	credentials.TLSInfo
	key crypto.Signer
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
	opened, info, err := credentials.NewTLS(c).ClientHandshake(ctx, authority, conn)
	if shown, ok := info.(credentials.TLSInfo); ok && len(c.Certificates) == 1 {
		key, _ := c.Certificates[0].PrivateKey.(crypto.Signer)
		info = ownCertificate{shown, key}
	}
	return opened, info, err
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
