package adviceoutcome

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/proto/term"
)

// again asks to offer frc's report of a date again.
func again(date, action string) *advicev1.RedeliverReportRequest {
	return &advicev1.RedeliverReportRequest{AuthorityId: "frc", ReportDate: date, ActionId: action, Reason: "their disk was lost"}
}

// take fetches and acknowledges frc's report of 4 November, as its nightly run does.
func take(t *testing.T, c advicev1.ReportServiceClient) (content []byte, r *advicev1.Report) {
	t.Helper()
	got, err := c.DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: "2026-11-04", Format: advicev1.Format_FORMAT_CSV})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(got.GetContent())
	acknowledged, err := c.AcknowledgeReport(t.Context(), &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: sum[:]})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetContent(), acknowledged.GetReport()
}

// unacknowledged are the dates an authority's nightly run finds.
func unacknowledged(t *testing.T, c advicev1.ReportServiceClient, authority string) string {
	t.Helper()
	list, err := c.ListReports(t.Context(), &advicev1.ListReportsRequest{AuthorityId: authority, Unacknowledged: true})
	if err != nil {
		t.Fatal(err)
	}
	var dates []string
	for _, r := range list.GetReports() {
		dates = append(dates, r.GetReportDate())
	}
	return strings.Join(dates, " ")
}

// TestOfferedAgain: an acknowledged report is offered again, is found, fetched and
// acknowledged anew, twice; its bytes and all that is sealed stay, and so does what
// came of it before.
func TestOfferedAgain(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	first, sealed := take(t, as(frc))
	if dates := unacknowledged(t, as(frc), ""); dates != "2026-11-05" {
		t.Fatalf("unacknowledged: %s", dates)
	}
	told := b.count("SELECT count(*) FROM outbox")
	for n := int32(1); n <= 2; n++ {
		b.clock.Set(local(int(5+n), 10, 0))
		action := strings.Repeat("a", int(n))
		for range 2 { // the second time it is the same action
			got, err := as(contact).RedeliverReport(t.Context(), again("2026-11-04", action))
			if err != nil {
				t.Fatal(err)
			}
			d := got.GetDelivery()
			if d.GetState() != advicev1.DeliveryState_DELIVERY_STATE_SEALED || d.GetRedeliveries() != n || d.GetOverdue() || d.GetAdvice() != "" ||
				d.GetReport().GetDeliveredAt() != nil || d.GetReport().GetAcknowledgedAt() != nil || d.GetLines() != 5 {
				t.Errorf("offered again: %v", d)
			}
			was := proto.CloneOf(sealed)
			was.DeliveredAt, was.AcknowledgedAt = nil, nil
			if !proto.Equal(was, d.GetReport()) {
				t.Errorf("the report became %v", d.GetReport())
			}
		}
		for _, c := range []advicev1.ReportServiceClient{as(frc), as(contact)} {
			if dates := unacknowledged(t, c, "frc"); !strings.HasSuffix(dates, "2026-11-04") {
				t.Errorf("unacknowledged: %s", dates)
			}
		}
		// Somebody else's reading of it is no delivery, as ever.
		if _, err := as(contact).DownloadReport(t.Context(), &advicev1.DownloadReportRequest{AuthorityId: "frc", ReportDate: "2026-11-04"}); err != nil {
			t.Fatal(err)
		}
		content, r := take(t, as(frc))
		if !bytes.Equal(content, first) || r.GetDeliveredAt().AsTime() != b.clock.Now().UTC() || r.GetAcknowledgedAt().AsTime() != b.clock.Now().UTC() {
			t.Errorf("fetched anew: %v", r)
		}
		verifySignature(t, b, r)
		if n := b.count("SELECT count(*) FROM outbox") - told - int(n); n != 0 {
			t.Errorf("%d messages too many or too few tell of deliveries", n)
		}
	}
	if n := b.count(`SELECT count(*) FROM redelivery x JOIN delivery d ON d.report_id = x.report_id AND d.offer = x.offer - 1 AND d.delivered_at = x.delivered_before
		JOIN acknowledgement k ON k.report_id = x.report_id AND k.offer = x.offer - 1 AND k.acknowledged_at = x.acknowledged_before
		WHERE x.actor = 'officer:cara'`); n != 2 {
		t.Errorf("%d of 2 times it is known what stood before", n)
	}
	b.verify(b.reports("frc")...)
	if err := b.sealer.Check(t.Context(), b.clock.Now()); err != nil {
		t.Error(err)
	}
	var actions []string
	for _, record := range entries(t, b.administrator()) {
		for _, e := range record {
			if strings.HasPrefix(e.Action, "report.") && e.Object == "report/frc/2026-11-04" {
				actions = append(actions, strings.TrimPrefix(e.Action, "report.")+e.Detail["offer"])
			}
			if e.Action == "report.redelivered" && (e.Actor != "officer:cara" || !bytes.Equal(e.Digest, audit.Digest("their disk was lost"))) {
				t.Errorf("%+v", e)
			}
		}
	}
	if got := strings.Join(actions, " "); got != "closed sealed delivered acknowledged redelivered1 delivered1 acknowledged1 redelivered2 delivered2 acknowledged2" {
		t.Errorf("on record: %s", got)
	}
}

