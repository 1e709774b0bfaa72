package launch

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/run"
)

// Serve runs a service behind its listeners until ctx ends.
func Serve(ctx context.Context, s Settings, p Parts, service Service) error {
	door, err := openDoor(s, p, service)
	if err != nil {
		return err
	}
	server := door.Server
	service.Register(server)
	server.Ready("database", p.Pool.Ping)
	server.Ready(p.name, service.Ready)
	if pages, ok := service.(interface {
		Mount(handle func(pattern string, h http.Handler))
	}); ok {
		pages.Mount(server.Handle)
	}
	listeners, err := Listen(ctx, s.GRPCListen, s.HTTPListen, s.Door.OpsListen)
	if err != nil {
		return err
	}
	p.Telemetry.Log.Info("serving", "grpc", listeners.GRPC.Addr().String(), "http", listeners.HTTP.Addr().String())
	if listeners.Ops != nil {
		p.Telemetry.Log.Info("serving operations", "http", listeners.Ops.Addr().String())
	}
	work := []func(context.Context) error{p.keep, service.Run, func(ctx context.Context) error { return server.Serve(ctx, listeners) }}
	return run.All(ctx, append(work, door.keep...)...)
}

// Listen opens the listeners; a port that is taken is named in the error. An
// empty address for operations opens none.
func Listen(ctx context.Context, grpcAddress, httpAddress, opsAddress string) (l rpc.Listeners, err error) {
	var config net.ListenConfig
	open := func(into *net.Listener, address, what, setting string) {
		if err != nil || address == "" {
			return
		}
		if *into, err = config.Listen(ctx, "tcp", address); err != nil {
			err = fmt.Errorf("cannot listen for %s on %s: %w; choose another address with %s", what, address, err, setting)
		}
	}
	open(&l.GRPC, grpcAddress, "gRPC", "NOTICEHUB_GRPC_LISTEN or --grpc")
	open(&l.HTTP, httpAddress, "HTTP", "NOTICEHUB_HTTP_LISTEN or --http")
	open(&l.Ops, opsAddress, "operations", "NOTICEHUB_OPS_LISTEN")
	if err != nil {
		for _, listener := range []net.Listener{l.GRPC, l.HTTP, l.Ops} {
			if listener != nil {
				_ = listener.Close() // nothing was accepted
			}
		}
	}
	return l, err
}
