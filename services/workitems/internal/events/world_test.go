package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// Nine o'clock in Sydney on 23 November 2026; still the 22nd in London.
var morning = time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)

// world is a generator on a real database, without a bus: messages are handed to
// it as the kit does, but with nothing remembered, so that every repetition
// comes through.
type world struct {
	t         testing.TB
	pool      *pgxpool.Pool
	clock     *clock.Fake
	items     *catalogue.Catalogue
	generator *Generator
	waiting   map[string]map[clock.ID]inbox.Event
}

// auditor writes the audit entries of these tests, and makes keys of children.
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
	return newWorldOn(t, postgrestest.Pool(t, store.Schema()))
}

func newWorldOn(t testing.TB, pool *pgxpool.Pool) *world {
	t.Helper()
	items, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	writer := auditor(t)
	w := &world{t: t, pool: pool, clock: clock.NewFake(morning), items: items, waiting: map[string]map[clock.ID]inbox.Event{}}
	w.generator = NewGenerator(Deps{
		Pool: pool, Clock: w.clock, Zone: items.Zone(), Telemetry: telemetry.Discard(), Store: store.New(pool, writer), Catalogue: items, Audit: writer,
		Relay:     outbox.NewRelay(outbox.Deps{Pool: pool, Streams: packet.Streams(subject.WorkItem)}, outbox.Options{MaxDepth: 1 << 30}),
		MaxEvents: 500, SweepWorkers: 2, SweepEvery: time.Minute,
	})
	return w
}

func delivery(t testing.TB, events []*eventv1.Event) bus.Delivery {
	t.Helper()
	data, err := proto.Marshal(&eventv1.Packet{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return bus.Delivery{Message: bus.Message{ID: clock.NewID(morning).String(), Data: data}}
}

// changes delivers one message of changed records, and what it releases.
func (w *world) changes(events ...*eventv1.Event) {
	w.t.Helper()
	list, err := w.generator.decodeChanges(delivery(w.t, events))
	if err != nil {
		w.t.Fatal(err)
	}
	for len(list) > 0 {
		effects := w.apply(w.generator.applyChanges, list)
		for _, e := range effects.Defer {
			if w.waiting[e.Key] == nil {
				w.waiting[e.Key] = map[clock.ID]inbox.Event{}
			}
			w.waiting[e.Key][e.ID] = e
		}
		list = w.released(effects.Ready)
	}
}

// released are the waiting events of ready keys, as decoded again.
func (w *world) released(keys []string) (list []inbox.Event) {
	for _, key := range keys {
		for _, e := range w.waiting[key] {
			again, err := w.generator.decodeChange(e.Data)
			if err != nil {
				w.t.Fatal(err)
			}
			list = append(list, again)
		}
		delete(w.waiting, key)
	}
	return list
}

// notices delivers one message of the stream of decisions.
func (w *world) notices(events ...*eventv1.Event) {
	w.t.Helper()
	list, err := w.generator.Notices().Decode(delivery(w.t, events))
	if err != nil {
		w.t.Fatal(err)
	}
	w.apply(w.generator.applyNotices, list)
}

func (w *world) apply(f func(context.Context, pgx.Tx, []inbox.Event) (inbox.Effects, error), list []inbox.Event) (effects inbox.Effects) {
	w.t.Helper()
	err := w.generator.Store.InTx(w.t.Context(), func(tx pgx.Tx) (err error) {
		if effects, err = f(w.t.Context(), tx, list); err != nil {
			return err
		}
		b := &pgx.Batch{}
		outbox.Queue(b, effects.Outbox...)
		// The kit parks them in the same transaction.
		for _, e := range effects.Defer {
			b.Queue(`INSERT INTO parked (consumer, event_id, key, data, next_at, state) VALUES ($1, $2, $3, $4, now(), 'waiting') ON CONFLICT DO NOTHING`,
				subject.WorkItemCircumstances, e.ID, e.Key, e.Data)
		}
		for _, crn := range effects.Ready {
			b.Queue(`DELETE FROM parked WHERE key = $1`, crn)
		}
		return errors.Join(tx.SendBatch(w.t.Context(), b).Close())
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return effects
}

// row is an item as tests compare it.
type row struct {
	CRN, Code, Cause, Occurrence string
	Status                       int16
}

func (w *world) rows(crns ...string) []row {
	w.t.Helper()
	found, err := w.pool.Query(w.t.Context(), `SELECT crn, code, cause, occurrence, status FROM work_item
		WHERE cardinality($1::text[]) = 0 OR crn = ANY($1) ORDER BY crn, code, cause, occurrence`, append([]string{}, crns...))
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) count(what string) (n int) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), `SELECT count(*) FROM `+what).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// consistent checks what must hold whatever happened.
func (w *world) consistent() {
	w.t.Helper()
	for what, sql := range map[string]string{
		"items without all their steps":   `work_item w WHERE version <> (SELECT count(*) FROM work_item_step s WHERE s.work_item_id = w.id)`,
		"occurrences raised and covered":  `work_item NATURAL JOIN covered`,
		"counts that are not the items'":  `(SELECT code, office, sum(open) FROM work_item_count GROUP BY 1, 2 HAVING sum(open) <> 0 EXCEPT SELECT code, office, count(*) FROM work_item WHERE status <= 2 GROUP BY 1, 2) AS x`,
		"items that are not counted":      `(SELECT code, office, count(*) FROM work_item WHERE status <= 2 GROUP BY 1, 2 EXCEPT SELECT code, office, sum(open) FROM work_item_count GROUP BY 1, 2) AS x`,
		"officers' items miscounted":      `(SELECT office, assignee, sum(open) FROM assignee_count GROUP BY 1, 2 HAVING sum(open) <> 0 EXCEPT SELECT office, assignee, count(*) FROM work_item WHERE status <= 2 AND assignee <> '' GROUP BY 1, 2) AS x`,
		"days miscounted":                 `(SELECT office, day, assigned, sum(open) FROM day_count GROUP BY 1, 2, 3 HAVING sum(open) <> 0 EXCEPT SELECT office, (raised_at AT TIME ZONE 'UTC')::date, assignee <> '', count(*) FROM work_item WHERE status <= 2 GROUP BY 1, 2, 3) AS x`,
		"items that no day counts":        `(SELECT count(*) FROM work_item WHERE status <= 2 EXCEPT SELECT COALESCE(sum(open), 0) FROM day_count) AS x`,
		"open items at another office":    `work_item w JOIN customer c USING (crn) WHERE w.status <= 2 AND w.office <> c.office AND c.record_version > 0`,
		"customers known without a facts": `customer WHERE record_version > 0 AND facts = ''`,
	} {
		if n := w.count(sql); n != 0 {
			w.t.Errorf("%d %s", n, what)
		}
	}
}

// crnOf makes distinct CRNs.
func crnOf(n int) string { return fmt.Sprintf("1%08d%c", n, 'A'+n%26) }

// person makes a customer of a child protection measure with nothing special.
func person(n int) *registryv1.Customer {
	return &registryv1.Customer{
		Crn: crnOf(n), Name: &registryv1.Name{FamilyName: "Example", GivenName: "Sample"}, DateOfBirth: "1980-05-05", Office: "DARWIN",
		Addresses: []*registryv1.Address{{
			Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Main Street", Locality: "Alice Springs", State: eventv1.Jurisdiction_JURISDICTION_NT,
		}},
		Payments:        []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 76_000, Status: registryv1.PaymentStatus_PAYMENT_STATUS_CURRENT}},
		RegisterMeasure: eventv1.Measure_MEASURE_CPEIM, RentType: "PRIVATE_RENT",
		MeasureHistory: []*registryv1.MeasureSpell{{Measure: eventv1.Measure_MEASURE_CPEIM, FromDate: "2026-01-01", FromRegister: true}},
	}
}