// TestOfferedAgainRefusals: what cannot be offered again, and by whom.
func TestOfferedAgainRefusals(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	call := func(who identity.Caller, date, action string, change func(*advicev1.RedeliverReportRequest)) error {
		r := again(date, action)
		if change != nil {
			change(r)
		}
		_, err := as(who).RedeliverReport(t.Context(), r)
		return err
	}
	for _, who := range []identity.Caller{frc, auditor, officer, machine} {
		refused(t, who.ID, call(who, "2026-11-04", "a", nil), fault.Denied, "METHOD_DENIED")
	}
	for _, date := range []string{"2026-11-03", "2026-11-07", "2026-11-09", "2099-01-01", "0001-01-01"} { // before the first, a Saturday, and not yet collected for
		refused(t, date, call(contact, date, "a", nil), fault.NotFound, "REPORT_NOT_FOUND")
	}
	refused(t, "unknown authority", call(contact, "2026-11-04", "a", func(r *advicev1.RedeliverReportRequest) { r.AuthorityId = "nobody" }), fault.NotFound, "REPORT_NOT_FOUND")
	refused(t, "collecting", call(contact, "2026-11-06", "a", nil), fault.Precondition, "REPORT_NOT_SEALED")
	b.clock.Set(local(6, 0, 0))
	refused(t, "due", call(contact, "2026-11-06", "a", nil), fault.Precondition, "REPORT_NOT_SEALED")
	if _, _, err := b.sealer.Close(t.Context(), "frc", b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	refused(t, "closed", call(contact, "2026-11-06", "a", nil), fault.Precondition, "REPORT_NOT_SEALED")
	for what, change := range map[string]func(*advicev1.RedeliverReportRequest){
		"no authority":  func(r *advicev1.RedeliverReportRequest) { r.AuthorityId = "" },
		"odd authority": func(r *advicev1.RedeliverReportRequest) { r.AuthorityId = "FRC'--" },
		"no date":       func(r *advicev1.RedeliverReportRequest) { r.ReportDate = "" },
		"odd date":      func(r *advicev1.RedeliverReportRequest) { r.ReportDate = "2026-02-30" },
		"no action":     func(r *advicev1.RedeliverReportRequest) { r.ActionId = "" },
		"odd action":    func(r *advicev1.RedeliverReportRequest) { r.ActionId = "a\x00" },
		"short reason":  func(r *advicev1.RedeliverReportRequest) { r.Reason = "no" },
		"empty reason":  func(r *advicev1.RedeliverReportRequest) { r.Reason = " \n  \t " },
		"odd reason":    func(r *advicev1.RedeliverReportRequest) { r.Reason = "lost \x00 it" },
		"long reason":   func(r *advicev1.RedeliverReportRequest) { r.Reason = strings.Repeat("é", 1001) },
	} {
		refused(t, what, call(contact, "2026-11-04", "a", change), fault.Invalid, "")
	}
	if n := b.count("SELECT count(*) FROM redelivery"); n != 0 {
		t.Fatalf("%d were offered again", n)
	}
	if err := call(contact, "2026-11-04", "a", nil); err != nil {
		t.Fatal(err)
	}
	refused(t, "another report", call(contact, "2026-11-05", "a", nil), fault.Precondition, "ACTION_ID_REUSED")
	refused(t, "another reason", call(contact, "2026-11-04", "a", func(r *advicev1.RedeliverReportRequest) { r.Reason = "other" }), fault.Precondition, "ACTION_ID_REUSED")
	refused(t, "another officer", call(identity.Caller{Kind: identity.Person, ID: "sue", Roles: []string{"supervisor"}}, "2026-11-04", "a", nil), fault.Precondition, "ACTION_ID_REUSED")
	if n := b.count("SELECT count(*) FROM redelivery"); n != 1 {
		t.Errorf("%d were offered again", n)
	}
}

// TestOfferedAgainAtOnce: the same action many times at once is one action, and
// different ones get different numbers; one id for two reports is one of them.
func TestOfferedAgainAtOnce(t *testing.T) {
	t.Parallel()
	b := reported(t)
	c := b.serve()(contact)
	var all sync.WaitGroup
	for n := range 24 {
		all.Go(func() {
			if _, err := c.RedeliverReport(t.Context(), again("2026-11-04", string(rune('a'+n%3)))); err != nil {
				t.Error(err)
			}
			date := []string{"2026-11-04", "2026-11-05"}[n%2]
			if _, err := c.RedeliverReport(t.Context(), again(date, "both")); err != nil {
				refused(t, date, err, fault.Precondition, "ACTION_ID_REUSED")
			}
		})
	}
	all.Wait()
	if n, most := b.count("SELECT count(*) FROM redelivery"), b.count("SELECT max(offer) FROM redelivery"); n != 4 || most < 3 {
		t.Errorf("%d times offered again, the last is %d", n, most)
	}
}

// TestNoAuditNoOffer: what cannot be put on record does not happen.
func TestNoAuditNoOffer(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.clock.Set(local(4, 10, 0))
	b.sweep()
	if _, err := b.administrator().Exec(t.Context(), "REVOKE INSERT ON audit.record FROM noticehub_audit_writer"); err != nil {
		t.Fatal(err)
	}
	_, err := b.serve()(contact).RedeliverReport(t.Context(), again("2026-11-04", "a"))
	refused(t, "without audit", err, fault.Unavailable, "AUDIT_UNAVAILABLE")
	if n := b.count("SELECT count(*) FROM redelivery"); n != 0 {
		t.Error("it was offered again")
	}
}
