package intake_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/intake"
	"github.com/noticehub/noticehub/services/internal/packet"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// start of every test: Monday 23 November 2026, 12:00 in Sydney.
var start = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

// world is intake behind its door, with a database and a bus of its own.
type world struct {
	t      testing.TB
	url    string
	pool   *pgxpool.Pool
	door   *pgxpool.Pool
	audit  *audit.Writer
	bus    *bus.Bus
	clock  *clock.Fake
	server *rpc.Server
	intake *intake.Service
	keys   string // the file with the receipt key of the first process
	log    telemetrytest.Log

	superuser *pgxpool.Pool // see admin
}

// setup starts intake with the authorities frc, qld-cp, nt-cp, and closed, which
// is disabled.
func setup(t testing.TB, change ...func(*intake.Config)) *world {
	t.Helper()
	w := &world{t: t, url: postgrestest.URL(t, intake.Schema()), bus: bustest.New(t), clock: clock.NewFake(start)}
	w.pool = postgrestest.Open(t, w.url, intake.Schema(), postgres.Everything)
	w.door = postgrestest.Open(t, w.url, intake.Schema(), "")
	var err error
	if w.audit, err = audit.NewWriter("intake", make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	// Streams drop what nobody is declared to consume; an outbox would send it again.
	eventually(t, "the bus is set up", func() bool {
		return w.bus.Declare(t.Context(), packet.Streams(subject.Lodged, subject.Decided, subject.Authority)...) == nil
	})
	w.intake, w.server = w.serve(change...)
	w.announce(eventv1.BusinessFunction_BUSINESS_FUNCTION_CAPE_YORK, "frc", eventv1.Jurisdiction_JURISDICTION_QLD, true, 1)
	w.announce(eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, "qld-cp", eventv1.Jurisdiction_JURISDICTION_QLD, true, 1)
	w.announce(eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, "nt-cp", eventv1.Jurisdiction_JURISDICTION_NT, true, 1)
	w.announce(eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, "closed", eventv1.Jurisdiction_JURISDICTION_NT, false, 1)
	closed := dial(t, w.server, identity.Caller{Kind: identity.Authority, ID: "closed", CaseWorker: notice().GetCaseWorker()})
	eventually(t, "the authorities are known", func() bool {
		// The last one announced, and told apart from an unknown one.
		_, err := closed.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
		return faultOf(err).Reason == "AUTHORITY_DISABLED" && scalar[int](t, w.pool, "SELECT count(*) FROM authority") == 4
	})
	return w
}

// serve starts one more process on the world's database and bus.
func (w *world) serve(change ...func(*intake.Config)) (*intake.Service, *rpc.Server) {
	w.t.Helper()
	cfg := intake.DefaultConfig()
	cfg.ReceiptKeyFile, cfg.CreateKeys = filepath.Join(w.t.TempDir(), "receipt.pem"), true
	cfg.AuthoritiesEvery = 50 * time.Millisecond
	cfg.CustomerRate, cfg.SearchQuota = 0, 0 // most tests lodge about one customer
	for _, c := range change {
		c(&cfg)
	}
	if w.keys == "" {
		w.keys = cfg.ReceiptKeyFile
	}
	cal, err := calendar.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		w.t.Fatal(err)
	}
	tel := telemetry.Discard()
	tel.Log = slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	service, err := intake.New(cfg, intake.Deps{
		Pool: w.pool, Door: w.door, Audit: w.audit, Bus: w.bus, Clock: w.clock, Calendar: cal, Zone: zone, Telemetry: tel,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	server, err := rpc.NewServer(rpc.Options{Telemetry: tel, Authenticator: identity.Development(), Table: service.Methods(), Name: "intake"})
	if err != nil {
		w.t.Fatal(err)
	}
	service.Register(server)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- service.Run(ctx) }()
	go func() { ended <- server.Serve(ctx, rpc.Listeners{}) }()
	w.t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				w.t.Errorf("intake ended with %v", err)
			}
		}
	})
	eventually(w.t, "intake is ready", func() bool { return service.Ready(w.t.Context()) == nil })
	return service, server
}

// as is a client of the authority.
func (w *world) as(authority string) intakev1.IntakeServiceClient {
	return dial(w.t, w.server, identity.Caller{Kind: identity.Authority, ID: authority})
}

func dial(t testing.TB, server *rpc.Server, caller identity.Caller) intakev1.IntakeServiceClient {
	t.Helper()
	conn, err := server.Dial(identity.With(t.Context(), caller))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return intakev1.NewIntakeServiceClient(conn)
}

