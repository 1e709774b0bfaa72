package cells

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// transport is how a call is made.
type transport string

const (
	native  transport = "gRPC"
	connect transport = "Connect"
)

// answer is what came of a call.
type answer struct {
	code   codes.Code
	reason string
	// text is everything an error says: message and details.
	text string
	// size of the error, or of the replies, on the wire in bytes.
	size    int
	replies []proto.Message
	// raw are the replies as they came.
	raw [][]byte
	// after is when to try again, when the hub said so.
	after time.Duration
}

const (
	patience = 8 * time.Second
	// listening is how long a stream that only tells of news is listened to.
	listening = 250 * time.Millisecond
	// maxReplies of a stream are read.
	maxReplies = 20
)

// most is how many replies of a method are read. A stream that first tells how
// things are, and then of news, is left after the first.
func most(m protoreflect.MethodDescriptor) int {
	if m.IsStreamingServer() && strings.HasPrefix(string(m.Name()), "Watch") && m.Name() != "WatchSubmissions" {
		return 1
	}
	return maxReplies
}

// call makes a call with one request. A stream that only tells of news is
// listened to for a moment, when its caller may listen at all: a verdict that is
// late on a busy machine must not look like silence.
func (h *Hub) call(ctx context.Context, t transport, authorization string, m protoreflect.MethodDescriptor, request proto.Message, mayListen bool) (*answer, error) {
	wait := patience
	if m.Name() == "WatchSubmissions" && mayListen { // the other streams end by themselves
		wait = listening
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if t == native {
		return h.native(ctx, authorization, m, request)
	}
	return h.connect(ctx, authorization, m, request)
}

func path(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

func fresh(m protoreflect.MessageDescriptor) (proto.Message, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByName(m.FullName())
	if err != nil {
		return nil, err
	}
	return t.New().Interface(), nil
}

func (h *Hub) native(ctx context.Context, authorization string, m protoreflect.MethodDescriptor, request proto.Message) (*answer, error) {
	if authorization != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
	}
	a := &answer{}
	stream, err := h.Native.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, path(m), grpc.MaxCallRecvMsgSize(8<<20))
	if err == nil {
		if err = stream.SendMsg(request); err == nil || errors.Is(err, io.EOF) {
			err = stream.CloseSend()
		}
	}
	for err == nil && len(a.replies) < most(m) {
		var reply proto.Message
		if reply, err = fresh(m.Output()); err != nil {
			return nil, err
		}
		if err = stream.RecvMsg(reply); err == nil {
			if failed := a.add(reply); failed != nil {
				return nil, failed
			}
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		st := status.Convert(err)
		a.fail(st.Code(), st.Message(), st.Details())
		a.size = proto.Size(st.Proto())
	}
	return a, nil
}

func (a *answer) add(reply proto.Message) error {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(reply)
	if err != nil {
		return err
	}
	a.replies, a.raw, a.size = append(a.replies, reply), append(a.raw, raw), a.size+len(raw)
	return nil
}

func (a *answer) fail(code codes.Code, message string, details []any) {
	a.code, a.text = code, message
	for _, d := range details {
		m, ok := d.(proto.Message)
		if !ok {
			continue
		}
		raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m) // what was just decoded
		a.text += "\n" + string(m.ProtoReflect().Descriptor().FullName()) + " " + string(raw)
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			a.reason = d.GetReason()
		case *errdetails.RetryInfo:
			a.after = d.GetRetryDelay().AsDuration()
		}
	}
}

