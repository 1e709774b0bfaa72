package telemetry

import (
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestTraceparentSurvivesStorage(t *testing.T) {
	t.Parallel()
	const tp = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := WithTraceparent(t.Context(), tp)
	if got := Traceparent(ctx); got != tp {
		t.Errorf("Traceparent = %q", got)
	}
	for _, bad := range []string{"", "rubbish", "00-00000000000000000000000000000000-0000000000000000-01"} {
		if got := Traceparent(WithTraceparent(t.Context(), bad)); got != "" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestStart(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	tel, stop, err := Start(t.Context(), "test", Config{LogFormat: "json", LogLevel: "warn", SampleRatio: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.Tracer.Start(t.Context(), "x")
	if tp := Traceparent(ctx); !strings.HasSuffix(tp, "-01") {
		t.Errorf("a sampled span has traceparent %q", tp)
	}
	span.End()
	if err := stop(context.Background()); err != nil {
		t.Error(err)
	}
	for _, bad := range []Config{{}, {LogFormat: "text", LogLevel: "loud"}, {LogFormat: "text", LogLevel: "info", SampleRatio: 2}} {
		if _, _, err := Start(t.Context(), "test", bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestPartsKeepTheirMetricsApart(t *testing.T) {
	t.Parallel()
	whole := Discard()
	for _, name := range []string{"a", "b"} {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "same_total", Help: "h"})
		whole.Part(name).Metrics.MustRegister(c)
		c.Inc()
	}
	families, err := whole.Metrics.Gather()
	if err != nil || len(families) != 1 || len(families[0].GetMetric()) != 2 {
		t.Errorf("gathered %v, %v", families, err)
	}
}
