package adviceoutcome

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/proto/term"
)

// stands words deliveries a line each: date, authority, state, lines, and whether
// it is overdue.
func stands(list *advicev1.ListDeliveriesResponse) string {
	var all strings.Builder
	for _, d := range list.GetDeliveries() {
		fmt.Fprintf(&all, "%s %s %s %d", d.GetReportDate(), d.GetAuthorityId(), strings.TrimPrefix(d.GetState().String(), "DELIVERY_STATE_"), d.GetLines())
		if d.GetOverdue() {
			all.WriteString(" overdue")
		}
		if d.GetOverdue() != (d.GetAdvice() != "") {
			all.WriteString(" advice: " + d.GetAdvice())
		}
		all.WriteString("\n")
	}
	return all.String()
}

// deliveries asks how reports stand.
func (b *bundle) deliveries(c advicev1.ReportServiceClient, r *advicev1.ListDeliveriesRequest) *advicev1.ListDeliveriesResponse {
	b.t.Helper()
	list, err := c.ListDeliveries(b.t.Context(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

func standsAs(t *testing.T, what string, list *advicev1.ListDeliveriesResponse, want string) {
	t.Helper()
	if got := stands(list); got != strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", "") {
		t.Errorf("%s:\n%s", what, got)
	}
}

// TestHowReportsStand follows reports from the first line to the acknowledgement.
func TestHowReportsStand(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	as := b.serve()
	all := &advicev1.ListDeliveriesRequest{}
	if got := b.deliveries(as(contact), all); len(got.GetDeliveries()) != 0 || got.GetCollectingFor() != "" || got.GetNextCutOffAt() != nil {
		t.Errorf("without authorities: %v", got)
	}
	b.authority("frc", term.QLD, "2026-11-04")
	b.authority("qld-cp", term.QLD, "2026-11-05")
	b.record("frc", 5)
	got := b.deliveries(as(contact), all)
	standsAs(t, "collecting", got, "2026-11-04 frc COLLECTING 5\n")
	if d := got.GetDeliveries()[0]; got.GetCollectingFor() != "2026-11-04" || got.GetNextCutOffAt().AsTime() != local(4, 0, 0).UTC() ||
		d.GetCutOffAt().AsTime() != local(4, 0, 0).UTC() || d.GetDueAt().AsTime() != local(5, 0, 0).UTC() || d.GetReport() != nil {
		t.Errorf("%v", got)
	}
	b.clock.Set(local(3, 23, 59))
	standsAs(t, "before the cut-off", b.deliveries(as(contact), all), "2026-11-04 frc COLLECTING 5\n")
	b.clock.Set(local(4, 0, 0))
	b.record("frc", 2) // for the 5th
	b.record("qld-cp", 1)
	standsAs(t, "at the cut-off", b.deliveries(as(contact), all), `
		2026-11-05 frc COLLECTING 2
		2026-11-05 qld-cp COLLECTING 1
		2026-11-04 frc SEALING 5
	`)
	if _, _, err := b.sealer.Close(t.Context(), "frc", b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.clock.Set(local(4, 1, 0).Add(-time.Microsecond))
	standsAs(t, "closed", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{AuthorityId: "frc"}), "2026-11-05 frc COLLECTING 2\n2026-11-04 frc SEALING 5\n")
	b.clock.Set(local(4, 1, 0))
	standsAs(t, "an hour after", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}), "2026-11-04 frc SEALING 5 overdue\n")
	b.sweep()
	standsAs(t, "sealed", b.deliveries(as(contact), all), `
		2026-11-05 frc COLLECTING 2
		2026-11-05 qld-cp COLLECTING 1
		2026-11-04 frc SEALED 5
	`)
	got4, err := as(frc).DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: "2026-11-04"})
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Set(local(5, 0, 0).Add(-time.Microsecond))
	if got := b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}); len(got.GetDeliveries()) != 0 {
		t.Errorf("overdue before its day ended: %s", stands(got))
	}
	b.clock.Set(local(5, 0, 0))
	standsAs(t, "a day after", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}), "2026-11-04 frc DELIVERED 5 overdue\n")
	if _, err := as(frc).AcknowledgeReport(t.Context(), &advicev1.AcknowledgeReportRequest{ReportDate: "2026-11-04", Digest: got4.GetReport().GetCsvDigest()}); err != nil {
		t.Fatal(err)
	}
	standsAs(t, "acknowledged", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{To: "2026-11-04"}), "2026-11-04 frc ACKNOWLEDGED 5\n")
}

