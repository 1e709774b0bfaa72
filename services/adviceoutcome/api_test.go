package adviceoutcome

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/proto/term"
)

// callers of the API, each over a connection of its own.
var (
	frc     = identity.Caller{Kind: identity.Authority, ID: "frc"}
	other   = identity.Caller{Kind: identity.Authority, ID: "qld-cp"}
	auditor = identity.Caller{Kind: identity.Person, ID: "ann", Roles: []string{"auditor"}}
	officer = identity.Caller{Kind: identity.Person, ID: "olga", Roles: []string{"officer"}}
	contact = identity.Caller{Kind: identity.Person, ID: "cara", Roles: []string{"contact-officer"}}
	machine = identity.Caller{Kind: identity.Service, ID: "intake"}
)

// serve serves the API and returns how to call it.
func (b *bundle) serve() func(identity.Caller) advicev1.ReportServiceClient {
	b.t.Helper()
	server, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: b.Methods()})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Register(server)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, rpc.Listeners{}) }()
	b.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	})
	return func(c identity.Caller) advicev1.ReportServiceClient {
		conn, err := server.Dial(identity.With(b.t.Context(), c))
		if err != nil {
			b.t.Fatal(err)
		}
		b.t.Cleanup(func() { _ = conn.Close() })
		return advicev1.NewReportServiceClient(conn)
	}
}

// refused checks the kind and reason of a call's error.
func refused(t *testing.T, what string, err error, kind fault.Kind, reason string) {
	t.Helper()
	var f *fault.Error
	if err = rpc.Fault(err); !errors.As(err, &f) || f.Kind != kind || reason != "" && f.Reason != reason {
		t.Errorf("%s: %v (%+v), want %v %s", what, err, f, kind, reason)
	}
}

// reported is a service with two sealed reports of frc and one of qld-cp, and
// an outcome of each that waits.
func reported(t *testing.T) *bundle {
	t.Helper()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.authority("qld-cp", term.QLD, "2026-11-05")
	b.record("frc", 5)
	b.clock.Set(local(4, 10, 0))
	b.sweep()
	b.record("frc", 2)
	b.record("qld-cp", 3)
	b.clock.Set(local(5, 10, 0))
	b.sweep()
	b.record("frc", 1)
	b.record("qld-cp", 1)
	return b
}

func TestDownloadDeliversOnce(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	ctx := t.Context()
	// Somebody else reading it is no delivery.
	got, err := as(auditor).DownloadReport(ctx, &advicev1.DownloadReportRequest{ReportDate: "2026-11-04", AuthorityId: "frc", Format: advicev1.Format_FORMAT_CSV})
	if err != nil || got.GetReport().GetDeliveredAt() != nil || got.GetReport().GetLines() != 5 {
		t.Fatalf("%+v, %v", got.GetReport(), err)
	}
	for range 2 {
		got, err = as(frc).DownloadReport(ctx, &advicev1.DownloadReportRequest{ReportDate: "2026-11-04"})
		if err != nil || got.GetReport().GetDeliveredAt().AsTime() != b.clock.Now().UTC() || got.GetMediaType() != "application/json" {
			t.Fatalf("%+v, %v", got.GetReport(), err)
		}
		if sum := sha256.Sum256(got.GetContent()); !bytes.Equal(sum[:], got.GetReport().GetJsonDigest()) {
			t.Error("the digest is not that of the bytes")
		}
	}
	b.clock.Set(local(6, 10, 0))
	again, err := as(frc).GetReport(ctx, &advicev1.GetReportRequest{ReportDate: "2026-11-04"})
	if err != nil || again.GetReport().GetDeliveredAt().AsTime() != local(5, 10, 0).UTC() {
		t.Errorf("%+v, %v", again.GetReport(), err)
	}
	if n := b.count("SELECT count(*) FROM delivery"); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	// Two batches of outcomes for frc and two for qld-cp besides the first, three seals, one delivery.
	if n := b.count("SELECT count(*) FROM outbox"); n != 5+3+1 {
		t.Errorf("%d messages", n)
	}
	verifySignature(t, b, got.GetReport())
}

// verifySignature puts the statement together as an authority would.
func verifySignature(t *testing.T, b *bundle, r *advicev1.Report) {
	t.Helper()
	id, encoded := b.SigningKey()
	block, _ := pem.Decode(encoded)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil || id != r.GetKeyId() {
		t.Fatal(id, err)
	}
	statement := fmt.Sprintf("noticehub daily report 1\nauthority %s\nsequence %d\ndate %s\ncsv sha256 %x\njson sha256 %x\nprevious sha256 %x\n",
		r.GetAuthorityId(), r.GetSequence(), r.GetReportDate(), r.GetCsvDigest(), r.GetJsonDigest(), r.GetPreviousDigest())
	if !ed25519.Verify(public.(ed25519.PublicKey), []byte(statement), r.GetSignature()) {
		t.Error("the signature does not verify")
	}
}

