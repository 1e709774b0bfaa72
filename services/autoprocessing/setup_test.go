package autoprocessing_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/api"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// sydney is the agency's zone, as the policy has it.
var sydney = func() *time.Location {
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		panic(err)
	}
	return zone
}()

// monday is the morning the tests begin on.
var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, sydney)

// world is automatic processing without a bus: events go straight to where the
// consumer hands them, through the decoders it uses.
type world struct {
	t           testing.TB
	pool        *pgxpool.Pool
	door        *pgxpool.Pool
	clock       *clock.Fake
	registry    *registry
	lodgings    *lodgings
	p           *events.Processor
	queue       *api.Queue
	register    *api.Register
	disclosures *api.Disclosures
	access      *api.Restricted
	workload    *api.Workload
	url         string
	superuser   *pgxpool.Pool
	// told are all events committed, in order.
	told []*eventv1.Event
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, url: postgrestest.URL(t, autoprocessing.Schema()), clock: clock.NewFake(monday), registry: newRegistry()}
	w.pool = postgrestest.Open(t, w.url, autoprocessing.Schema(), postgres.Everything)
	w.door = postgrestest.Open(t, w.url, autoprocessing.Schema(), "")
	w.lodgings = newLodgings(w.clock)
	return w.replica()
}

// auditor writes the audit entries of the tests.
func auditor(t testing.TB) *audit.Writer {
	t.Helper()
	w, err := audit.NewWriter("autoprocessing", []byte("an audit key of tests, 32 bytes!!"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// viewsPerHour are few, so that a test can make them.
const viewsPerHour = 5

// replica is another process on the same database.
func (w *world) replica() *world {
	w.t.Helper()
	policies, err := policy.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	r := *w
	r.told = nil
	r.p = events.NewProcessor(events.Deps{
		Pool: w.pool, Relay: outbox.NewRelay(outbox.Deps{Pool: w.pool, Clock: w.clock, Log: telemetry.Discard().Log}, outbox.Options{}),
		Clock: w.clock, Zone: sydney, Telemetry: telemetry.Discard(), Registry: w.registry, Policies: policies, Audit: auditor(w.t), MaxEvents: 500, Attempts: 5,
	})
	r.queue, r.register, r.disclosures = api.NewQueue(r.p, 30*time.Minute), api.NewRegister(r.p), api.NewDisclosures(store.NewDoor(w.door))
	r.access, r.workload = api.NewRestricted(r.queue, viewsPerHour), api.NewWorkload(r.queue)
	return &r
}

// decoded are events as the consumer gets them.
func decoded(t testing.TB, p *events.Processor, all ...*eventv1.Event) []inbox.Event {
	t.Helper()
	out, err := p.Consumer().Decode(delivery(t, all...))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out {
		if e.Refused != nil {
			t.Fatal(e.Refused)
		}
	}
	return out
}

// apply is one batch in one transaction; the effects are those of Apply.
func (w *world) apply(all ...*eventv1.Event) (inbox.Effects, error) {
	w.t.Helper()
	batch := decoded(w.t, w.p, all...)
	if err := w.p.Prepare(context.Background(), batch); err != nil {
		return inbox.Effects{}, err
	}
	var effects inbox.Effects
	err := postgres.InTx(context.Background(), w.pool, func(tx pgx.Tx) (err error) {
		if effects, err = w.p.Apply(context.Background(), tx, batch); err != nil {
			return err
		}
		return outbox.Insert(context.Background(), tx, effects.Outbox...)
	})
	if err == nil {
		w.told = append(w.told, unpacked(w.t, effects.Outbox)...)
	}
	return effects, err
}

// decide applies a batch that must work.
func (w *world) decide(all ...*eventv1.Event) inbox.Effects {
	w.t.Helper()
	effects, err := w.apply(all...)
	if err != nil {
		w.t.Fatalf("apply %d events: %v", len(all), err)
	}
	return effects
}

// outboxEvents are the events in the outbox, in the order they were committed.
func (w *world) outboxEvents() []*eventv1.Event {
	w.t.Helper()
	rows, err := w.pool.Query(context.Background(), "SELECT payload FROM outbox ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		w.t.Fatal(err)
	}
	all := make([]outbox.Row, len(payloads))
	for i, p := range payloads {
		all[i].Payload = p
	}
	return unpacked(w.t, all)
}

// as is a context of an officer with roles.
func as(id string, roles ...string) context.Context {
	return identity.With(context.Background(), identity.Caller{Kind: identity.Person, ID: id, Roles: roles})
}

func asAuthority(id string) context.Context {
	return identity.With(context.Background(), identity.Caller{Kind: identity.Authority, ID: id})
}

// one scans the only row of a query.
func one[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	rows, err := w.pool.Query(context.Background(), sql, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// tables are the business tables, in an order without random columns.
var tables = []string{
	"SELECT id, authority_id, reference, information_type, status, outcome, crn, lane, lodged_at, version, parent_id FROM submission ORDER BY id",
	"SELECT submission_id, number, policy_version, facts, verdicts, reasons, outcome, crn, start_date, end_date FROM decision ORDER BY 1, 2",
	"SELECT submission_id, reasons, lodged, candidates, closed_at IS NULL FROM queue_entry ORDER BY 1",
	"SELECT submission_id, version, to_status, outcome, actor FROM transition ORDER BY 1, 2",
	"SELECT id, crn, authority_id, measure, state, start_date, end_date, continues_notice_id, submission_id, version FROM notice ORDER BY 1",
	"SELECT notice_id, version, state, start_date, end_date, effective_at, actor, submission_id FROM notice_history ORDER BY 1, 2",
	"SELECT authority_id, reference, note, settled FROM withdrawal ORDER BY 1, 2",
	"SELECT submission_id, authority_id, crn, content FROM disclosure ORDER BY 1",
}

// hash is of everything the business keeps.
func (w *world) hash() string {
	w.t.Helper()
	sum := ""
	for _, table := range tables {
		sum += one[string](w, "SELECT md5(COALESCE(string_agg(r::text, E'\\n'), '')) FROM ("+table+") r") + "\n"
	}
	return sum
}

// sound checks what must hold after everything (invariants I2, I4, I5, I9, I12).
func (w *world) sound() {
	w.t.Helper()
	for what, sql := range map[string]string{
		"unprocessed without an open entry": `SELECT count(*) FROM submission s LEFT JOIN queue_entry q ON q.submission_id = s.id AND q.closed_at IS NULL
			WHERE (s.status = 3) <> (q.submission_id IS NOT NULL)`,
		"entries without a submission":      `SELECT count(*) FROM queue_entry q WHERE NOT EXISTS (SELECT FROM submission WHERE id = q.submission_id)`,
		"lanes with gaps":                   `SELECT count(*) FROM (SELECT crn FROM submission WHERE lane IS NOT NULL GROUP BY crn HAVING max(lane) <> count(*)) g`,
		"customers with two active notices": `SELECT count(*) FROM (SELECT crn FROM notice WHERE state = 2 GROUP BY crn HAVING count(*) > 1) g`,
		"overlapping notices": `SELECT count(*) FROM notice a JOIN notice b ON a.crn = b.crn AND a.id < b.id AND a.state <> 4 AND b.state <> 4
			AND daterange(a.start_date, a.end_date, '[]') && daterange(b.start_date, b.end_date, '[]')`,
		"notices without their history": `SELECT count(*) FROM notice n WHERE n.version <> (SELECT count(*) FROM notice_history h WHERE h.notice_id = n.id)
			OR n.state <> (SELECT state FROM notice_history h WHERE h.notice_id = n.id ORDER BY version DESC LIMIT 1)`,
		"kept counts that differ from the queue": `SELECT count(*) FROM (SELECT dimension, value, sum(n) AS n FROM queue_count GROUP BY 1, 2 HAVING sum(n) <> 0) kept FULL JOIN
			(SELECT c.dimension, c.value, count(*) AS n FROM queue_entry e JOIN submission s ON s.id = e.submission_id, LATERAL (
				SELECT 'reason' AS dimension, r::text AS value FROM unnest(shown_reasons(e.reasons)) r UNION ALL SELECT 'authority', s.authority_id
				UNION ALL SELECT 'information_type', s.information_type::text
				UNION ALL SELECT 'hour', floor(extract(epoch FROM e.entered_at) / 3600)::bigint::text) c
				WHERE e.closed_at IS NULL GROUP BY 1, 2) real USING (dimension, value) WHERE kept.n IS DISTINCT FROM real.n`,
		"transition logs with gaps": `SELECT count(*) FROM submission s JOIN decision d ON d.submission_id = s.id AND d.number = 1
			WHERE s.version <> 3 + (SELECT count(*) FROM transition t WHERE t.submission_id = s.id)`,
	} {
		if n := one[int64](w, sql); n != 0 {
			w.t.Errorf("%s: %d", what, n)
		}
	}
}

// shuffled are the events in a random order that can be had again by its seed.
func shuffled(all []*eventv1.Event, seed uint64) []*eventv1.Event {
	out := append([]*eventv1.Event(nil), all...)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