// TestWeekendsAndHolidays: Monday 5 October 2026 is a holiday in Queensland and none
// in the Northern Territory. What is due on a Friday is overdue as Saturday begins.
func TestWeekendsAndHolidays(t *testing.T) {
	t.Parallel()
	october := func(day, hour int) time.Time { return time.Date(2026, time.October, day, hour, 0, 0, 0, sydney) }
	b := setup(t, october(1, 10)) // a Thursday
	b.authority("frc", term.QLD, "2026-10-02")
	b.authority("nt-cp", term.NT, "2026-10-02")
	b.clock.Set(october(2, 0))
	b.sweep()
	as := b.serve()
	b.record("frc", 2)
	b.record("nt-cp", 3)
	got := b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{})
	standsAs(t, "Friday", got, `
		2026-10-06 frc COLLECTING 2
		2026-10-05 nt-cp COLLECTING 3
		2026-10-02 frc SEALED 0
		2026-10-02 nt-cp SEALED 0
	`)
	if got.GetCollectingFor() != "2026-10-05" || got.GetNextCutOffAt().AsTime() != october(5, 0).UTC() {
		t.Errorf("collecting for %s until %v", got.GetCollectingFor(), got.GetNextCutOffAt().AsTime())
	}
	b.clock.Set(october(2, 23).Add(59 * time.Minute))
	if got := b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}); len(got.GetDeliveries()) != 0 {
		t.Errorf("on Friday: %s", stands(got))
	}
	b.clock.Set(october(3, 0))
	standsAs(t, "Saturday", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}), "2026-10-02 frc SEALED 0 overdue\n2026-10-02 nt-cp SEALED 0 overdue\n")
	// Offered again on Saturday, there is time until the end of the next business day.
	for _, id := range []string{"frc", "nt-cp"} {
		d, err := as(contact).RedeliverReport(t.Context(), &advicev1.RedeliverReportRequest{AuthorityId: id, ReportDate: "2026-10-02", ActionId: id, Reason: "lost"})
		want := map[string]time.Time{"frc": october(7, 0), "nt-cp": october(6, 0)}[id]
		if err != nil || d.GetDelivery().GetDueAt().AsTime() != want.UTC() || d.GetDelivery().GetOverdue() {
			t.Errorf("%v, %v", d, err)
		}
	}
	b.clock.Set(october(5, 2)) // Monday: the sweep of the night did not come
	standsAs(t, "Monday", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}), "2026-10-05 nt-cp SEALING 3 overdue\n")
	b.sweep()
	b.clock.Set(october(6, 0))
	b.sweep()
	standsAs(t, "Tuesday", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true}), "2026-10-05 nt-cp SEALED 3 overdue\n2026-10-02 nt-cp SEALED 0 overdue\n")
	b.clock.Set(october(7, 0))
	standsAs(t, "Wednesday", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true, AuthorityId: "frc"}), "2026-10-06 frc SEALED 2 overdue\n2026-10-02 frc SEALED 0 overdue\n")
	for _, d := range b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{Overdue: true, To: "2026-10-02"}).GetDeliveries() {
		if !strings.Contains(d.GetAdvice(), "offered again") || d.GetRedeliveries() != 1 {
			t.Errorf("%v", d)
		}
	}
}

// TestDaysBehind: after days without a sweep each missing report is there, with its
// own lines, and none that is not due.
func TestDaysBehind(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.authority("late", term.QLD, "2027-03-01") // its reports begin later
	for day := 3; day <= 10; day++ {
		b.clock.Set(local(day, 10, 0))
		b.record("frc", day)
	}
	as := b.serve()
	standsAs(t, "days behind", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{}), `
		2026-11-11 frc COLLECTING 10
		2026-11-10 frc SEALING 9 overdue
		2026-11-09 frc SEALING 21 overdue
		2026-11-06 frc SEALING 5 overdue
		2026-11-05 frc SEALING 4 overdue
		2026-11-04 frc SEALING 3 overdue
	`)
	standsAs(t, "some of them", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{From: "2026-11-06", To: "2026-11-09"}), "2026-11-09 frc SEALING 21 overdue\n2026-11-06 frc SEALING 5 overdue\n")
	standsAs(t, "what is to come", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{From: "2026-11-12", To: "2026-12-24"}), "")
	standsAs(t, "not begun", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{AuthorityId: "late"}), "")
	standsAs(t, "nobody's", b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{AuthorityId: "nobody"}), "")
	b.sweep()
	want := []int{3, 4, 5, 21, 9}
	for i, r := range b.reports("frc") {
		if r.Lines != int64(want[i]) {
			t.Errorf("report of %s has %d lines", r.Date, r.Lines)
		}
	}
}

// TestPeriods: what is no period, and who may not ask.
func TestPeriods(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	for field, bad := range map[string][]*advicev1.ListDeliveriesRequest{
		"from":         {{From: "2026-02-30"}, {From: "2026-12-01"}, {From: "2026-11-05", To: "2026-11-04"}, {From: "x"}},
		"to":           {{To: "2026-13-01"}, {From: "2026-01-01", To: "2026-04-04"}, {From: "0001-01-01", To: "9999-12-31"}, {To: "\x00"}},
		"authority_id": {{AuthorityId: "*"}, {AuthorityId: "frc,qld-cp"}, {AuthorityId: "\x00"}, {AuthorityId: strings.Repeat("a", 41)}},
	} {
		for _, r := range bad {
			_, err := as(contact).ListDeliveries(t.Context(), r)
			refused(t, fmt.Sprint(r), err, fault.Invalid, "")
			if !strings.Contains(fmt.Sprint(err), field) {
				t.Errorf("%v: %v", r, err)
			}
		}
	}
	if got := b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{From: "2026-08-06", To: "2026-11-06"}); len(got.GetDeliveries()) != 5 {
		t.Errorf("92 days: %s", stands(got))
	}
	for _, odd := range []string{"0001-01-01", "9999-12-31"} {
		if got := b.deliveries(as(contact), &advicev1.ListDeliveriesRequest{From: odd, To: odd}); len(got.GetDeliveries()) != 0 {
			t.Errorf("%s: %s", odd, stands(got))
		}
	}
	for _, who := range []identity.Caller{frc, officer, machine} {
		_, err := as(who).ListDeliveries(t.Context(), &advicev1.ListDeliveriesRequest{})
		refused(t, who.ID, err, fault.Denied, "METHOD_DENIED")
	}
}
