package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// exporter hands on spans without what callers and rows could have put there:
// names that are not the code's, attributes that are not on the list, texts of
// errors, and the caller's own trace state.
type exporter struct{ sdktrace.SpanExporter }

// ExportSpans exports them bare.
func (e exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	bare := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		bare[i] = span{s}
	}
	return e.SpanExporter.ExportSpans(ctx, bare)
}

// span is a span as others may see it.
type span struct{ sdktrace.ReadOnlySpan }

// spanKeys are the attributes a span may carry; what they hold is of the code.
// Statements and their arguments, addresses and texts of errors are not among
// them.
var spanKeys = keys(
	"rpc.system", "rpc.system.name", "rpc.service", "rpc.method", "rpc.grpc.status_code", "rpc.response.status_code", "error.type",
	"messaging.batch.message_count", "noticehub.events", "message.type", "message.id", "rpc.message.type", "rpc.message.id",
)

// calledKeys hold what a caller wrote into the path of the call.
var calledKeys = keys("rpc.service", "rpc.method")

// Name is the span's if it is the code's.
func (s span) Name() string { return nameOf(s.ReadOnlySpan.Name()) }

// nameOf is a span's name unless it came from a path that names no method there is.
func nameOf(name string) string {
	path := strings.TrimPrefix(name, "/")
	if !strings.Contains(path, "/") || isMethod(path) {
		return path
	}
	return "unknown method"
}

func isMethod(path string) bool {
	service, method, ok := strings.Cut(path, "/")
	if !ok {
		return false
	}
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return false
	}
	found, ok := d.(protoreflect.ServiceDescriptor)
	return ok && found.Methods().ByName(protoreflect.Name(method)) != nil
}

// Attributes are those on the list.
func (s span) Attributes() []attribute.KeyValue {
	return listed(s.ReadOnlySpan.Attributes(), s.Name() != "unknown method")
}

func listed(all []attribute.KeyValue, known bool) []attribute.KeyValue {
	var kept []attribute.KeyValue
	for _, a := range all {
		if spanKeys[string(a.Key)] && (known || !calledKeys[string(a.Key)]) {
			kept = append(kept, a)
		}
	}
	return kept
}

// Events without their texts.
func (s span) Events() []sdktrace.Event {
	events := append([]sdktrace.Event(nil), s.ReadOnlySpan.Events()...)
	for i := range events {
		events[i].Attributes = listed(events[i].Attributes, true)
		if events[i].Name != "message" && events[i].Name != "exception" {
			events[i].Name = "event"
		}
	}
	return events
}

// Links without attributes and foreign state.
func (s span) Links() []sdktrace.Link {
	links := append([]sdktrace.Link(nil), s.ReadOnlySpan.Links()...)
	for i := range links {
		links[i].Attributes, links[i].SpanContext = nil, stateless(links[i].SpanContext)
	}
	return links
}

// Status without the text of an error.
func (s span) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.code()}
}

func (s span) code() codes.Code { return s.ReadOnlySpan.Status().Code }

// SpanContext without the caller's trace state, which is free text.
func (s span) SpanContext() trace.SpanContext { return stateless(s.ReadOnlySpan.SpanContext()) }

// Parent without the caller's trace state.
func (s span) Parent() trace.SpanContext { return stateless(s.ReadOnlySpan.Parent()) }

func stateless(c trace.SpanContext) trace.SpanContext { return c.WithTraceState(trace.TraceState{}) }
