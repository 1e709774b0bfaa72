package workitems_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

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
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems"
)

// Nine o'clock in Sydney on 23 November 2026; still the 22nd in London.
var morning = time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)

// world is the whole service on a real database and a real bus. It consumes and
// sweeps only after run.
type world struct {
	t      testing.TB
	pool   *pgxpool.Pool
	bus    *bus.Bus
	clock  *clock.Fake
	server *rpc.Server
	sent   map[string]uint64 // messages by stream
}

// auditor writes the audit entries of these tests.
func auditor(t testing.TB) *audit.Writer {
	t.Helper()
	w, err := audit.NewWriter("workitems", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, pool: postgrestest.Pool(t, workitems.Schema()), bus: bustest.New(t), clock: clock.NewFake(morning), sent: map[string]uint64{}}
	if err := w.bus.Declare(t.Context(), packet.Streams(subject.Customer, subject.Decided, subject.WorkItem)...); err != nil {
		t.Fatal(err)
	}
	var err error
	service := w.service()
	w.server, err = rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: service.Methods(), Name: "workitems",
	})
	if err != nil {
		t.Fatal(err)
	}
	service.Register(w.server)
	w.background(func(ctx context.Context) error { return w.server.Serve(ctx, rpc.Listeners{}) })
	return w
}

func (w *world) service() *workitems.Service {
	w.t.Helper()
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := workitems.New(workitems.Defaults(), workitems.Deps{Pool: w.pool, Bus: w.bus, Clock: w.clock, Zone: zone, Telemetry: telemetry.Discard(), Audit: auditor(w.t)})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// run is one more replica of the service at work; the function returned ends it.
func (w *world) run() (stop func()) { return w.background(w.service().Run) }

// background runs f until the test ends or the function returned is called.
func (w *world) background(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("ended with %v", err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

// alice is an officer's client.
func (w *world) alice() workitemv1.WorkItemServiceClient {
	w.t.Helper()
	conn, err := w.server.Dial(identity.With(context.Background(), identity.Caller{Kind: identity.Person, ID: "alice", Roles: []string{"officer"}}))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return workitemv1.NewWorkItemServiceClient(conn)
}

// send publishes packets, each a message of its own, and does not wait.
func (w *world) send(stream string, packets ...[]*eventv1.Event) {
	w.t.Helper()
	var messages []bus.Message
	for _, list := range packets {
		data, err := proto.Marshal(&eventv1.Packet{Events: list})
		if err != nil {
			w.t.Fatal(err)
		}
		messages = append(messages, bus.Message{ID: clock.NewID(morning).String(), Subject: subject.Of(stream, 0), Data: data})
	}
	// A busy machine may answer late; sent again, a message is still one message.
	w.eventually("the messages are published", func() (bool, error) {
		acks, err := w.bus.Publish(w.t.Context(), messages)
		for _, a := range acks {
			err = errors.Join(err, a.Err)
		}
		return err == nil, err
	})
	w.sent[stream] += uint64(len(packets))
}

// consumed waits until all that was sent is applied or set aside.
func (w *world) consumed() {
	w.t.Helper()
	for stream, consumer := range map[string]string{subject.Customer: subject.WorkItemCircumstances, subject.Decided: subject.WorkItemNotices} {
		w.eventually(stream+" is consumed", func() (bool, error) {
			floor, err := w.bus.Floor(w.t.Context(), stream, []string{consumer})
			return floor.Sequence >= w.sent[stream], err
		})
	}
}

// settled waits until nothing waits for its turn any more either.
func (w *world) settled() {
	w.t.Helper()
	w.consumed()
	w.eventually("nothing waits for its turn", func() (bool, error) { return w.count(`parked WHERE state = 'waiting'`) == 0, nil })
}

// eventually waits until ok; everything waited for here takes milliseconds.
func (w *world) eventually(what string, ok func() (bool, error)) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		done, err := ok()
		if done && err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s did not happen: %v", what, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *world) count(what string) (n int) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), `SELECT count(*) FROM `+what).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// complete is an officer who completes open items, without the API's rules.
func (w *world) complete(crn, code string) {
	w.t.Helper()
	w.exec(`WITH done AS (UPDATE work_item SET status = 3, closed_at = $3, version = version + 1 WHERE crn = $1 AND code = $2 AND status <= 2 RETURNING id, version)
		INSERT INTO work_item_step (work_item_id, version, action, actor, at, note) SELECT id, version, 'completed', 'officer:bob', $3, 'seen to' FROM done`,
		crn, code, morning)
}

// items are "code status" of a customer's items ("" means everybody's), sorted.
func (w *world) items(crn string) []string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), `SELECT code || ' ' || (ARRAY['open', 'investigating', 'completed', 'closed'])[status]
		FROM work_item WHERE $1 IN ('', crn) ORDER BY 1`, crn)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) wants(crn string, want ...string) {
	w.t.Helper()
	if got := w.items(crn); !slices.Equal(got, want) {
		w.t.Fatalf("items of %q: %v, want %v", crn, got, want)
	}
}

