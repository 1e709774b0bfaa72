//go:build attack

package attacktest

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// wires are cases 33 to 37: connections, deadlines, headers, and what is not served.
func wires() []attack {
	return []attack{
		{number: 33, name: "floods of frames", noRecord: "frames are no calls: the connection ends; metric only", run: floods},
		{number: 35, name: "strange deadlines", noRecord: "a deadline is the caller's own affair", run: deadlines},
		{number: 36, name: "headers: too large, forged, personal", record: "call.refused CREDENTIALS_MISSING", run: headers},
		{number: 37, name: "reflection, channelz, profiles and metrics outside development", noRecord: "what is not served has no rule to refuse by", run: unserved},
	}
}

// frames is a connection by hand.
type frames struct {
	net.Conn
	*http2.Framer
	block bytes.Buffer
	coder *hpack.Encoder
	open  atomic.Bool
}

func (a *attempt) frames() *frames {
	a.Helper()
	c := a.config()
	c.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", a.hub.GRPC(), c)
	if err != nil {
		a.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		a.Fatal(err)
	}
	f := &frames{Conn: conn, Framer: http2.NewFramer(conn, conn)}
	f.coder = hpack.NewEncoder(&f.block)
	f.open.Store(true)
	_ = f.WriteSettings()
	go func() {
		for {
			if _, err := f.ReadFrame(); err != nil {
				f.open.Store(false)
				return
			}
		}
	}()
	return f
}

func (f *frames) headers(fields ...string) []byte {
	f.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = f.coder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return f.block.Bytes()
}

func (f *frames) call() []byte {
	return f.headers(":method", "POST", ":scheme", "https", ":path", "/noticehub.intake.v1.IntakeService/GetSubmission", ":authority", "x", "content-type", "application/grpc", "te", "trailers")
}

// floods must end their connection or cost little; others are served meanwhile.
func floods(a *attempt) {
	other, err := a.as(authority("frc"))
	if err != nil {
		a.Fatal(err)
	}
	probe := func() time.Duration {
		began := time.Now()
		ctx, cancel := context.WithTimeout(a.ctx, 5*time.Second)
		defer cancel()
		_, err := intakev1.NewIntakeServiceClient(other).GetSubmission(ctx, &intakev1.GetSubmissionRequest{Reference: "hello"})
		if err != nil {
			a.Errorf("another caller: %v", err)
		}
		return time.Since(began)
	}
	median := func() time.Duration {
		var all []time.Duration
		for range 15 {
			all = append(all, probe())
			time.Sleep(25 * time.Millisecond) // within the limit of calls, however fast the answers are
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	quiet := median()
	for name, flood := range map[string]struct {
		send   func(f *frames)
		closed bool
	}{
		"rapid reset": {func(f *frames) {
			for id := uint32(1); id < 20_000 && f.open.Load(); id += 2 {
				_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.call(), EndHeaders: true})
				_ = f.WriteRSTStream(id, http2.ErrCodeCancel)
			}
		}, false},
		"10,000 streams": {func(f *frames) {
			for id := uint32(1); id < 20_000 && f.open.Load(); id += 2 {
				_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.call(), EndHeaders: true})
			}
		}, false},
		"header flood": {func(f *frames) {
			for id := uint32(1); id < 400 && f.open.Load(); id += 2 {
				_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.headers("x-long", strings.Repeat("y", 12_000)), EndHeaders: true})
			}
		}, false},
		"continuations": {func(f *frames) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.call()})
			for i := 0; i < 4000 && f.open.Load(); i++ {
				_ = f.WriteContinuation(1, false, f.headers("x-more", strings.Repeat("y", 4000)))
			}
		}, true},
		"pings": {func(f *frames) {
			for i := 0; i < 400 && f.open.Load(); i++ {
				_ = f.WritePing(false, [8]byte{1})
			}
		}, true},
		"settings": {func(f *frames) {
			for i := 0; i < 20_000 && f.open.Load(); i++ {
				_ = f.WriteSettings()
			}
		}, false},
		"slow window": {func(f *frames) {
			_ = f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			for id := uint32(1); id < 130 && f.open.Load(); id += 2 {
				_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.call(), EndHeaders: true})
				_ = f.WriteData(id, true, []byte(envelope("")))
			}
		}, false},
	} {
		f := a.frames()
		done := make(chan struct{})
		go func() {
			defer close(done)
			flood.send(f)
		}()
		if loud := median(); loud > max(2*quiet, 100*time.Millisecond) {
			a.Errorf("%s: another caller waits %s instead of %s", name, loud, quiet)
		}
		if flood.closed {
			closed := false
			for deadline := time.Now().Add(5 * time.Second); !closed && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				closed = !f.open.Load()
			}
			if !closed {
				a.Errorf("%s: the connection stays open", name)
			}
		}
		_ = f.Close()
		<-done
	}
}

func deadlines(a *attempt) {
	body := envelope("")
	for timeout, want := range map[string][]string{
		"0n": {"4", "none"}, "1n": {"4", "none"}, "99999999H": {"3"}, "87600H": {"3"}, "": {"3"},
		"10Y": {"13", "3", "none"}, "-1S": {"13", "3", "none"}, "999999999999S": {"13", "3", "none"}, "x": {"13", "3", "none"},
	} {
		began := time.Now()
		got, text := a.rawStatus(body, "grpc-timeout", timeout)
		if !slices.Contains(want, got) || time.Since(began) > 11*time.Second {
			a.Errorf("timeout %q: %s %s after %s, want %v", timeout, got, text, time.Since(began), want)
		}
	}
}

