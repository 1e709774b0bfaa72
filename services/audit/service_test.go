package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/types/known/timestamppb"

	kit "github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	"github.com/noticehub/noticehub/services/audit"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is the service at work behind a server.
type world struct {
	t       *testing.T
	pool    *pgxpool.Pool
	writer  *kit.Writer
	service *audit.Service
	client  auditv1.AuditServiceClient
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: postgrestest.Pool(t, audit.Schema())}
	var err error
	if w.writer, err = kit.NewWriter("intake", bytes.Repeat([]byte{7}, 32)); err != nil {
		t.Fatal(err)
	}
	cfg := audit.Config{LogKeyFile: filepath.Join(t.TempDir(), "keys", "audit-log.key"), CreateKeys: true, AppendEvery: 10 * time.Millisecond, StaleAfter: time.Minute}
	if w.service, err = audit.New(cfg, audit.Deps{Pool: w.pool, Audit: w.writer, Telemetry: telemetry.Discard()}); err != nil {
		t.Fatal(err)
	}
	recorder := kit.NewRecorder(w.pool, w.writer, nil)
	server, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: w.service.Methods(), Name: "audit", Audit: recorder, Customer: w.writer.Customer})
	if err != nil {
		t.Fatal(err)
	}
	w.service.Register(server)
	for _, run := range []func(context.Context) error{w.service.Run, recorder.Run, func(ctx context.Context) error { return server.Serve(ctx, rpc.Listeners{}) }} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	conn, err := server.Dial(identity.With(t.Context(), identity.Caller{Kind: identity.Person, ID: "ada", Roles: []string{"auditor"}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w.client = auditv1.NewAuditServiceClient(conn)
	return w
}

func (w *world) write(actor, method string, entries ...kit.Entry) {
	w.t.Helper()
	ctx := identity.With(w.t.Context(), identity.Caller{Kind: identity.Person, ID: actor, Session: "s1"})
	ctx = kit.WithMethod(ctx, "/"+method)
	if err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error { return w.writer.Write(ctx, tx, entries...) }); err != nil {
		w.t.Fatal(err)
	}
}

// signed waits until the log has so many signed entries.
func (w *world) signed(size int64) *auditv1.GetCheckpointResponse {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := w.client.GetCheckpoint(w.t.Context(), &auditv1.GetCheckpointRequest{})
		if err != nil {
			w.t.Fatal(err)
		}
		if c.GetSize() >= size {
			return c
		}
		if time.Now().After(end) {
			w.t.Fatalf("only %d entries are signed", c.GetSize())
		}
	}
}

// search collects all pages.
func (w *world) search(req *auditv1.SearchEntriesRequest) []*auditv1.Entry {
	w.t.Helper()
	var all []*auditv1.Entry
	for {
		page, err := w.client.SearchEntries(w.t.Context(), req)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, page.GetEntries()...)
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return all
		}
	}
}

func objects(list []*auditv1.Entry) (names []string) {
	for _, e := range list {
		names = append(names, e.GetObject())
	}
	return names
}

