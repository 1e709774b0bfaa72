package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func TestSpansCarryNothingOfCallersAndRows(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	kept := tracetest.NewInMemoryExporter()
	tel, stop, err := Start(t.Context(), "test", Config{LogFormat: "json", LogLevel: "warn", SampleRatio: 1, Spans: kept})
	if err != nil {
		t.Fatal(err)
	}
	state, err := trace.ParseTraceState("vendor=" + canary)
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	}))
	for _, name := range []string{"consume x", "CANARY/CANARY", "/CANARY/x"} {
		_, s := tel.Tracer.Start(ctx, name, trace.WithAttributes(
			attribute.String("db.statement", canary), attribute.String("rpc.method", map[bool]string{true: canary, false: "Submit"}[strings.Contains(name, canary)]),
			attribute.Int("noticehub.events", 3)), trace.WithLinks(trace.LinkFromContext(ctx, attribute.String("x", canary))))
		s.AddEvent(canary, trace.WithAttributes(attribute.String("x", canary)))
		s.RecordError(errors.New(canary))
		s.SetStatus(codes.Error, canary)
		s.End()
	}
	spans := kept.GetSpans()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	if text := fmt.Sprintf("%+v", spans); strings.Contains(text, canary) {
		t.Errorf("exported %s", text)
	}
	first := spans[0]
	if first.Name != "consume x" || len(first.Attributes) != 2 || first.Status.Code != codes.Error || first.Parent.SpanID() != (trace.SpanID{1}) {
		t.Errorf("exported %+v", first)
	}
	if spans[1].Name != "unknown method" || len(spans[1].Attributes) != 1 {
		t.Errorf("exported %+v", spans[1])
	}
	if err := stop(context.Background()); err != nil {
		t.Error(err)
	}
}