func (h *Hub) connect(ctx context.Context, authorization string, m protoreflect.MethodDescriptor, request proto.Message) (*answer, error) {
	body, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	kind, streams := "application/proto", m.IsStreamingClient() || m.IsStreamingServer()
	if streams {
		kind = "application/connect+proto"
		body = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.HTTP+path(m), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Connect-Protocol-Version", "1")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	a := &answer{}
	response, err := h.Client.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			return nil, err
		}
		a.fail(codes.DeadlineExceeded, "the caller stopped listening", nil)
		return a, nil
	}
	defer response.Body.Close()
	switch {
	case streams && response.StatusCode == http.StatusOK:
		return a, a.stream(ctx, m, response.Body)
	case response.StatusCode == http.StatusOK:
		raw, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		return a, a.decode(m, raw)
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	a.size = len(raw)
	if response.StatusCode == http.StatusNotFound && !json.Valid(raw) {
		a.fail(codes.Unimplemented, "there is nothing at this path", nil)
		return a, nil
	}
	return a, a.failed(raw)
}

func (a *answer) decode(m protoreflect.MethodDescriptor, raw []byte) error {
	reply, err := fresh(m.Output())
	if err == nil {
		err = proto.Unmarshal(raw, reply)
	}
	if err != nil {
		return err
	}
	return a.add(reply)
}

// stream reads the envelopes of a Connect stream; the last holds its end.
func (a *answer) stream(ctx context.Context, m protoreflect.MethodDescriptor, body io.Reader) error {
	for len(a.replies) < most(m) {
		var head [5]byte
		_, err := io.ReadFull(body, head[:])
		var raw []byte
		if err == nil {
			raw = make([]byte, binary.BigEndian.Uint32(head[1:]))
			_, err = io.ReadFull(body, raw)
		}
		switch {
		case ctx.Err() != nil:
			a.fail(codes.DeadlineExceeded, "the caller stopped listening", nil)
			return nil //nolint:nilerr // that is the answer
		case err != nil:
			return err
		case head[0]&2 == 0:
			if err := a.decode(m, raw); err != nil {
				return err
			}
			continue
		}
		var end struct {
			Error json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal(raw, &end); err != nil || end.Error == nil {
			return err
		}
		a.size = len(raw)
		return a.failed(end.Error)
	}
	return nil
}

// names are Connect's names of codes.
var names = func() map[string]codes.Code {
	all := map[string]codes.Code{"canceled": codes.Canceled}
	for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
		var word strings.Builder
		for i, r := range c.String() {
			if r >= 'A' && r <= 'Z' && i > 0 {
				word.WriteByte('_')
			}
			word.WriteRune(r)
		}
		all[strings.ToLower(word.String())] = c
	}
	return all
}()

// failed reads an error as Connect writes it.
func (a *answer) failed(raw []byte) error {
	var e struct {
		Code, Message string
		Details       []struct{ Type, Value string }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return errors.New("no Connect error: " + string(raw[:min(len(raw), 200)]))
	}
	code, ok := names[e.Code]
	if !ok {
		code = codes.Unknown
	}
	var details []any
	for _, d := range e.Details {
		t, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(d.Type))
		if err != nil {
			continue
		}
		m := t.New().Interface()
		value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
		if err == nil && proto.Unmarshal(value, m) == nil {
			details = append(details, m)
		}
	}
	a.fail(code, e.Message, details)
	return nil
}

// holds reports whether an answer says a word anywhere, also inside fields whose
// bytes are messages of their own.
func (a *answer) holds(word string) bool {
	if strings.Contains(a.text, word) {
		return true
	}
	for _, raw := range a.raw {
		if bytes.Contains(raw, []byte(word)) {
			return true
		}
	}
	return false
}

// unset reports whether a path leads to nothing in a message.
func unset(m protoreflect.Message, path string) bool {
	name, rest, more := strings.Cut(path, ".")
	f := m.Descriptor().Fields().ByName(protoreflect.Name(name))
	switch {
	case f == nil || !m.Has(f):
		return true
	case !more:
		return false
	case f.IsList():
		list := m.Get(f).List()
		for i := range list.Len() {
			if !unset(list.Get(i).Message(), rest) {
				return false
			}
		}
		return true
	}
	return unset(m.Get(f).Message(), rest)
}