// announced are the events in the outbox: nobody consumes them here.
func (w *world) announced() (events []*eventv1.Event) {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), `SELECT payload FROM outbox ORDER BY id`)
	if err != nil {
		w.t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		w.t.Fatal(err)
	}
	for _, b := range payloads {
		p := new(eventv1.Packet)
		if err := proto.Unmarshal(b, p); err != nil {
			w.t.Fatal(err)
		}
		events = append(events, p.GetEvents()...)
	}
	return events
}

// record is a customer whose record changes; each change is an event.
type record struct {
	now    *registryv1.Customer
	events []*eventv1.Event
}

// newRecord is a customer under child protection with nothing to see to.
func newRecord(n int) *record {
	r := &record{}
	r.change(everything, func(c *registryv1.Customer) {
		proto.Merge(c, &registryv1.Customer{
			Crn: fmt.Sprintf("1%08d%c", n, 'A'+n%26), Name: &registryv1.Name{FamilyName: "Example", GivenName: "Sample"}, DateOfBirth: "1980-05-05", Office: "DARWIN",
			Addresses:       []*registryv1.Address{{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Main Street", State: eventv1.Jurisdiction_JURISDICTION_NT}},
			Payments:        []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 76_000}},
			RegisterMeasure: eventv1.Measure_MEASURE_CPEIM,
		})
	})
	return r
}

const everything = "name,addresses,payments,office,register_measure"

func (r *record) crn() string { return r.now.GetCrn() }

// change changes the record; parts are the names of what differs, by commas.
func (r *record) change(parts string, f func(*registryv1.Customer)) *eventv1.Event {
	var before []byte
	after := &registryv1.Customer{}
	if r.now != nil {
		before, _ = proto.Marshal(r.now)
		after = proto.CloneOf(r.now)
	}
	f(after)
	r.now = after
	data, _ := proto.Marshal(after)
	version := len(r.events) + 1
	id := clock.DerivedID(clock.ID{}, fmt.Sprintf("%s/%d", after.GetCrn(), version))
	e := &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(morning.Add(time.Duration(version) * time.Second)), Body: &eventv1.Event_CircumstanceChanged{
		CircumstanceChanged: &eventv1.CircumstanceChanged{
			Crn: after.GetCrn(), RecordVersion: int64(version), Changed: splitParts(parts), Before: before, After: data, Actor: "officer:carol",
		},
	}}
	r.events = append(r.events, e)
	return e
}

func (r *record) moves(street string) *eventv1.Event {
	return r.change("addresses", func(c *registryv1.Customer) { c.Addresses[0].Street = street })
}

// rewritten is the first event of a record that was changed by hand.
func rewritten(r *record) *eventv1.Event {
	e := proto.CloneOf(r.events[0])
	data, _ := proto.Marshal(r.now)
	e.GetCircumstanceChanged().After = data
	return e
}
