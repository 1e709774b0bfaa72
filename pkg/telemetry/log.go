package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/redact"
)

// guard stands before the handler that writes lines: whatever is logged, a line
// has known attributes only, no message whole, no value an error quotes, and is
// one line.
type guard struct {
	next   slog.Handler
	hidden prometheus.Counter // values replaced; nil counts nothing
}

// Handler puts the guard before a handler of log lines. Every logger of the hub
// writes through one; hidden counts the values that were replaced and may be nil.
func Handler(next slog.Handler, hidden prometheus.Counter) slog.Handler {
	return &guard{next: next, hidden: hidden}
}

func newHidden() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: "noticehub_log_values_hidden_total", Help: "Values of log lines that were replaced because their attribute is not on the list.",
	})
}

func lines(w io.Writer, cfg Config, hidden prometheus.Counter) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // validated before
	options := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(Handler(slog.NewJSONHandler(w, options), hidden))
	}
	return slog.New(Handler(slog.NewTextHandler(w, options), hidden))
}

func (g *guard) Enabled(ctx context.Context, level slog.Level) bool {
	return g.next.Enabled(ctx, level)
}

func (g *guard) Handle(ctx context.Context, r slog.Record) error {
	safe := slog.NewRecord(r.Time, r.Level, redact.Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		safe.AddAttrs(g.attr(a))
		return true
	})
	return g.next.Handle(ctx, safe)
}

func (g *guard) WithAttrs(attrs []slog.Attr) slog.Handler {
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = g.attr(a)
	}
	return &guard{next: g.next.WithAttrs(safe), hidden: g.hidden}
}

func (g *guard) WithGroup(name string) slog.Handler {
	return &guard{next: g.next.WithGroup(redact.Plain(name)), hidden: g.hidden}
}

// attr is an attribute as it may be written.
func (g *guard) attr(a slog.Attr) slog.Attr {
	if a.Equal(slog.Attr{}) {
		return a
	}
	v := resolve(a.Value)
	if v.Kind() == slog.KindGroup {
		inside := make([]slog.Attr, 0, len(v.Group()))
		for _, in := range v.Group() {
			inside = append(inside, g.attr(in))
		}
		return slog.Attr{Key: redact.Plain(a.Key), Value: slog.GroupValue(inside...)}
	}
	switch {
	case a.Key == panicKey:
		return slog.String(a.Key, panicked(v))
	case a.Key == stackKey:
		return slog.String(a.Key, redact.Frames(v.String()))
	case troubleKeys[a.Key]:
		if err, ok := v.Any().(error); ok {
			return slog.String(a.Key, redact.Error(err))
		}
		return slog.Attr{Key: a.Key, Value: plain(v, redact.Text)}
	case plainKeys[a.Key]:
		return slog.Attr{Key: a.Key, Value: plain(v, redact.Plain)}
	}
	if g.hidden != nil {
		g.hidden.Inc()
	}
	return slog.String(redact.Plain(a.Key), redact.Hidden)
}

// resolve asks a value what it is to be logged as; one that panics is nothing.
func resolve(v slog.Value) (is slog.Value) {
	defer func() {
		if recover() != nil {
			is = slog.StringValue(redact.Hidden)
		}
	}()
	return v.Resolve()
}

// panicked lets only words through that redact chose: whoever logs a panic's
// value itself may log what somebody wrote.
func panicked(v slog.Value) string {
	if p, ok := v.Any().(redact.Panicked); ok {
		return string(p)
	}
	text := strings.TrimPrefix(v.String(), "panic: ")
	if strings.HasPrefix(text, "runtime error: ") || strings.HasPrefix(text, "a value of type ") {
		return redact.Text(text)
	}
	return redact.Hidden
}

// plain keeps numbers, truth values and times; texts are made one bounded line,
// and of anything else the type is told.
func plain(v slog.Value, text func(string) string) (is slog.Value) {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(text(v.String()))
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindDuration, slog.KindTime:
		return v
	}
	defer func() {
		if recover() != nil { // a String method that is broken
			is = slog.StringValue(redact.Hidden)
		}
	}()
	switch x := v.Any().(type) {
	case nil:
		return v
	case error:
		return slog.StringValue(redact.Error(x))
	case proto.Message:
		return slog.StringValue("a message of type " + string(x.ProtoReflect().Descriptor().FullName()))
	case fmt.Stringer:
		return slog.StringValue(text(x.String()))
	case []string:
		return slog.StringValue(text(strings.Join(x, " ")))
	default:
		switch r := reflect.ValueOf(x); r.Kind() {
		case reflect.String:
			return slog.StringValue(text(r.String()))
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			return slog.Int64Value(r.Int())
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return slog.Uint64Value(r.Uint())
		}
		return slog.StringValue(fmt.Sprintf("a value of type %T", x))
	}
}
