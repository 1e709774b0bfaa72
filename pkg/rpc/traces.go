package rpc

import (
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/stats"

	"github.com/noticehub/noticehub/pkg/telemetry"
)

// Only the trace context passes from call to call. Baggage does not: it is free
// text of the caller's and could be personal data.
var propagator = propagation.TraceContext{}

func serverTraces(tel *telemetry.Telemetry) stats.Handler {
	return otelgrpc.NewServerHandler(traceOptions(tel)...)
}

func clientTraces(tel *telemetry.Telemetry) stats.Handler {
	return otelgrpc.NewClientHandler(traceOptions(tel)...)
}

func traceOptions(tel *telemetry.Telemetry) []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(tel.Provider),
		otelgrpc.WithPropagators(propagator),
		otelgrpc.WithMeterProvider(noop.NewMeterProvider()), // metrics.go has ours
		otelgrpc.WithFilter(func(i *stats.RPCTagInfo) bool { return !strings.HasPrefix(i.FullMethodName, "/grpc.") }),
	}
}
