package rpc_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Attacks 17 to 19, by hand on the gRPC port: what is said in the envelope is
// not believed, what decompresses without end is cut.
func TestHostileMessages(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	bomb := zip(t, strings.Repeat("\x00", 32<<20))
	nested := zip(t, bomb)
	compressed := func(s string) string { return "\x01" + envelope(s)[1:] }
	for name, c := range map[string]struct {
		body, encoding string
		status         []string
	}{
		"1 GiB declared":        {"\x00\x40\x00\x00\x00x", "", []string{"8"}},
		"4 GiB declared":        {"\x00\xff\xff\xff\xffx", "", []string{"8"}},
		"one byte too many":     {envelope(strings.Repeat("x", 256<<10+1)), "", []string{"8"}},
		"4 MiB":                 {envelope(strings.Repeat("x", 4<<20)), "", []string{"8"}},
		"bomb of 1:1000":        {compressed(bomb), "gzip", []string{"8"}},
		"nested bomb":           {compressed(nested), "gzip", []string{"3", "8"}},
		"zstd":                  {compressed("\x28\xb5\x2f\xfd"), "zstd", []string{"12"}},
		"not compressed at all": {compressed("x"), "gzip", []string{"13", "3"}},
		"groups 10,001 deep":    {envelope(strings.Repeat("\x13", 10_001)), "", []string{"3"}},
		"messages deep":         {envelope(deep(10_001)), "", []string{"3"}},
		"overlong varint":       {envelope("\x12\x0c\x10" + strings.Repeat("\x80", 10) + "\x01"), "", []string{"3"}},
		"end of a group":        {envelope("\x14"), "", []string{"3"}},
		"field number 0":        {envelope("\x00\x01"), "", []string{"3"}},
		"not UTF-8":             {envelope("\x0a\x01\xff"), "", []string{"3"}},
		"a field 60,000 times":  {envelope(strings.Repeat("\x0a\x00", 60_000)), "", []string{"0"}},
	} {
		began := time.Now()
		got := w.raw(t, c.body, c.encoding)
		good := false
		for _, s := range c.status {
			good = good || got == s
		}
		if took := time.Since(began); !good || took > 2*time.Second {
			t.Errorf("%s: status %q after %s", name, got, took)
		}
	}
	if _, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, "")); f != nil {
		t.Errorf("afterwards: %+v", f)
	}
}

// deep is a message with so many messages in it, each within the one before.
func deep(n int) string {
	var b []byte
	for range n {
		b = message(3, b)
		if len(b) > 200<<10 {
			break
		}
	}
	return string(message(2, b))
}

// Attack 36: headers of 64 KiB are cut, binary ones do no harm.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	c := w.dial(t, frc)
	big := outgoing(t.Context(), "x-long", strings.Repeat("x", 64<<10))
	ctx, cancel := context.WithTimeout(big, 20*time.Second)
	defer cancel()
	if _, f := call(ctx, c, echoMethod, request(t, "")); f == nil || f.Kind == fault.Deadline {
		t.Errorf("64 KiB of metadata: %+v", f)
	}
	if _, f := call(outgoing(t.Context(), "x-bin", "\x00\xff\r\n"), c, echoMethod, request(t, "")); f != nil {
		t.Errorf("a binary key: %+v", f)
	}
	// net/http answers 431 and hangs up, which may reach the client before the answer.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http+"/v1/echo/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	if answer, err := http.DefaultClient.Do(r); err == nil {
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("by HTTP: %s", answer.Status)
		}
	}
}

// wire is a connection by hand.
type wire struct {
	net.Conn
	*http2.Framer
	block bytes.Buffer
	coder *hpack.Encoder
	open  atomic.Bool
}

func newWire(t *testing.T, address string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	w := &wire{Conn: c, Framer: http2.NewFramer(c, c)}
	w.coder = hpack.NewEncoder(&w.block)
	w.open.Store(true)
	if err := w.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	go func() { // reads until the server closes
		for {
			if _, err := w.ReadFrame(); err != nil {
				w.open.Store(false)
				return
			}
		}
	}()
	return w
}

func (w *wire) headers(fields ...string) []byte {
	w.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = w.coder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}) // into memory
	}
	return w.block.Bytes()
}

func (w *wire) callHeaders() []byte {
	return w.headers(":method", "POST", ":scheme", "http", ":path", echoMethod, ":authority", "x",
		"content-type", "application/grpc", "te", "trailers", "authorization", "Bearer "+frc)
}

// closes reports whether the server ends the connection by itself.
func (w *wire) closes() bool {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if !w.open.Load() {
			return true
		}
	}
	return false
}

// Attack 33, moderately: floods of frames end their connection or cost little,
// and others are served meanwhile.
func TestFloodsOfFrames(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int64
	w := start(t, &echo{unary: func(ctx context.Context, m proto.Message) (proto.Message, error) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer running.Add(-1)
		if field(m, "text") == "" {
			time.Sleep(time.Millisecond)
		}
		return plain(ctx, m)
	}}, nil)
	other := w.dial(t, frc)
	for name, flood := range map[string]struct {
		frames func(c *wire)
		closed bool
	}{
		"rapid reset": {func(c *wire) {
			for id := uint32(1); id < 4000 && c.open.Load(); id += 2 {
				_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.callHeaders(), EndHeaders: true})
				_ = c.WriteData(id, true, []byte(envelope("")))
				_ = c.WriteRSTStream(id, http2.ErrCodeCancel)
			}
		}, false},
		"10,000 streams": {func(c *wire) {
			for id := uint32(1); id < 20_000 && c.open.Load(); id += 2 {
				_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.callHeaders(), EndHeaders: true})
			}
		}, false},
		"pings": {func(c *wire) {
			for range 200 {
				_ = c.WritePing(false, [8]byte{1})
			}
		}, true},
		"continuations": {func(c *wire) {
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.callHeaders()})
			piece := c.headers("x-more", strings.Repeat("y", 4000))
			for i := 0; i < 2000 && c.open.Load(); i++ {
				_ = c.WriteContinuation(1, false, piece)
			}
		}, true},
		"settings": {func(c *wire) {
			for i := 0; i < 20_000 && c.open.Load(); i++ {
				_ = c.WriteSettings()
			}
		}, false},
	} {
		c := newWire(t, w.grpc)
		done := make(chan struct{})
		go func() {
			defer close(done)
			flood.frames(c)
		}()
		for i := 0; i < 20; i++ {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if _, f := call(ctx, other, echoMethod, request(t, `text: "x"`)); f != nil {
				t.Errorf("%s: another caller gets %+v", name, f)
			}
			cancel()
		}
		if flood.closed && !c.closes() {
			t.Errorf("%s: the connection stays open", name)
		}
		_ = c.Close()
		<-done
	}
	if n := most.Load(); n > 2*64+2 {
		t.Errorf("%d calls were served at a time", n)
	}
}
