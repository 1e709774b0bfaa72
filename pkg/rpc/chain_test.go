package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

func TestCallsAreAuthenticatedAndChecked(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	for _, c := range []struct {
		token, method string
		kind          fault.Kind
		reason        string
	}{
		{"", echoMethod, fault.Unauthenticated, "CREDENTIALS_MISSING"},
		{"rubbish", echoMethod, fault.Unauthenticated, "CREDENTIALS_INVALID"},
		{"dev.person.alice.officer", echoMethod, fault.Denied, "METHOD_DENIED"},
		{frc, "/" + service + "/Unruled", fault.Denied, "METHOD_DENIED"},
	} {
		_, f := call(t.Context(), w.dial(t, c.token), c.method, request(t, ""))
		if f == nil || f.Kind != c.kind || f.Reason != c.reason || f.Help == "" {
			t.Errorf("%q %s: %+v", c.token, c.method, f)
		}
		if c.method != echoMethod {
			continue
		}
		stream, err := w.dial(t, c.token).NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, chatMethod)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(responseType.New().Interface()); fault.KindOf(rpc.Fault(err)) != c.kind {
			t.Errorf("%q: the stream gave %v", c.token, err)
		}
	}
	out, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, `text: "hello"`))
	if f != nil || field(out, "text") != "hello" || field(out, "caller") != "authority:frc" {
		t.Errorf("%v, %v", out, f)
	}
	twice := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer dev.authority.nt-cp")
	if _, f := call(twice, w.dial(t, frc), echoMethod, request(t, "")); f == nil || f.Kind != fault.Unauthenticated {
		t.Errorf("two authorizations: %+v", f)
	}
	if strings.Contains(w.log.String(), "rubbish") {
		t.Error("a credential is in the log")
	}
	if !strings.Contains(w.log.String(), "officer:alice") {
		t.Error("a refused call is not in the log")
	}
}

func TestStrangersAreRefusedBeforeDecoding(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	if _, f := call(t.Context(), w.dial(t, ""), echoMethod, wrapperspb.Bytes([]byte{0xff})); f == nil || f.Kind != fault.Unauthenticated {
		t.Errorf("%+v", f)
	}
}