// changed makes the event of a change, the same each time it is made.
func changed(before, after *registryv1.Customer, version int64, at time.Time, parts ...string) *eventv1.Event {
	var old []byte
	if before != nil {
		old, _ = proto.Marshal(before)
	}
	now, _ := proto.MarshalOptions{Deterministic: true}.Marshal(after)
	id := clock.DerivedID(clock.ID{}, fmt.Sprintf("%s/%d", after.GetCrn(), version))
	return &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(at), Body: &eventv1.Event_CircumstanceChanged{
		CircumstanceChanged: &eventv1.CircumstanceChanged{
			Crn: after.GetCrn(), RecordVersion: version, Changed: parts, Before: old, After: now, Actor: "officer:alice",
		},
	}}
}

// history is the changes of one customer in the making.
type history struct {
	now    *registryv1.Customer
	events []*eventv1.Event
}

// parts of a whole record, as the event of a new one names them.
var everything = func() (parts []string) {
	fields := (&registryv1.Customer{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		parts = append(parts, string(fields.Get(i).Name()))
	}
	return parts
}()

func begin(c *registryv1.Customer, at time.Time) *history {
	return &history{now: c, events: []*eventv1.Event{changed(nil, c, 1, at, everything...)}}
}

// then changes the record; the parts that differ are found out.
func (h *history) then(at time.Time, change func(*registryv1.Customer)) *eventv1.Event {
	before := h.now
	h.now = proto.CloneOf(before)
	change(h.now)
	var parts []string
	fields := h.now.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		b, a := before.ProtoReflect(), h.now.ProtoReflect()
		if b.Has(f) != a.Has(f) || !b.Get(f).Equal(a.Get(f)) {
			parts = append(parts, string(f.Name()))
		}
	}
	e := changed(before, h.now, int64(len(h.events)+1), at, parts...)
	h.events = append(h.events, e)
	return e
}