func TestAuditorsFindEntries(t *testing.T) {
	t.Parallel()
	w := setup(t)
	now := clock.System().Now()
	id, neighbour := clock.NewID(now).String(), clock.NewID(now).String() // they share a term
	customer := w.writer.Customer("123456789A")
	w.write("olive", "noticehub.test.v1.T/One", kit.Entry{Action: "thing.made", Object: "thing/a", Result: kit.Done, Version: 2, Digest: []byte("d"), Detail: map[string]string{"why": "x"}},
		kit.Entry{Action: "submission.decided", Object: "submission/" + id, Result: kit.Done, Detail: map[string]string{"customer": customer}})
	w.write("oscar", "noticehub.test.v1.T/Two", kit.Entry{Action: "customer.changed", Object: customer, Result: kit.Done},
		kit.Entry{Action: "thing.made", Object: "thing/b", Result: kit.Refused, Reason: "NO", Actor: "authority:frc"})
	many := []kit.Entry{{Action: "submission.lodged", Object: "submission/" + neighbour, Result: kit.Done}}
	for i := range 7 {
		many = append(many, kit.Entry{Action: "thing.made", Object: fmt.Sprintf("thing/m%d", i), Result: kit.Done})
	}
	w.write("olive", "noticehub.test.v1.T/Two", many...)
	w.signed(12)
	for name, c := range map[string]struct {
		req  *auditv1.SearchEntriesRequest
		want []string
	}{
		"object":   {&auditv1.SearchEntriesRequest{Object: "submission/" + id}, []string{"submission/" + id}},
		"another":  {&auditv1.SearchEntriesRequest{Object: "submission/" + neighbour}, []string{"submission/" + neighbour}},
		"customer": {&auditv1.SearchEntriesRequest{Crn: "123456789A"}, []string{customer, "submission/" + id}},
		"stranger": {&auditv1.SearchEntriesRequest{Crn: "999999999A"}, nil},
		"actor":    {&auditv1.SearchEntriesRequest{Actor: "authority:frc"}, []string{"thing/b"}},
		"action":   {&auditv1.SearchEntriesRequest{Action: "customer.changed"}, []string{customer}},
		"refused":  {&auditv1.SearchEntriesRequest{Action: "thing.made", Result: auditv1.Result_RESULT_REFUSED}, []string{"thing/b"}},
		"both":     {&auditv1.SearchEntriesRequest{Actor: "officer:olive", Method: "noticehub.test.v1.T/One", Action: "thing.made"}, []string{"thing/a"}},
		"paged":    {&auditv1.SearchEntriesRequest{Method: "noticehub.test.v1.T/Two", Action: "thing.made", PageSize: 3}, []string{"thing/m6", "thing/m5", "thing/m4", "thing/m3", "thing/m2", "thing/m1", "thing/m0", "thing/b"}},
		"future":   {&auditv1.SearchEntriesRequest{From: timestamppb.New(time.Now().Add(time.Hour))}, nil},
		"past":     {&auditv1.SearchEntriesRequest{To: timestamppb.New(time.Now().Add(-time.Hour))}, nil},
		"today":    {&auditv1.SearchEntriesRequest{From: timestamppb.New(time.Now().Add(-time.Hour)), To: timestamppb.New(time.Now().Add(time.Hour)), Action: "submission.decided"}, []string{"submission/" + id}},
	} {
		if got := objects(w.search(c.req)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	got := w.search(&auditv1.SearchEntriesRequest{Object: "thing/a"})[0]
	if got.GetPosition() != 0 || got.GetActor() != "officer:olive" || got.GetSession() != "s1" || got.GetService() != "intake" || got.GetVersion() != 2 || got.GetDetail()["why"] != "x" || got.GetResult() != auditv1.Result_RESULT_DONE {
		t.Errorf("%v", got)
	}
	whole, err := w.client.GetEntry(t.Context(), &auditv1.GetEntryRequest{Name: &auditv1.GetEntryRequest_RecordId{RecordId: got.GetRecordId()}})
	if err != nil || len(whole.GetEntries()) != 2 {
		t.Errorf("%v %v", whole, err)
	}
	one, err := w.client.GetEntry(t.Context(), &auditv1.GetEntryRequest{Name: &auditv1.GetEntryRequest_Position{Position: 3}})
	if err != nil || one.GetEntries()[0].GetReason() != "NO" {
		t.Errorf("%v %v", one, err)
	}
	for name, req := range map[string]*auditv1.SearchEntriesRequest{
		"no filter":       {Result: auditv1.Result_RESULT_DONE},
		"crn and object":  {Crn: "1", Object: "a/b"},
		"too many":        {Actor: "a", PageSize: 201},
		"foreign token":   {Actor: "officer:olive", PageToken: "AAAAAAAAAAAAAAAA"},
		"token of no use": {Actor: "officer:olive", PageToken: "x"},
	} {
		if _, err := w.client.SearchEntries(t.Context(), req); fault.KindOf(rpc.Fault(err)) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuditorsProveAndExport(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 5 {
		w.write("olive", "noticehub.test.v1.T/One", kit.Entry{Action: "thing.made", Object: fmt.Sprintf("thing/%d", i), Result: kit.Done})
	}
	older := w.signed(5)
	for i := range 300 {
		w.write("olive", "noticehub.test.v1.T/One", kit.Entry{Action: "thing.made", Object: fmt.Sprintf("thing/x%d", i), Result: kit.Done})
	}
	w.signed(305)
	verifier, err := note.NewVerifier(older.GetPublicKey())
	if err != nil || older.GetPublicKey() != w.service.PublicKey() {
		t.Fatal(err)
	}
	for _, position := range []int64{0, 4, 255, 256, 304} {
		p, err := w.client.GetProof(t.Context(), &auditv1.GetProofRequest{Position: position, OlderCheckpoint: older.GetCheckpoint()})
		if err != nil {
			t.Fatal(err)
		}
		document, err := archive.ReadProof(bytes.NewReader(p.GetDocument()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := document.Check(verifier); err != nil || document.Position != position {
			t.Error(position, err)
		}
	}
	if _, err := w.client.GetProof(t.Context(), &auditv1.GetProofRequest{Position: 1 << 40}); fault.KindOf(rpc.Fault(err)) != fault.NotFound {
		t.Error(err)
	}
	export := func(req *auditv1.ExportEntriesRequest) []byte {
		stream, err := w.client.ExportEntries(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		for {
			piece, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return file.Bytes()
			}
			if err != nil {
				t.Fatal(err)
			}
			file.Write(piece.GetContent())
		}
	}
	report, err := archive.Verify(bytes.NewReader(export(&auditv1.ExportEntriesRequest{})), archive.Options{Key: older.GetPublicKey(), Kept: []string{older.GetCheckpoint()}})
	if err != nil || report.To < 305 {
		t.Fatal(report, err)
	}
	if report, err = archive.Verify(bytes.NewReader(export(&auditv1.ExportEntriesRequest{Last: 10})), archive.Options{}); err != nil || report.To-report.From < 10 {
		t.Fatal(report, err)
	}
	// What was exported is on record.
	for end := time.Now().Add(20 * time.Second); len(w.search(&auditv1.SearchEntriesRequest{Actor: "officer:ada", Method: "noticehub.audit.v1.AuditService/ExportEntries"})) < 2; {
		if time.Now().After(end) {
			t.Fatal("the exports are not on record")
		}
	}
	if err := w.service.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// A followed export goes on with what is written after it began.
func TestAuditorsFollow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := w.client.ExportEntries(ctx, &auditv1.ExportEntriesRequest{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	var file []byte
	written := false
	for !bytes.Contains(file, []byte("thing/late")) {
		piece, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, piece.GetContent()...)
		if !written {
			w.write("olive", "noticehub.test.v1.T/One", kit.Entry{Action: "thing.made", Object: "thing/late", Result: kit.Done})
			written = true
		}
	}
	cancel()
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if err := (audit.Config{}).Validate(); err == nil {
		t.Error("settings without a key pass")
	}
	if _, err := audit.New(audit.Config{LogKeyFile: "x", AppendEvery: time.Second, StaleAfter: time.Minute}, audit.Deps{}); err == nil {
		t.Error("a service without a database is made")
	}
}