func TestRequestsAreValidated(t *testing.T) {
	t.Parallel()
	reached := false
	w := start(t, &echo{unary: func(context.Context, proto.Message) (proto.Message, error) { reached = true; return nil, nil }}, nil)
	c := w.dial(t, frc)
	unknown := withUnknown(t, func(u []byte) []byte { return message(2, u) })
	for name, in := range map[string]proto.Message{
		"item.percent": request(t, "item { percent: 101 }"),
		"item.99":      unknown,
	} {
		_, f := call(t.Context(), c, echoMethod, in)
		if f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != name || !strings.Contains(f.Message, name) || f.Help == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for name, in := range map[string]proto.Message{
		"not UTF-8":   wrapperspb.Bytes([]byte("\xff\xfe")), // bytes in field 1, where the contract has a string
		"wrong bytes": raw("\x0a\xff"),
		"deep":        raw(strings.Repeat("\x13", 20000)),
	} {
		if _, f := call(t.Context(), c, echoMethod, in); f == nil || f.Kind != fault.Invalid || f.Reason != "MESSAGE_INVALID" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if reached {
		t.Error("an invalid request reached the handler")
	}
	if strings.Contains(w.log.String(), "call failed") {
		t.Errorf("callers' mistakes are logged as defects: %s", w.log)
	}
}

// raw is a message that is encoded as the given bytes.
func raw(b string) proto.Message {
	m := &wrapperspb.StringValue{}
	m.ProtoReflect().SetUnknown([]byte(b))
	return m
}

func TestTooLargeMessages(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	c := w.dial(t, frc)
	big := responseType.New().Interface()
	big.ProtoReflect().Set(responseType.Descriptor().Fields().ByName("text"), textOf(strings.Repeat("x", 256<<10)))
	for name, o := range map[string][]grpc.CallOption{"plain": nil, "compressed": {grpc.UseCompressor(gzip.Name)}} {
		_, f := call(t.Context(), c, echoMethod, big, o...)
		if f == nil || f.Kind != fault.Exhausted || !strings.Contains(f.Message, "262144") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if out, f := call(t.Context(), c, echoMethod, request(t, `text: "small"`), grpc.UseCompressor(gzip.Name)); f != nil || field(out, "text") != "small" {
		t.Errorf("a small compressed message: %+v", f)
	}
}

func TestDeadlineIsCapped(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 1)
	w := start(t, &echo{unary: func(ctx context.Context, m proto.Message) (proto.Message, error) {
		at, ok := ctx.Deadline()
		if !ok {
			left <- -1
		} else {
			left <- time.Until(at)
		}
		if field(m, "text") == "wait" {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return response(ctx, ""), nil
	}}, nil)
	c := w.dial(t, frc)
	for name, given := range map[string]time.Duration{"none": 0, "ten years": 10 * 365 * 24 * time.Hour, "three seconds": 3 * time.Second} {
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		most := 10 * time.Second
		if given > 0 {
			ctx, cancel = context.WithTimeout(ctx, given)
			most = min(most, given)
		}
		if _, f := call(ctx, c, echoMethod, request(t, "")); f != nil {
			t.Errorf("%s: %+v", name, f)
		}
		cancel()
		if got := <-left; got <= 0 || got > most {
			t.Errorf("%s: the handler has %s", name, got)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, f := call(ctx, c, echoMethod, request(t, `text: "wait"`)); f == nil || f.Kind != fault.Deadline {
		t.Errorf("a late call: %+v", f)
	}
}

func TestDefectsAreLoggedNotTold(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{
		unary: func(_ context.Context, m proto.Message) (proto.Message, error) {
			if field(m, "text") == "panic" {
				panic("the cellar")
			}
			return nil, errors.New("the attic")
		},
		stream: func(proto.Message, grpc.ServerStream) error { panic("the garden") },
	}, nil)
	c := w.dial(t, frc)
	for _, text := range []string{"panic", "error"} {
		if _, f := call(t.Context(), c, echoMethod, request(t, `text: "`+text+`"`)); f == nil || f.Kind != fault.Internal || strings.Contains(f.Error(), "cellar") || strings.Contains(f.Error(), "attic") {
			t.Errorf("%s: %+v", text, f)
		}
	}
	stream, err := c.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, chatMethod)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(responseType.New().Interface()); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "garden") {
		t.Errorf("the stream gave %v", err)
	}
	for _, where := range []string{"a value of type string", "the attic", "chain_test.go", "stack=", "method=" + echoMethod, "method=" + chatMethod} {
		if !strings.Contains(w.log.String(), where) {
			t.Errorf("%q is not in the log", where)
		}
	}
	for _, what := range []string{"the cellar", "the garden"} {
		if strings.Contains(w.log.String(), what) {
			t.Errorf("what a handler panicked with, %q, is in the log", what)
		}
	}
	if _, f := call(t.Context(), c, echoMethod, request(t, "")); f == nil {
		t.Error("the server does not go on after a panic")
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	c := w.dial(t, frc)
	chat, err := c.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, chatMethod)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{`text: "one"`: "one", `item { percent: 101 }`: "item.percent: must be", `text: "two"`: "two"} {
		out := responseType.New().Interface()
		if err := errors.Join(chat.SendMsg(request(t, in)), chat.RecvMsg(out)); err != nil || !strings.HasPrefix(field(out, "text"), want) {
			t.Errorf("%s: %v, %v", in, out, err)
		}
	}
	if err := chat.SendMsg(raw("\x0a\xff")); err != nil {
		t.Fatal(err)
	}
	if err := chat.RecvMsg(responseType.New().Interface()); fault.KindOf(rpc.Fault(err)) != fault.Invalid {
		t.Errorf("an undecodable message of a stream: %v", err)
	}
	watch, err := c.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, watchMethod)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(watch.SendMsg(request(t, "item { percent: -1 }")), watch.CloseSend()); err != nil {
		t.Fatal(err)
	}
	if err := watch.RecvMsg(responseType.New().Interface()); fault.KindOf(rpc.Fault(err)) != fault.Invalid {
		t.Errorf("the one request of a server stream is not validated: %v", err)
	}
}

func TestTraceContinues(t *testing.T) {
	t.Parallel()
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	got := make(chan string, 1)
	w := start(t, &echo{unary: func(ctx context.Context, _ proto.Message) (proto.Message, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		got <- telemetry.Traceparent(ctx) + strings.Join(md["baggage"], "")
		return response(ctx, ""), nil
	}}, nil)
	ctx := telemetry.WithTraceparent(t.Context(), "00-"+traceID+"-b7ad6b7169203331-01")
	if _, f := call(ctx, w.dial(t, frc), echoMethod, request(t, "")); f != nil {
		t.Fatal(f)
	}
	if tp := <-got; !strings.HasPrefix(tp, "00-"+traceID) {
		t.Errorf("the handler's traceparent is %q", tp)
	}
}
