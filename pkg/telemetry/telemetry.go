// Package telemetry sets up what a service tells about itself: structured logs
// on standard error, traces and metrics. None of them may hold personal data;
// ids, counts, kinds and times only.
//
// It guarantees that a log line is one line and carries only attributes that are
// on a list (keys.go), that values quoted by errors, panics and messages are not
// in it, and that spans carry only names of the code and attributes on a list.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config of a service's telemetry.
type Config struct {
	// LogFormat is "text" or "json".
	LogFormat string `config:"log_format" default:"text" doc:"format of the log: text or json"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `config:"log_level" default:"info" doc:"lowest level that is logged: debug, info, warn or error"`
	// SampleRatio is the share of traces started here that are recorded, 0 to 1.
	// Callers' sampling decisions are followed.
	SampleRatio float64 `config:"trace_sample_ratio" default:"0.01" doc:"share of traces that are recorded when the caller did not decide, 0 to 1"`

	// Output takes the log; nil means standard error. Not a setting.
	Output io.Writer
	// Spans takes recorded spans, beside the exporter; may be nil. Not a setting.
	Spans sdktrace.SpanExporter
}

// output is where the log goes.
func (c Config) output() io.Writer {
	if c.Output != nil {
		return c.Output
	}
	return os.Stderr
}

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	var level slog.Level
	switch {
	case c.LogFormat != "text" && c.LogFormat != "json":
		return fmt.Errorf("log_format is %q, must be text or json", c.LogFormat)
	case level.UnmarshalText([]byte(c.LogLevel)) != nil:
		return fmt.Errorf("log_level is %q, must be debug, info, warn or error", c.LogLevel)
	case c.SampleRatio < 0 || c.SampleRatio > 1:
		return fmt.Errorf("trace_sample_ratio is %v, must be between 0 and 1", c.SampleRatio)
	}
	return nil
}

// Telemetry is what a service logs, traces and counts with.
type Telemetry struct {
	// Log is the structured log.
	Log *slog.Logger
	// Tracer starts spans.
	Tracer trace.Tracer
	// Provider makes tracers for libraries.
	Provider trace.TracerProvider
	// Metrics is the service's registry.
	Metrics *prometheus.Registry
}

var propagator = propagation.TraceContext{}

// Start sets a service's telemetry up; the returned function flushes it. Traces
// are exported by OTLP over gRPC only when OTEL_EXPORTER_OTLP_ENDPOINT is set;
// trace ids are made and passed on in any case.
func Start(ctx context.Context, service string, cfg Config) (*Telemetry, func(context.Context) error, error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, err
	}
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(resource.NewSchemaless(semconv.ServiceName(service))),
		// Whoever calls from outside may ask for a trace, but not make the hub keep it.
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio),
			sdktrace.WithRemoteParentSampled(sdktrace.TraceIDRatioBased(cfg.SampleRatio)))),
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" {
		otlp, err := otlptracegrpc.New(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("set up trace export: %w", err)
		}
		options = append(options, sdktrace.WithBatcher(exporter{otlp}))
	}
	if cfg.Spans != nil {
		options = append(options, sdktrace.WithSyncer(exporter{cfg.Spans}))
	}
	provider := sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagator)
	metrics, hidden := registry(), newHidden()
	metrics.MustRegister(hidden)
	return &Telemetry{
		Log:      lines(cfg.output(), cfg, hidden).With("service", service),
		Tracer:   provider.Tracer("noticehub"),
		Provider: provider,
		Metrics:  metrics,
	}, provider.Shutdown, nil
}

func registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Part is the telemetry of one part of a process that has several: its log lines
// and metrics carry the part's name. Call it once a part.
func (t *Telemetry) Part(name string) *Telemetry {
	part := *t
	part.Log = t.Log.With("part", name)
	part.Metrics = prometheus.NewRegistry()
	t.Metrics.MustRegister(prometheus.WrapCollectorWith(prometheus.Labels{"part": name}, part.Metrics))
	return &part
}

// Discard makes telemetry that nobody sees; for tests.
func Discard() *Telemetry {
	provider := noop.NewTracerProvider()
	return &Telemetry{Log: slog.New(slog.DiscardHandler), Tracer: provider.Tracer("noticehub"), Provider: provider, Metrics: prometheus.NewRegistry()}
}

// Traceparent is the W3C traceparent of the context's span, or "" when there is
// none. It is what outbox rows and events keep.
func Traceparent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagator.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// WithTraceparent makes spans started in the returned context continue the
// trace; a malformed or empty traceparent changes nothing.
func WithTraceparent(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" {
		return ctx
	}
	return propagator.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
}
