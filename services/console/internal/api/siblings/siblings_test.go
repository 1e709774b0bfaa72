package siblings

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// everySibling is all of them, none of which is called.
func everySibling(t *testing.T) *Siblings {
	t.Helper()
	conns := map[string]grpc.ClientConnInterface{}
	for _, name := range Names() {
		conns[name] = (*grpc.ClientConn)(nil)
	}
	s, err := New(conns, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// registered notes the services that are registered.
type registered map[string]*grpc.ServiceDesc

func (r registered) RegisterService(d *grpc.ServiceDesc, _ any) { r[d.ServiceName] = d }

// Whatever people may call of other services is passed on, and nothing else is:
// neither calls of authorities and services, nor streams of requests.
func TestWhatIsPassedOn(t *testing.T) {
	t.Parallel()
	s, r := everySibling(t), registered{}
	s.Register(r)
	table := s.Methods()
	book, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range book.Rows {
		row := &book.Rows[i]
		own := strings.HasPrefix(row.Service(), "noticehub.console.") || strings.HasPrefix(row.Service(), "noticehub.operations.") || strings.HasPrefix(row.Service(), "noticehub.sandbox.")
		rule, known := table[row.Method]
		if known == own || (r[row.Service()] != nil) == own {
			t.Errorf("%s: passed on is %v", row.Method, known)
		}
		if own {
			continue
		}
		d, _ := row.Descriptor()
		if rule.Reads || rule.Shown != "" || rule.Masks != nil {
			t.Errorf("%s is recorded or masked twice: %+v", row.Method, rule)
		}
		for _, c := range []identity.Caller{{Kind: identity.Authority, ID: "frc"}, {Kind: identity.Service, ID: "autoprocessing"}, {Kind: identity.Service, ID: "feeder"}, {Kind: identity.Person, ID: "nobody"}} {
			if rule.Allows(c) {
				t.Errorf("%s lets %s in", row.Method, c.Actor())
			}
		}
		for _, role := range []string{"contact-officer", "officer", "supervisor", "auditor", "administrator"} {
			if got := rule.Allows(identity.Caller{Kind: identity.Person, ID: "a", Roles: []string{role}}); got != (slices.Contains(row.Roles, role) && !d.IsStreamingClient()) {
				t.Errorf("%s for %s: %v", row.Method, role, got)
			}
		}
	}
	if _, err := New(map[string]grpc.ClientConnInterface{"nobody": nil}, nil); err == nil {
		t.Error("an unknown sibling is taken")
	}
	none, err := New(nil, nil)
	if err != nil || len(none.Methods()) != 0 {
		t.Errorf("without siblings: %v %v", none.Methods(), err)
	}
}

func TestWhatCallersAreTold(t *testing.T) {
	t.Parallel()
	words, err := status.New(codes.Unavailable, "stopping").WithDetails(&errdetails.ErrorInfo{Reason: "STOPPING"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		given error
		away  bool
	}{
		"no way there":         {status.Error(codes.Unavailable, "connection refused"), true},
		"a way that is silent": {status.Error(codes.DeadlineExceeded, "waiting for connections"), true},
		"a reset":              {status.Error(codes.Internal, "stream terminated by RST_STREAM"), true},
		"no word for it":       {status.Error(codes.Unauthenticated, "the statement is not accepted"), true},
		"its own words":        {words.Err(), false},
		"a refusal":            {status.Error(codes.PermissionDenied, "no"), false},
		"what is not there":    {status.Error(codes.NotFound, "no"), false},
	} {
		got := told(t.Context(), slog.New(slog.DiscardHandler), "registry", "/a.B/C", c.given)
		if away := fault.Is(got, fault.Unavailable); away != c.away || !away && got != c.given { //nolint:errorlint // unchanged
			t.Errorf("%s: %v", name, got)
		}
	}
}

// park is a part with parked events.
type park struct {
	operationsv1.UnimplementedOperationsServiceServer
	name   string
	events int
	err    error
}

// ListParked has the number of the event before the page as its token.
func (p *park) ListParked(_ context.Context, q *operationsv1.ListParkedRequest) (*operationsv1.ListParkedResponse, error) {
	if p.err != nil {
		return nil, p.err
	}
	a, from := &operationsv1.ListParkedResponse{}, len(q.GetPageToken())
	if from == 0 && p.events > 0 {
		a.Causes = []*operationsv1.ParkedCause{{Service: p.name, Events: int64(p.events)}}
	}
	for n := from; n < min(p.events, from+int(q.GetPageSize())); n++ {
		a.Events = append(a.Events, &operationsv1.ParkedEvent{Service: p.name, EventId: strings.Repeat("x", n)})
	}
	if end := from + len(a.GetEvents()); end < p.events {
		a.NextPageToken = strings.Repeat("x", end)
	}
	return a, nil
}

func (p *park) GetHealth(context.Context, *operationsv1.GetHealthRequest) (*operationsv1.GetHealthResponse, error) {
	return &operationsv1.GetHealthResponse{Services: []*operationsv1.ServiceHealth{{Service: p.name, Health: operationsv1.Health_HEALTH_GOOD}}}, p.err
}

func (p *park) ListStuck(context.Context, *operationsv1.ListStuckRequest) (*operationsv1.ListStuckResponse, error) {
	return &operationsv1.ListStuckResponse{Stuck: []*operationsv1.StuckWork{{Detector: p.name, Count: int64(p.events)}}}, p.err
}

// All pages together have every event once, whatever the size of the pages, and
// the first one all causes.
func TestParkedOfAllServices(t *testing.T) {
	t.Parallel()
	for _, events := range [][]int{{0, 0, 0}, {3, 0, 2}, {1, 1, 1}, {0, 4, 0}, {5, 2, 7}} {
		o := &operator{parts: map[string]part{}, order: []string{"adviceoutcome", "audit", "autoprocessing", "registry"}}
		o.parts["audit"] = &park{err: fault.New(fault.Internal, "X", "it keeps no events and must not be asked")}
		total := 0
		for i, name := range []string{"adviceoutcome", "autoprocessing", "registry"} {
			o.parts[name] = &park{name: name, events: events[i]}
			total += events[i]
		}
		for size := int32(1); size < 16; size++ {
			seen, causes, q := map[string]bool{}, 0, &operationsv1.ListParkedRequest{PageSize: size}
			for pages := 0; ; pages++ {
				a, err := o.ListParked(t.Context(), proto.CloneOf(q))
				if err != nil || len(a.GetEvents()) > int(size) || pages > 2*total+3 {
					t.Fatalf("%v by %d: %v %v", events, size, a, err)
				}
				for _, e := range a.GetEvents() {
					seen[e.GetService()+"/"+e.GetEventId()] = true
				}
				for _, c := range a.GetCauses() {
					causes += int(c.GetEvents())
				}
				if q.PageToken = a.GetNextPageToken(); q.GetPageToken() == "" {
					break
				}
			}
			if len(seen) != total || causes != total {
				t.Errorf("%v by %d: %d of %d events, causes of %d", events, size, len(seen), total, causes)
			}
		}
	}
}

// A part that does not answer is told of and hides no other.
func TestOnePartAway(t *testing.T) {
	t.Parallel()
	o := &operator{order: []string{"audit", "registry"}, parts: map[string]part{
		"audit": &park{err: away("audit")}, "registry": &park{name: "registry", events: 1},
	}}
	health, err := o.GetHealth(t.Context(), &operationsv1.GetHealthRequest{})
	if err != nil || len(health.GetServices()) != 2 || health.GetServices()[0].GetHealth() != operationsv1.Health_HEALTH_BAD ||
		health.GetServices()[0].GetAdvice() == "" || health.GetServices()[1].GetHealth() != operationsv1.Health_HEALTH_GOOD {
		t.Errorf("%v %v", health, err)
	}
	stuck, err := o.ListStuck(t.Context(), &operationsv1.ListStuckRequest{})
	if err != nil || len(stuck.GetStuck()) != 1 || len(stuck.GetFailed()) != 1 || stuck.GetFailed()[0].GetDetector() != "audit" || codes.Code(stuck.GetFailed()[0].GetError().GetCode()) != codes.Unavailable {
		t.Errorf("%v %v", stuck, err)
	}
	if _, err := o.ListParked(t.Context(), &operationsv1.ListParkedRequest{Service: "audit"}); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	if a, err := o.ListParked(t.Context(), &operationsv1.ListParkedRequest{Service: "registry", PageSize: 5}); err != nil || len(a.GetEvents()) != 1 {
		t.Errorf("%v %v", a, err)
	}
}

// endless is a sibling's stream that ends when it is left.
type endless struct {
	grpc.ClientStream
	ctx context.Context
}

func (s endless) SendMsg(any) error { return nil }
func (s endless) CloseSend() error  { return nil }
func (s endless) RecvMsg(any) error {
	<-s.ctx.Done()
	return status.FromContextError(s.ctx.Err()).Err()
}

type toEndless struct{ left chan struct{} }

func (toEndless) Invoke(context.Context, string, any, any, ...grpc.CallOption) error { return nil }

func (e toEndless) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	context.AfterFunc(ctx, func() { close(e.left) })
	return endless{ctx: ctx}, nil
}

// caller is the door's side of a stream.
type caller struct {
	grpc.ServerStream
	ctx context.Context
}

func (c caller) Context() context.Context { return c.ctx }
func (caller) RecvMsg(any) error          { return nil }

// A stream that the door ends is ended at the sibling, too.
func TestAStreamIsLeftAtTheSibling(t *testing.T) {
	t.Parallel()
	e, r := toEndless{make(chan struct{})}, registered{}
	s, err := New(map[string]grpc.ClientConnInterface{"autoprocessing": e}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Register(r)
	ctx, end := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, end)
	for _, m := range r["noticehub.processing.v1.WorkloadService"].Streams {
		if m.StreamName == "WatchQueue" {
			if err := m.Handler(s, caller{ctx: ctx}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	}
	select {
	case <-e.left:
	case <-time.After(30 * time.Second):
		t.Error("the stream at the sibling goes on")
	}
}