func headers(a *attempt) {
	intake := intakev1.NewIntakeServiceClient(a.hostile(attacker))
	request := &intakev1.GetSubmissionRequest{Reference: "hello"}
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(a.ctx, "x-long", strings.Repeat("x", 64<<10)), 5*time.Second)
	defer cancel()
	if _, err := intake.GetSubmission(ctx, request); err == nil || status.Code(err) == codes.DeadlineExceeded {
		a.Errorf("64 KiB of metadata: %v", err)
	}
	ctx = metadata.AppendToOutgoingContext(a.ctx, "x-bin", "\x00\xff\r\n", "baggage", "customer=Baggagewitness", "tracestate", "x=Baggagewitness", "x-request-id", "Baggagewitness", "user-agent", "Baggagewitness")
	if _, err := intake.GetSubmission(ctx, request); err != nil {
		a.Errorf("binary and trace metadata: %v", err)
	}
	if code, _, _ := a.send(a.request(http.MethodGet, "/v1/submissions/x", "", "X-Long", strings.Repeat("x", 64<<10))); code != 0 && code != http.StatusRequestHeaderFieldsTooLarge {
		a.Errorf("64 KiB of headers: %d", code)
	}
	if code, _, _ := a.send(a.request(http.MethodGet, "/v1/submissions/"+a.theirs.GetSubmissionId(), "", "X-Forwarded-For", "203.0.113.7", "X-Real-Ip", "203.0.113.7", "Forwarded", "for=203.0.113.7;proto=https",
		"X-Forwarded-Proto", "https", "X-Forwarded-Host", "203.0.113.7", "Baggage", "customer=Baggagewitness")); code != http.StatusUnauthorized {
		a.Errorf("without credentials: %d", code)
	}
	var held int
	if err := a.db.QueryRow(a.ctx, `SELECT count(*) FROM audit.record WHERE convert_from(entries, 'UTF8') LIKE '%203.0.113.7%' OR convert_from(entries, 'UTF8') LIKE '%Baggagewitness%' OR trace LIKE '%Baggage%'`).Scan(&held); err != nil || held > 0 {
		a.Errorf("%d audit records believe forged headers, %v", held, err)
	}
	for _, word := range []string{"203.0.113.7", "Baggagewitness"} {
		if strings.Contains(a.log.String(), word) {
			a.Errorf("the log holds %s", word)
		}
	}
}

// unserved asks a server as services start it outside development for what only
// development has. (The hub of this test is for development.)
func unserved(a *attempt) {
	server, err := rpc.NewServer(rpc.Options{
		Name: "outside", Telemetry: telemetry.Discard(), Authenticator: identity.Chain(identity.Ways{Development: identity.Development()}),
		Table: access.Table("noticehub.intake.v1.IntakeService"), TLS: rpc.TLS{GRPC: a.serverConfig},
	})
	if err != nil {
		a.Fatal(err)
	}
	intakev1.RegisterIntakeServiceServer(server, intakev1.UnimplementedIntakeServiceServer{})
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			a.Fatal(err)
		}
		return l
	}
	native, web := listen(), listen()
	ctx, cancel := context.WithCancel(a.ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, rpc.Listeners{GRPC: native, HTTP: web}) }()
	defer func() {
		cancel()
		<-ended
	}()
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/profile", "/debug/vars", "/debug/requests", "/config", "/env", "/.git/config", "/server-status", "/actuator"} {
		r, err := http.NewRequestWithContext(a.ctx, http.MethodGet, "http://"+web.Addr().String()+path, nil)
		if err != nil {
			a.Fatal(err)
		}
		if code, _, body := a.send(r); code != http.StatusNotFound {
			a.Errorf("%s: %d %.100s", path, code, body)
		}
	}
	conn, err := grpc.NewClient(web.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		a.Fatal(err)
	}
	defer conn.Close()
	reflection, err := grpc_reflection_v1.NewServerReflectionClient(conn).ServerReflectionInfo(a.ctx)
	if err == nil {
		_, err = reflection.Recv()
	}
	if code := status.Code(err); code != codes.Unimplemented && code != codes.Unknown && code != codes.Unauthenticated && code != codes.PermissionDenied {
		a.Errorf("reflection: %v", err)
	}
	for _, method := range []string{"/grpc.channelz.v1.Channelz/GetTopChannels", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/noticehub.sandbox.v1.ClockService/AdvanceClock"} {
		if err := conn.Invoke(a.ctx, method, &intakev1.GetSubmissionRequest{}, &intakev1.GetSubmissionResponse{}); status.Code(err) == codes.OK {
			a.Errorf("%s is served", method)
		}
	}
	// And the hub itself does not serve its clock to everybody.
	err = a.hostile(attacker).Invoke(a.ctx, "/noticehub.sandbox.v1.ClockService/AdvanceClock", &intakev1.GetSubmissionRequest{}, &intakev1.GetSubmissionResponse{})
	a.refused("the clock", err, codes.PermissionDenied, "METHOD_DENIED")
}

// serverConfig is that of the hub's own certificate.
func (w *world) serverConfig() (*tls.Config, error) {
	files, err := w.ca.Server("outside")
	if err != nil {
		return nil, err
	}
	s, err := w.store(files)
	if err != nil {
		return nil, err
	}
	return s.Server()
}
