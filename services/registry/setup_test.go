package registry_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// Nine o'clock in Sydney on 23 November 2026; still the 22nd in London.
var morning = time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)

// sydney is the agency's zone.
var sydney = func() *time.Location {
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		panic(err)
	}
	return zone
}()

var (
	service       = identity.Caller{Kind: identity.Service, ID: "autoprocessing"}
	feedService   = identity.Caller{Kind: identity.Service, ID: "feeder"}
	supervisor    = identity.Caller{Kind: identity.Person, ID: "sue", Roles: []string{"supervisor"}}
	administrator = identity.Caller{Kind: identity.Person, ID: "root", Roles: []string{"administrator"}}
	officer       = identity.Caller{Kind: identity.Person, ID: "alice", Roles: []string{"officer"}}
	keyholder     = identity.Caller{Kind: identity.Person, ID: "rao", Roles: []string{"restricted-access-officer"}}
)

// auditor writes the audit entries of these tests.
var auditor = func() *audit.Writer {
	w, err := audit.NewWriter("registry", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		panic(err)
	}
	return w
}()

// world is a registry behind a real server on a real database. It publishes
// and consumes only after run.
type world struct {
	pool    *pgxpool.Pool
	bus     *bus.Bus
	clock   *clock.Fake
	service *registry.Service
	server  *rpc.Server
}

func setup(t testing.TB) *world {
	t.Helper()
	return on(t, postgrestest.Pool(t, registry.Schema()), bustest.New(t))
}

// on starts a registry on a database and a bus that may have been used before.
func on(t testing.TB, pool *pgxpool.Pool, b *bus.Bus) *world {
	t.Helper()
	w := &world{pool: pool, bus: b, clock: clock.NewFake(morning)}
	var err error
	w.service, err = registry.New(registry.Defaults(), registry.Deps{Pool: pool, Bus: b, Clock: w.clock, Zone: sydney, Telemetry: telemetry.Discard(), Audit: auditor})
	if err != nil {
		t.Fatal(err)
	}
	w.server, err = rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: w.service.Methods(), Name: "registry", MaxMessageBytes: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.service.Register(w.server)
	background(t, func(ctx context.Context) error { return w.server.Serve(ctx, rpc.Listeners{}) })
	return w
}

// run lets the registry publish and consume; the function returned stops it.
func (w *world) run(t testing.TB) (stop func()) { t.Helper(); return background(t, w.service.Run) }

// background runs f until the test ends or the function returned is called.
func background(t testing.TB, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil && status.Code(err) != codes.Canceled {
			t.Errorf("ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// as is a client whose calls are made by the caller.
func (w *world) as(t testing.TB, c identity.Caller) registryv1.RegistryServiceClient {
	t.Helper()
	conn, err := w.server.Dial(identity.With(t.Context(), c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return registryv1.NewRegistryServiceClient(conn)
}

// announced takes the events that wait in the outbox, in order, and removes them.
func (w *world) announced(t testing.TB) []*eventv1.Event {
	t.Helper()
	rows, err := w.pool.Query(t.Context(), `WITH gone AS (DELETE FROM outbox RETURNING id, payload) SELECT payload FROM gone ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	var events []*eventv1.Event
	for _, b := range payloads {
		p := new(eventv1.Packet)
		if err := proto.Unmarshal(b, p); err != nil {
			t.Fatal(err)
		}
		events = append(events, p.GetEvents()...)
	}
	return events
}

// customer makes a plain customer; numbers below 1,000,000 give distinct CRNs.
func customer(n int) *registryv1.Customer {
	return &registryv1.Customer{
		Crn:  fmt.Sprintf("1%08d%c", n, 'A'+n%26),
		Name: &registryv1.Name{FamilyName: fmt.Sprintf("Family%c%c", 'a'+n%26, 'a'+n/26%26), GivenName: fmt.Sprintf("Given%d", n)},
		// 28 days fit every month.
		DateOfBirth: fmt.Sprintf("%d-%02d-%02d", 1950+n%50, 1+n%12, 1+n%28), Gender: "F",
		Addresses: []*registryv1.Address{{
			Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Main Street", Locality: "Hope Vale",
			State: eventv1.Jurisdiction_JURISDICTION_QLD, Postcode: "4895",
		}},
		Payments: []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 76_000, FromDate: "2024-07-01"}},
	}
}

// put creates or replaces customers and fails the test when that fails.
func (w *world) put(t testing.TB, customers ...*registryv1.Customer) {
	t.Helper()
	got := w.imports(t, customers...)
	if got.GetRefused() != 0 {
		t.Fatalf("refused: %v", got.GetErrors())
	}
}

func (w *world) imports(t testing.TB, customers ...*registryv1.Customer) *registryv1.ImportCustomersResponse {
	t.Helper()
	stream, err := w.as(t, feedService).ImportCustomers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range customers {
		if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: c}); err != nil {
			break // the answer says why
		}
	}
	got, err := stream.CloseAndRecv()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantCode(t testing.TB, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Errorf("code %v, want %v: %v", got, want, err)
	}
}