func TestStreamDeliversWhenComplete(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	fill(t, b.pool, "frc", 30_000)
	if _, err := b.pool.Exec(t.Context(), "INSERT INTO authority VALUES ('other', 4, '2026-11-04', true, 1)"); err != nil {
		t.Fatal(err)
	}
	b.clock.Set(local(4, 10, 0))
	b.sweep()
	as := b.serve()
	_, err := as(frc).DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: "2026-11-04"})
	refused(t, "large report in one piece", err, fault.Precondition, "REPORT_TOO_LARGE")
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := as(frc).StreamReport(ctx, &advicev1.StreamReportRequest{ReportDate: "2026-11-04"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel() // gone after the first piece
	if n := b.count("SELECT count(*) FROM delivery"); n != 0 {
		t.Error("half a report counts as delivered")
	}
	if stream, err = as(frc).StreamReport(t.Context(), &advicev1.StreamReportRequest{ReportDate: "2026-11-04"}); err != nil {
		t.Fatal(err)
	}
	var content []byte
	var r *advicev1.Report
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if (r == nil) != (piece.GetReport() != nil) {
			t.Fatal("the report comes with the first piece and no other")
		}
		if r == nil {
			r = piece.GetReport()
		}
		content = append(content, piece.GetContent()...)
	}
	if sum := sha256.Sum256(content); !bytes.Equal(sum[:], r.GetJsonDigest()) || int64(len(content)) != r.GetJsonSize() {
		t.Error("the digest is not that of the bytes")
	}
	if n := b.count("SELECT count(*) FROM delivery"); n != 1 {
		t.Errorf("%d deliveries", n)
	}
}

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	ctx := t.Context()
	r := b.reports("frc")[0]
	wrong := bytes.Repeat([]byte{1}, 32)
	_, err := as(frc).AcknowledgeReport(ctx, &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: wrong})
	refused(t, "wrong digest", err, fault.Precondition, "DIGEST_MISMATCH")
	_, err = as(frc).AcknowledgeReport(ctx, &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: wrong[:31]})
	refused(t, "short digest", err, fault.Invalid, "")
	_, err = as(auditor).AcknowledgeReport(ctx, &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: r.CSV.Sum})
	refused(t, "an auditor", err, fault.Denied, "")
	_, err = as(other).AcknowledgeReport(ctx, &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: r.CSV.Sum})
	refused(t, "another authority", err, fault.NotFound, "REPORT_NOT_FOUND")
	for _, digest := range [][]byte{r.CSV.Sum, r.JSON.Sum} {
		got, err := as(frc).AcknowledgeReport(ctx, &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: digest})
		if err != nil || got.GetReport().GetAcknowledgedAt().AsTime() != local(5, 10, 0).UTC() {
			t.Errorf("%+v, %v", got.GetReport(), err)
		}
		b.clock.Set(local(6, 10, 0))
	}
	list, err := as(auditor).ListReports(ctx, &advicev1.ListReportsRequest{Unacknowledged: true})
	if err != nil || len(list.GetReports()) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	ctx := t.Context()
	get := func(c identity.Caller, date, authority string) error {
		_, err := as(c).GetReport(ctx, &advicev1.GetReportRequest{ReportDate: date, AuthorityId: authority})
		return err
	}
	for _, ok := range []error{get(frc, "2026-11-04", ""), get(frc, "2026-11-04", "frc"), get(auditor, "2026-11-04", "frc"), get(other, "2026-11-05", "")} {
		if ok != nil {
			t.Error(ok)
		}
	}
	refused(t, "foreign report", get(other, "2026-11-04", ""), fault.NotFound, "REPORT_NOT_FOUND")
	refused(t, "absent report", get(other, "2026-11-03", ""), fault.NotFound, "REPORT_NOT_FOUND")
	refused(t, "a weekend", get(frc, "2026-11-07", ""), fault.NotFound, "REPORT_NOT_FOUND")
	refused(t, "somebody else's id", get(frc, "2026-11-04", "qld-cp"), fault.Denied, "AUTHORITY_MISMATCH")
	refused(t, "no authority", get(auditor, "2026-11-04", ""), fault.Invalid, "")
	refused(t, "no such date", get(frc, "2026-02-30", ""), fault.Invalid, "")
	refused(t, "no date", get(frc, "today", ""), fault.Invalid, "")
	refused(t, "another role", get(officer, "2026-11-04", "frc"), fault.Denied, "")
	refused(t, "a service", get(machine, "2026-11-04", "frc"), fault.Denied, "")
	// Closed but not sealed, and of a date that has not come.
	b.clock.Set(local(6, 0, 0))
	if _, closed, err := b.sealer.Close(ctx, "frc", b.clock.Now()); err != nil || !closed {
		t.Fatal(closed, err)
	}
	refused(t, "closed report", get(frc, "2026-11-06", ""), fault.NotFound, "REPORT_NOT_FOUND")
	b.sweep()
	b.clock.Set(local(5, 23, 0))
	refused(t, "report of tomorrow", get(frc, "2026-11-06", ""), fault.NotFound, "REPORT_NOT_FOUND")
	_, err := as(frc).ListAdviceOutcomes(ctx, &advicev1.ListAdviceOutcomesRequest{AuthorityId: "qld-cp"})
	refused(t, "somebody else's outcomes", err, fault.Denied, "AUTHORITY_MISMATCH")
	_, err = as(auditor).ListAdviceOutcomes(ctx, &advicev1.ListAdviceOutcomesRequest{})
	refused(t, "nobody's outcomes", err, fault.Invalid, "")
}
