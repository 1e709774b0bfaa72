package workitems_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems"
	"github.com/noticehub/noticehub/services/workitems/internal/api"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// deskMorning is ten o'clock in Sydney.
var deskMorning = time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)

// desk is the officers' side of the service behind a real server on a real
// database; items are put there by SQL.
type desk struct {
	t      testing.TB
	pool   *pgxpool.Pool
	clock  *clock.Fake
	server *rpc.Server

	mutex sync.Mutex
	told  []outbox.Row
}

// Committed keeps what would be published.
func (d *desk) Committed(rows ...outbox.Row) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.told = append(d.told, rows...)
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	return deskOn(t, postgrestest.Pool(t, workitems.Schema()))
}

// deskOn is a desk on a database of the schema.
func deskOn(t testing.TB, pool *pgxpool.Pool) *desk {
	t.Helper()
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	items, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, pool: pool, clock: clock.NewFake(deskMorning)}
	d.server, err = rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: api.Methods(), Name: "workitems",
	})
	if err != nil {
		t.Fatal(err)
	}
	desk := api.New(api.Deps{Store: store.New(d.pool, auditor(d.t)), Outbox: d, Clock: d.clock, Zone: zone, Catalogue: items, Log: telemetry.Discard().Log})
	workitemv1.RegisterWorkItemServiceServer(d.server, desk)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- run.All(ctx, desk.Run, func(ctx context.Context) error { return d.server.Serve(ctx, rpc.Listeners{}) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return d
}

// as is a client of an officer.
func (d *desk) as(id string, roles ...string) workitemv1.WorkItemServiceClient {
	d.t.Helper()
	conn, err := d.server.Dial(identity.With(context.Background(), identity.Caller{Kind: identity.Person, ID: id, Roles: roles}))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	return workitemv1.NewWorkItemServiceClient(conn)
}

// placed is an item to be put on the desk.
type placed struct {
	crn, code, value, office string
	measure                  int
	at                       time.Time
}

// place puts an open item on the desk; what is empty is filled in.
func (d *desk) place(p placed) string {
	d.t.Helper()
	if p.crn == "" {
		p.crn = "123456789A"
	}
	if p.code == "" {
		p.code = "I070Q1"
	}
	if p.at.IsZero() {
		p.at = d.clock.Now().Add(-24 * time.Hour)
	}
	id := clock.NewID(d.clock.Now())
	d.exec(`WITH w AS (INSERT INTO work_item (id, crn, code, cause, occurrence, value, measure, office, status, raised_at, due_on)
		VALUES ($1, $2, $3, $8, 'v1', $4, $5, $6, 1, $7, ($7::timestamptz)::date) RETURNING id)
		INSERT INTO work_item_step (work_item_id, version, action, actor, at) SELECT id, 1, 'raised', 'system', $7 FROM w`,
		id, p.crn, p.code, p.value, p.measure, p.office, p.at, id.String())
	return id.String()
}

// customer makes a customer known.
func (d *desk) customer(crn, office string, restricted bool) {
	d.t.Helper()
	d.exec("INSERT INTO customer (crn, record_version, office, restricted) VALUES ($1, 1, $2, $3)", crn, office, restricted)
}

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.pool.Exec(context.Background(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

func (d *desk) number(sql string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// get reads an item as the auditor.
func (d *desk) get(id string) *workitemv1.GetWorkItemResponse {
	d.t.Helper()
	answer, err := d.as("audrey", "auditor").GetWorkItem(context.Background(), &workitemv1.GetWorkItemRequest{WorkItemId: id})
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

// events are those in the outbox table, in order.
func (d *desk) events() []*eventv1.Event {
	d.t.Helper()
	rows, err := d.pool.Query(context.Background(), "SELECT payload FROM outbox WHERE stream = 'WORKITEM' ORDER BY id")
	if err != nil {
		d.t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		d.t.Fatal(err)
	}
	var events []*eventv1.Event
	for _, b := range payloads {
		p := &eventv1.Packet{}
		if err := proto.Unmarshal(b, p); err != nil {
			d.t.Fatal(err)
		}
		events = append(events, p.GetEvents()...)
	}
	return events
}

// investigate starts an investigation that must work; it returns the version.
func (d *desk) investigate(c workitemv1.WorkItemServiceClient, id string) int32 {
	d.t.Helper()
	answer, err := c.StartInvestigation(context.Background(), &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: d.get(id).GetWorkItem().GetVersion()})
	if err != nil {
		d.t.Fatalf("investigate: %v", err)
	}
	return answer.GetWorkItem().GetVersion()
}

// action is a new id of an action.
func newAction() string { return clock.NewID(deskMorning).String() }

// refusedAs checks the kind and reason of an error and words of its message; it
// returns the error.
func refusedAs(t testing.TB, what string, err error, kind fault.Kind, reason string, words ...string) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(rpc.Fault(err), &f) || f.Kind != kind || f.Reason != reason {
		t.Errorf("%s: got %v, want %s %s", what, err, kind, reason)
		return &fault.Error{}
	}
	for _, w := range words {
		if !strings.Contains(f.Message, w) {
			t.Errorf("%s: %q does not say %q", what, f.Message, w)
		}
	}
	return f
}
