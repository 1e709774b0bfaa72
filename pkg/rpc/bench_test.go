package rpc_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

// BenchmarkTCP compares calls without encryption by a development token with
// calls by certificate, a case worker's assertion and every limit.
func BenchmarkTCP(b *testing.B) {
	k := newKeys(b)
	frcKeys := k.of(b, "authority", "frc")
	for name, secured := range map[string]bool{"plain": false, "secured": true} {
		b.Run(name, func(b *testing.B) {
			o := rpc.Options{
				Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Development: true,
				Table: identity.Table{echoMethod: {Kinds: []identity.Kind{identity.Authority}}},
			}
			d := rpc.DialOptions{Telemetry: o.Telemetry, Token: func() string { return frc }}
			if secured {
				o.Authenticator = identity.Chain(identity.Ways{Certificates: identity.Certificates()})
				o.TLS.GRPC = k.server
				o.Limits = rpc.Limits{Calls: rpc.Rate{PerSecond: 1e9}, Messages: rpc.Rate{PerSecond: 1e9}, InFlight: 256}
				key, err := frcKeys.Key()
				if err != nil {
					b.Fatal(err)
				}
				assertion, err := identity.SignCaseWorker(key, "alex", time.Now(), 5*time.Minute)
				if err != nil {
					b.Fatal(err)
				}
				d = rpc.DialOptions{Telemetry: o.Telemetry, TLS: frcKeys.Client, CaseWorker: func() (string, error) { return assertion, nil }}
			}
			s, err := rpc.NewServer(o)
			if err != nil {
				b.Fatal(err)
			}
			s.RegisterService(desc(), &echo{unary: plain})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- s.Serve(ctx, rpc.Listeners{GRPC: l}) }()
			var c *grpc.ClientConn
			if c, err = rpc.DialWith(l.Addr().String(), d); err != nil {
				b.Fatal(err)
			}
			in := request(b, `text: "x"`)
			b.ReportAllocs()
			for b.Loop() {
				if _, f := call(ctx, c, echoMethod, in); f != nil {
					b.Fatal(f)
				}
			}
			_ = c.Close()
			stop()
			<-ended
		})
	}
}
