package inbox

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/noticehub/noticehub/pkg/telemetry"
)

// maxLinks bounds the traces a batch is linked to.
const maxLinks = 16

// span starts the span of a batch: it continues the trace of the first event and
// is linked to those of others.
func (r *runner) span(ctx context.Context, messages []message) (context.Context, trace.Span) {
	var parents []string
	seen := map[string]bool{"": true}
	events := 0
	for _, m := range messages {
		events += len(m.events)
		for _, e := range m.events {
			if len(parents) > maxLinks {
				break
			}
			if !seen[e.Traceparent] {
				seen[e.Traceparent] = true
				parents = append(parents, e.Traceparent)
			}
		}
	}
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.Int("messaging.batch.message_count", len(messages)), attribute.Int("noticehub.events", events)),
	}
	if len(parents) > 0 {
		ctx = telemetry.WithTraceparent(ctx, parents[0])
		for _, parent := range parents[1:] {
			options = append(options, trace.WithLinks(trace.LinkFromContext(telemetry.WithTraceparent(context.Background(), parent))))
		}
	}
	return r.Telemetry.Tracer.Start(ctx, "consume "+r.Name, options...)
}
