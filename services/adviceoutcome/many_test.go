package adviceoutcome

import (
	"slices"
	"strings"
	"testing"
	"time"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// years makes fifty authorities with two years of reports each, every day of the
// week for simplicity, nearly all of them acknowledged, some offered again, and a
// report of 100,000 lines that is collected for.
const years = `
INSERT INTO authority SELECT 'a' || lpad(a::text, 2, '0'), 4, '2024-11-04', true, 1 FROM generate_series(1, 50) a;
INSERT INTO signing_key VALUES ('k', sha256(''), now());
INSERT INTO report SELECT gen_random_uuid(), 'a' || lpad(a::text, 2, '0'), n, date '2024-11-04' + n, CASE WHEN n > 1 THEN date '2024-11-04' + n - 1 END, date '2024-11-04' + n - 1, date '2024-11-04' + n - 1,
  1, now(), 0, 0, 0, 7, 0, 0, sha256(''), 1, sha256(''), 1, '', repeat('x', 64)::bytea, 'k', now() FROM generate_series(1, 730) n, generate_series(1, 50) a;
ALTER TABLE delivery DISABLE TRIGGER delivery_counts;
ALTER TABLE acknowledgement DISABLE TRIGGER acknowledgement_counts;
INSERT INTO delivery SELECT report_id, authority_id, now(), 'x', 1 FROM report;
INSERT INTO acknowledgement SELECT report_id, authority_id, now(), 'x', sha256('') FROM report WHERE sequence % 50 <> 0;
INSERT INTO redelivery SELECT report_id, 1, authority_id, report_id::text, timestamptz '2026-11-02 00:00:00Z', 'x', 'lost' FROM report WHERE sequence % 70 = 0;
INSERT INTO outcome SELECT gen_random_uuid(), timestamptz '2026-11-04 00:00:00Z' + n / 500 * interval '3 ms', now(), now(), date '2026-11-05', NULL, NULL, 3, 6, false,
  CASE WHEN n % 2 = 0 THEN 'a01' ELSE 'a' || lpad((1 + n / 2 % 50)::text, 2, '0') END, 'R' || n, '300000000A', '' FROM generate_series(0, 199999) n;
ANALYZE`

// TestYearsOfReports: lists stay quick over two years of fifty authorities, and
// pages of a large report are as quick at its end as at its beginning. The bounds
// are ten times what a slow machine with much else to do takes.
func TestYearsOfReports(t *testing.T) {
	t.Parallel()
	b := setup(t, local(4, 12, 0))
	for sql := range strings.SplitSeq(years, ";\n") {
		if _, err := b.administrator().Exec(t.Context(), "SET search_path = adviceoutcome; "+sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	c := b.serve()(contact)
	quick := func(what string, within time.Duration, ask func()) {
		t.Helper()
		var took []time.Duration
		for range 5 {
			start := time.Now()
			ask()
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		t.Logf("%s: %v", what, took)
		if took[2] > within {
			t.Errorf("%s takes %v, want at most %v", what, took[2], within)
		}
	}
	quick("a fortnight", time.Second, func() {
		got := b.deliveries(c, &advicev1.ListDeliveriesRequest{})
		if len(got.GetDeliveries()) != 14*50 || got.GetMore() || got.GetDeliveries()[0].GetLines() < 100_000 || got.GetDeliveries()[1].GetLines() != 2000 {
			t.Errorf("%d deliveries, the newest %v, %v", len(got.GetDeliveries()), got.GetDeliveries()[0], got.GetDeliveries()[1])
		}
	})
	quick("three months", 2*time.Second, func() {
		got := b.deliveries(c, &advicev1.ListDeliveriesRequest{From: "2026-08-05"})
		if len(got.GetDeliveries()) != 2000 || !got.GetMore() {
			t.Errorf("%d deliveries, %v", len(got.GetDeliveries()), got.GetMore())
		}
	})
	quick("what is overdue", time.Second, func() {
		got := b.deliveries(c, &advicev1.ListDeliveriesRequest{From: "2026-08-05", Overdue: true})
		if len(got.GetDeliveries()) != 2*50 || got.GetMore() {
			t.Errorf("%d deliveries", len(got.GetDeliveries()))
		}
	})
	quick("unacknowledged reports", time.Second, func() {
		got, err := c.ListReports(t.Context(), &advicev1.ListReportsRequest{Unacknowledged: true, PageSize: 500})
		if err != nil || len(got.GetReports()) != 500 {
			t.Errorf("%d reports, %v", len(got.GetReports()), err)
		}
	})
	outcomes := func(token string) *advicev1.ListAdviceOutcomesResponse {
		page, err := c.ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{AuthorityId: "a01", ReportDate: "2026-11-05", PageSize: 1000, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	quick("the first page of 100,000 lines", 500*time.Millisecond, func() { outcomes("") })
	lines, last, token := 0, "", ""
	for {
		page := outcomes(token)
		lines += len(page.GetOutcomes())
		if page.GetNextPageToken() == "" {
			break
		}
		last, token = token, page.GetNextPageToken()
	}
	if lines != 102_000 {
		t.Errorf("%d lines", lines)
	}
	quick("the last page but one", 500*time.Millisecond, func() { outcomes(last) })
}