// publish sends events on a stream as another service would.
func (w *world) publish(stream string, events ...*eventv1.Event) {
	w.t.Helper()
	for _, e := range events {
		e.SchemaVersion = 1
		if e.GetId() == nil {
			id := clock.NewID(start)
			e.Id = id[:]
		}
	}
	var messages []bus.Message
	for _, row := range packet.Rows(stream, events, 500) {
		messages = append(messages, bus.Message{ID: row.ID.String(), Attempt: row.ID.String(), Stream: row.Stream, Subject: row.Subject, Headers: row.Headers, Data: row.Payload})
	}
	eventually(w.t, "the bus takes events", func() bool {
		acks, err := w.bus.Publish(w.t.Context(), messages)
		for _, a := range acks {
			if a.Err != nil {
				return false
			}
		}
		return err == nil
	})
}

func (w *world) announce(function eventv1.BusinessFunction, id string, jurisdiction eventv1.Jurisdiction, enabled bool, version int64) {
	w.publish(subject.Authority, &eventv1.Event{Body: &eventv1.Event_AuthorityChanged{AuthorityChanged: &eventv1.AuthorityChanged{
		AuthorityId: id, BusinessFunction: function, Jurisdiction: jurisdiction, Enabled: enabled, RecordVersion: version,
	}}})
}

var references atomic.Int64

// notice is a notice to commence that child protection may lodge.
func notice() *intakev1.Submission {
	return &intakev1.Submission{
		Reference: fmt.Sprintf("R-%d", references.Add(1)), CaseWorker: "C. Worker",
		Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
			Customer:  &intakev1.CustomerIdentity{Crn: "123456789A", FamilyName: "Nguyễn", DateOfBirth: "1990-02-28"},
			StartDate: "2026-12-01", DurationMonths: 6, Text: "please call before ten",
		}},
	}
}

// submit lodges and returns the receipt.
func submit(t testing.TB, c intakev1.IntakeServiceClient, s *intakev1.Submission) *intakev1.Receipt {
	t.Helper()
	response, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatalf("submit %s: %v", s.GetReference(), rpc.Fault(err))
	}
	return response.GetReceipt()
}

func idOf(t testing.TB, r *intakev1.Receipt) clock.ID {
	t.Helper()
	id, err := clock.ParseID(r.GetSubmissionId())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// decided is the event of an automatic decision about a receipted submission.
func decided(t testing.TB, r *intakev1.Receipt, status eventv1.SubmissionStatus, outcome eventv1.Outcome, version int32) *eventv1.SubmissionDecided {
	id := idOf(t, r)
	return &eventv1.SubmissionDecided{
		SubmissionId: id[:], AuthorityId: r.GetAuthorityId(), Reference: r.GetReference(), Status: status, Outcome: outcome,
		Version: version, LodgedAt: r.GetLodgedAt(), DecidedAt: timestamppb.New(start.Add(time.Minute)), Crn: "123456789A",
		StartDate: "2026-12-01", EndDate: "2027-05-31", NoteForAuthority: "noted",
	}
}

func (w *world) decide(d *eventv1.SubmissionDecided) {
	w.publish(subject.Decided, &eventv1.Event{Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: d}})
}

func commenced(t testing.TB, r *intakev1.Receipt) *eventv1.SubmissionDecided {
	return decided(t, r, eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED, eventv1.Outcome_OUTCOME_COMMENCED, 3)
}

// unprocessed leaves a submission to an officer, for reasons, some seconds on.
func (w *world) unprocessed(r *intakev1.Receipt, after time.Duration, reasons ...eventv1.RejectionReason) {
	id := idOf(w.t, r)
	w.publish(subject.Decided, &eventv1.Event{Body: &eventv1.Event_SubmissionUnprocessed{SubmissionUnprocessed: &eventv1.SubmissionUnprocessed{
		SubmissionId: id[:], AuthorityId: r.GetAuthorityId(), Reference: r.GetReference(), Reasons: reasons, Version: 3,
		DecidedAt: timestamppb.New(start.Add(after)), LodgedAt: r.GetLodgedAt(),
	}}})
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it never came true that %s", what)
		}
	}
}

func scalar[T any](t testing.TB, pool *pgxpool.Pool, sql string, arguments ...any) T {
	t.Helper()
	var v T
	if err := pool.QueryRow(t.Context(), sql, arguments...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// faultOf is what a call's error says.
func faultOf(err error) *fault.Error {
	f, _ := rpc.Fault(err).(*fault.Error) //nolint:errorlint // rpc.Fault returns it bare
	return f
}
