package adviceoutcome

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// bundle is a service on its own database and bus, with a clock that stands.
type bundle struct {
	*Service
	t     testing.TB
	url   string
	pool  *pgxpool.Pool
	door  *pgxpool.Pool
	clock *clock.Fake
	cal   *calendar.Calendar
	zone  *time.Location
}

var sydney = func() *time.Location {
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		panic(err)
	}
	return zone
}()

// local is a local time in November 2026; the 2nd is a Monday.
func local(day, hour, minute int) time.Time {
	return time.Date(2026, time.November, day, hour, minute, 0, 0, sydney)
}

func setup(t testing.TB, now time.Time) *bundle {
	t.Helper()
	cal, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	return setupWith(t, now, postgrestest.URL(t, Schema()), cal, filepath.Join(t.TempDir(), "report.pem"))
}

func setupWith(t testing.TB, now time.Time, url string, cal *calendar.Calendar, key string) *bundle {
	t.Helper()
	b := &bundle{t: t, url: url, clock: clock.NewFake(now), cal: cal, zone: sydney}
	b.pool, b.door = postgrestest.Open(t, url, Schema(), postgres.Everything), postgrestest.Open(t, url, Schema(), "")
	writer, err := audit.NewWriter("adviceoutcome", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	b.Service, err = New(Config{
		SigningKeyFile: key, CreateKeys: true, SealEvery: time.Hour, BatchEvents: 500, OutboxDepth: 20_000,
	}, Deps{
		Pool: b.pool, Door: b.door, Audit: writer, Bus: bustest.New(t), Clock: b.clock, Calendar: cal, Zone: sydney, Telemetry: telemetry.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// replica is a second service on the same database, with a clock of its own.
func (b *bundle) replica(now time.Time) *bundle {
	b.t.Helper()
	return setupWith(b.t, now, b.url, b.cal, b.cfg.SigningKeyFile)
}

func (b *bundle) authority(id string, in term.Jurisdiction, from string) {
	b.t.Helper()
	date, err := calendar.ParseDate(from)
	if err != nil {
		b.t.Fatal(err)
	}
	err = postgres.InTx(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		return b.store.SaveAuthorities(b.t.Context(), tx, []report.Authority{{ID: id, Jurisdiction: in, ReportsFrom: date, Enabled: true, Version: 1}})
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

var submissions atomic.Int64

// decided makes the event of a submission that was decided now.
func (b *bundle) decided(authority string) *eventv1.Event {
	n := submissions.Add(1)
	id := clock.NewID(b.clock.Now())
	event := clock.DerivedID(id, "decided/3")
	return &eventv1.Event{
		Id: event[:], SchemaVersion: 1, OccurredAt: timestamppb.New(b.clock.Now()),
		Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{
			SubmissionId: id[:], AuthorityId: authority, Reference: fmt.Sprintf("REF-%d", n),
			InformationType: eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_COMMENCE,
			Status:          eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED, Outcome: eventv1.Outcome_OUTCOME_COMMENCED, Version: 3,
			Crn: fmt.Sprintf("3%08dA", n), LodgedAt: timestamppb.New(b.clock.Now().Add(-time.Minute)), DecidedAt: timestamppb.New(b.clock.Now()),
			StartDate: "2026-12-01", EndDate: "2027-05-31", NoteForAuthority: "recorded, \"as asked\"",
		}},
	}
}

// unprocessed makes the event of a submission that was left to an officer now.
func (b *bundle) unprocessed(of *eventv1.Event) *eventv1.Event {
	d := of.GetSubmissionDecided()
	id := clock.NewID(b.clock.Now())
	return &eventv1.Event{
		Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(b.clock.Now()),
		Body: &eventv1.Event_SubmissionUnprocessed{SubmissionUnprocessed: &eventv1.SubmissionUnprocessed{
			SubmissionId: d.GetSubmissionId(), AuthorityId: d.GetAuthorityId(), Reference: d.GetReference(),
			InformationType: d.GetInformationType(), Version: 3, DecidedAt: timestamppb.New(b.clock.Now()), LodgedAt: d.GetLodgedAt(),
		}},
	}
}

func received(events ...*eventv1.Event) []inbox.Event {
	all := make([]inbox.Event, len(events))
	for i, e := range events {
		id, err := clock.IDFromBytes(e.GetId())
		if err != nil {
			panic(err)
		}
		all[i] = inbox.Event{ID: id, Value: e}
	}
	return all
}

// apply is a transaction of the decided consumer.
func (b *bundle) apply(events ...*eventv1.Event) inbox.Effects {
	b.t.Helper()
	effects, err := b.tryApply(b.t.Context(), events...)
	if err != nil {
		b.t.Fatal(err)
	}
	return effects
}

func (b *bundle) tryApply(ctx context.Context, events ...*eventv1.Event) (inbox.Effects, error) {
	var effects inbox.Effects
	err := postgres.InTx(ctx, b.pool, func(tx pgx.Tx) (err error) {
		if effects, err = b.handlers.Decided(ctx, tx, received(events...)); err != nil {
			return err
		}
		return outbox.Insert(ctx, tx, effects.Outbox...)
	})
	return effects, err
}

// record decides and records n submissions of an authority now.
func (b *bundle) record(authority string, n int) {
	b.t.Helper()
	events := make([]*eventv1.Event, n)
	for i := range events {
		events[i] = b.decided(authority)
	}
	b.apply(events...)
}

func (b *bundle) sweep() {
	b.t.Helper()
	if err := b.sealer.Sweep(b.t.Context(), b.clock.Now()); err != nil {
		b.t.Fatal(err)
	}
}

// reports returns an authority's sealed reports, oldest first.
func (b *bundle) reports(authority string) []report.Report {
	b.t.Helper()
	all, err := b.store.Reports(b.t.Context(), store.ReportFilter{AuthorityID: authority, Through: calendar.DateOf(2100, 1, 1), Limit: 10_000})
	if err != nil {
		b.t.Fatal(err)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// content returns the stored bytes of one form.
func (b *bundle) content(r report.Report, form report.Form) []byte {
	b.t.Helper()
	var all bytes.Buffer
	for number := int32(0); ; number++ {
		chunk, err := b.store.Chunk(b.t.Context(), r.ReportID, form, number)
		if err != nil {
			b.t.Fatal(err)
		}
		if chunk == nil {
			return all.Bytes()
		}
		all.Write(chunk)
	}
}

// verify rebuilds every sealed report and compares.
func (b *bundle) verify(reports ...report.Report) {
	b.t.Helper()
	for _, r := range reports {
		if err := b.sealer.Verify(b.t.Context(), r); err != nil {
			b.t.Errorf("report %s: %v", r.Date, err)
		}
	}
}

func (b *bundle) count(sql string, args ...any) (n int) {
	b.t.Helper()
	if err := b.pool.QueryRow(b.t.Context(), sql, args...).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func parseCSV(t testing.TB, content []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
