package adviceoutcome

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// administrator is a pool as the superuser, who alone reads the log.
func (b *bundle) administrator() *pgxpool.Pool {
	b.t.Helper()
	return postgrestest.Open(b.t, b.url, postgres.Schema{Name: "audit", Role: "postgres"}, "")
}

// entries are those of the log by record; each has its actor.
func entries(t *testing.T, admin *pgxpool.Pool) [][]audit.Entry {
	t.Helper()
	rows, err := admin.Query(t.Context(), "SELECT actor, entries FROM audit.record ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (found []audit.Entry, err error) {
		var actor string
		var lines []byte
		if err := row.Scan(&actor, &lines); err != nil {
			return nil, err
		}
		for line := range bytes.Lines(lines) {
			e := audit.Entry{Actor: actor}
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, err
			}
			found = append(found, e)
		}
		return found, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryChangeIsOnRecord follows outcomes into a report and the report to its
// authority: each step has its entry, once.
func TestEveryChangeIsOnRecord(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	admin := b.administrator()
	r := b.reports("frc")[0]
	before := entries(t, admin)
	if first := before[0]; len(first) != 5 || first[0].Action != "outcome.recorded" || first[0].Detail["outcome"] != "COMMENCED" ||
		first[0].Detail["report_date"] != "2026-11-04" || !strings.HasPrefix(first[0].Object, "submission/") || first[0].Actor != "service:adviceoutcome" {
		t.Errorf("the first batch: %+v", first)
	}
	n := b.count("SELECT count(*) FROM outcome")
	count := make(map[string]int)
	for _, record := range before {
		for _, e := range record {
			count[e.Action]++
			id, public := b.SigningKey()
			switch block, _ := pem.Decode(public); e.Action {
			case "report.sealed":
				if e.Object == "report/frc/2026-11-04" && (e.Version != 1 || !bytes.Equal(e.Digest, r.JSON.Sum) || e.Detail["csv"] != fmt.Sprintf("%x", r.CSV.Sum) || e.Detail["lines"] != "5") {
					t.Errorf("sealed: %+v", e)
				}
			case "signing-key.first-used":
				// The PEM ends with the 32 bytes of the key itself.
				if sum := sha256.Sum256(block.Bytes[len(block.Bytes)-32:]); e.Object != "key/"+id || !bytes.Equal(e.Digest, sum[:]) {
					t.Errorf("key: %+v", e)
				}
			}
		}
	}
	if fmt.Sprint(count) != fmt.Sprintf("map[outcome.recorded:%d report.closed:3 report.sealed:3 signing-key.first-used:1]", n) {
		t.Errorf("on record: %v", count)
	}
	for range 2 { // the second time nothing changes
		if _, err := as(frc).DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: "2026-11-04"}); err != nil {
			t.Fatal(err)
		}
		if _, err := as(frc).AcknowledgeReport(t.Context(), &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: r.CSV.Sum}); err != nil {
			t.Fatal(err)
		}
	}
	after := entries(t, admin)[len(before):]
	if len(after) != 2 || after[0][0].Action != "report.delivered" || after[1][0].Action != "report.acknowledged" {
		t.Fatalf("on record: %+v", after)
	}
	for _, record := range after {
		if e := record[0]; e.Actor != "authority:frc" || e.Object != "report/frc/2026-11-04" || e.Version != 1 {
			t.Errorf("%+v", e)
		}
	}
	if !bytes.Equal(after[1][0].Digest, r.CSV.Sum) {
		t.Errorf("acknowledged: %+v", after[1][0])
	}
	for _, record := range entries(t, admin) {
		if text := fmt.Sprintf("%+v", record); strings.Contains(text, "as asked") || strings.Contains(text, "REF-") {
			t.Errorf("what is about customers is in the log: %s", text)
		}
	}
	b.apply(b.decided("frc"))
	repeated := b.decided("frc")
	b.apply(repeated)
	known := len(entries(t, admin))
	b.apply(repeated)
	if n := len(entries(t, admin)); n != known {
		t.Error("a repetition is on record")
	}
}

// TestNoAuditNoAction takes the right to write entries away: nothing is recorded,
// closed, sealed, delivered or acknowledged, and all of it can be tried again.
func TestNoAuditNoAction(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	b.clock.Set(local(6, 0, 0))
	head, _, err := b.sealer.Close(t.Context(), "frc", b.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	admin := b.administrator()
	state := func() string {
		return fmt.Sprint(b.count("SELECT count(*) FROM outcome"), b.count("SELECT count(*) FROM report"), b.count("SELECT count(*) FROM report WHERE sealed_at IS NULL"),
			b.count("SELECT count(*) FROM delivery"), b.count("SELECT count(*) FROM acknowledgement"), b.count("SELECT count(*) FROM outbox"))
	}
	before := state()
	if _, err := admin.Exec(t.Context(), "REVOKE INSERT ON audit.record FROM noticehub_audit_writer"); err != nil {
		t.Fatal(err)
	}
	_, recording := b.tryApply(t.Context(), b.decided("frc"))
	_, _, closing := b.sealer.Close(t.Context(), "qld-cp", b.clock.Now())
	_, sealing := b.sealer.Seal(t.Context(), head.ReportID)
	_, delivering := as(frc).DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: "2026-11-04"})
	_, acknowledging := as(frc).AcknowledgeReport(t.Context(), &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: b.reports("frc")[0].CSV.Sum})
	for what, err := range map[string]error{"recording": recording, "closing": closing, "sealing": sealing} {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{"delivering": delivering, "acknowledging": acknowledging} {
		refused(t, what, err, fault.Unavailable, "AUDIT_UNAVAILABLE")
	}
	if now := state(); now != before {
		t.Errorf("from %s to %s", before, now)
	}
	if _, err := admin.Exec(t.Context(), "GRANT INSERT ON audit.record TO noticehub_audit_writer"); err != nil {
		t.Fatal(err)
	}
	b.sweep()
	b.verify(b.reports("frc")...)
}
