package rpc_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	var asked atomic.Int32
	w := start(t, &echo{}, nil, func(s *rpc.Server) {
		s.Ready("database", func(context.Context) error {
			asked.Add(1)
			if down.Load() {
				return errors.New("connection refused by db.internal")
			}
			return nil
		})
		s.Ready("broker", func(context.Context) error { return nil })
	})
	for range 50 { // anybody may ask often
		code, got, _ := w.send(t, "GET", "/readyz", "", "Authorization: ")
		if code != 503 || !strings.Contains(got, "database") || strings.Contains(got, "broker") || strings.Contains(got, "db.internal") {
			t.Fatalf("/readyz: %d %s", code, got)
		}
	}
	if n := asked.Load(); n > 5 {
		t.Errorf("the check was asked %d times", n)
	}
	if code, _, _ := w.send(t, "GET", "/healthz", ""); code != 200 {
		t.Errorf("/healthz: %d", code)
	}
	health := healthv1.NewHealthClient(w.dial(t, "")) // open to all
	watch, err := health.Watch(t.Context(), &healthv1.HealthCheckRequest{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	want := func(s healthv1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		if got, err := watch.Recv(); err != nil || got.GetStatus() != s {
			t.Fatalf("health is %v, %v; want %v", got, err, s)
		}
	}
	want(healthv1.HealthCheckResponse_NOT_SERVING)
	down.Store(false)
	want(healthv1.HealthCheckResponse_SERVING)
	if code, got, _ := w.send(t, "GET", "/readyz", ""); code != 200 {
		t.Errorf("/readyz: %d %s", code, got)
	}
	if got, err := health.Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health of all: %v, %v", got, err)
	}
	if !strings.Contains(w.log.String(), "db.internal") {
		t.Error("why it was not ready is not in the log")
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	c := w.dial(t, frc)
	if _, f := call(t.Context(), c, echoMethod, request(t, "")); f != nil {
		t.Fatal(f)
	}
	if _, f := call(t.Context(), c, echoMethod, request(t, "item { percent: 101 }")); f == nil {
		t.Fatal("not refused")
	}
	_, _ = call(t.Context(), c, "/made.up/Method", request(t, ""))
	_, got, _ := w.send(t, "GET", "/metrics", "")
	for _, want := range []string{
		`noticehub_rpc_handling_seconds_count{code="OK",method="/rpctest.v1.EchoService/Echo"} 1`,
		`noticehub_rpc_handling_seconds_count{code="InvalidArgument",method="/rpctest.v1.EchoService/Echo"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "made.up") {
		t.Error("callers can make up label values")
	}
}

func TestOperationsOnTheirOwnPort(t *testing.T) {
	t.Parallel()
	s, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	l := rpc.Listeners{HTTP: listen(t), Ops: listen(t)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	for address, code := range map[string]int{l.HTTP.Addr().String(): 404, l.Ops.Addr().String(): 200} {
		for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
			answer, err := http.Get("http://" + address + path)
			if err != nil || answer.StatusCode != code {
				t.Fatalf("%s%s: %v %v", address, path, answer, err)
			}
			_ = answer.Body.Close()
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReflectionOnlyInDevelopment(t *testing.T) {
	t.Parallel()
	for _, development := range []bool{false, true} {
		k := newKeys(t)
		w := start(t, &echo{}, func(o *rpc.Options) { o.Development, o.TLS.GRPC, o.TLS.HTTP = development, k.server, k.server })
		c := k.dial(t, w, "authority", "frc")
		stream, err := reflectionv1.NewServerReflectionClient(c).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list := &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}
		_ = stream.Send(list) // fails when the refusal is here already; Recv tells
		got, err := stream.Recv()
		if served := err == nil && strings.Contains(got.String(), service); served != development {
			t.Errorf("development %v: %v, %v", development, got, err)
		}
		// Attack 37: nothing of the kind on the HTTP port either, nor channelz and pprof anywhere.
		client := k.client(t, "")
		for path, there := range map[string]bool{"/metrics": development, "/readyz": development, "/healthz": development, "/debug/pprof/": false} {
			answer, err := client.Get("https://" + strings.TrimPrefix(w.http, "http://") + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if (answer.StatusCode == http.StatusOK) != there {
				t.Errorf("development %v: %s gives %s", development, path, answer.Status)
			}
		}
		if _, f := call(t.Context(), c, "/grpc.channelz.v1.Channelz/GetServers", request(t, "")); f == nil {
			t.Error("channelz is served")
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := rpc.NewServer(rpc.Options{MaxMessageBytes: -1, Drain: time.Hour, Audit: &ledger{}, Limits: rpc.Limits{InFlight: -1}})
	for _, want := range []string{"Telemetry", "Authenticator", "MaxMessageBytes", "Drain", "Customer", "Limits"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %v", want, err)
		}
	}
}

func TestSeveralServersShareARegistry(t *testing.T) {
	t.Parallel()
	tel := telemetry.Discard()
	for range 2 {
		w := start(t, &echo{}, func(o *rpc.Options) { o.Telemetry = tel })
		if _, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, "")); f != nil {
			t.Fatal(f)
		}
	}
	families, err := tel.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "noticehub_rpc_handling_seconds" && family.GetMetric()[0].GetHistogram().GetSampleCount() != 2 {
			t.Errorf("counted %v", family)
		}
	}
}

func TestUnruledMethodsAreTold(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	if _, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, "")); f != nil {
		t.Fatal(f)
	}
	if log := w.log.String(); !strings.Contains(log, "EchoService/Unruled") || strings.Contains(log, "grpc.health") {
		t.Errorf("log: %s", log)
	}
}

func TestSlowAuthenticatorsErrorsPass(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{unary: func(context.Context, proto.Message) (proto.Message, error) { return nil, nil }},
		func(o *rpc.Options) { o.Authenticator = nobody{} })
	if _, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, "")); f == nil || f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("%+v", f)
	}
}
