package autoprocessing_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/fault"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// export reads a file; every row must have the cells of the first.
func (w *world) export(ctx context.Context, search *processingv1.SearchSubmissionsRequest) ([][]string, error) {
	w.t.Helper()
	pieces, err := collect(ctx, func(s grpc.ServerStreamingServer[processingv1.ExportSubmissionsResponse]) error {
		return w.workload.ExportSubmissions(&processingv1.ExportSubmissionsRequest{Search: search}, s)
	})
	if err != nil {
		return nil, err
	}
	var file strings.Builder
	for _, p := range pieces {
		file.Write(p.GetContent())
	}
	rows, err := csv.NewReader(strings.NewReader(file.String())).ReadAll()
	if err != nil {
		w.t.Fatalf("the file cannot be read: %v\n%s", err, file.String())
	}
	return rows, nil
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	nasty := refer(p)
	nasty.Reference, nasty.CaseWorker = "=cmd|'/c calc'!A1", "+61,\"quoted\"\nworker"
	formula := w.lodgings.lodge(qldCP, nasty)
	w.decide(formula)
	for _, s := range []*intakev1.Submission{disclose(p), find(someone(9))} {
		w.clock.Advance(time.Minute)
		w.decide(w.lodgings.lodge(qldCP, s))
	}
	rows, err := w.export(alice(), &processingv1.SearchSubmissionsRequest{PageSize: 1, PageToken: ""})
	if err != nil || len(rows) != 5 {
		t.Fatalf("rows %q, %v", rows, err)
	}
	for _, c := range []struct {
		row  int
		want []string
	}{
		{0, []string{
			"Submission", "Authority", "Business function", "Reference", "Information type", "Status", "Outcome", "Reasons", "CRN",
			"Lodged (Australia/Sydney)", "In this status since (Australia/Sydney)", "Case worker", "Held by", "On hold until",
		}},
		{1, []string{
			id(formula), "qld-cp", "Child protection", "'=cmd|'/c calc'!A1", "Voluntary referral", "Waiting for an officer", "", "Declaration required", p.crn,
			"2026-03-02 10:00:00", "2026-03-02 10:00:00", "'+61,\"quoted\"\nworker", "", "",
		}},
	} {
		equal(t, fmt.Sprint("row ", c.row), rows[c.row], c.want)
	}
	if rows[2][5] != "Decided" || rows[2][6] != "Eligible" || rows[3][7] != "No match" {
		t.Errorf("rows %q", rows)
	}
	if end := rows[4]; end[0] != "# end of export: 3 rows, complete" || strings.Join(end[1:], "") != "" {
		t.Errorf("the end is %q", end)
	}
	rows, err = w.export(alice(), &processingv1.SearchSubmissionsRequest{Reference: "nobody's"})
	if err != nil || len(rows) != 2 || rows[1][0] != "# end of export: 0 rows, complete" {
		t.Errorf("an empty file: %q, %v", rows, err)
	}
}

// More than a page, in both orders, while more come: each once.
func TestExportOfManyPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 1203
	w.referrals(n)
	for _, order := range []processingv1.SortOrder{1, 2} {
		rows, err := w.export(alice(), &processingv1.SearchSubmissionsRequest{Order: order})
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]string, 0, n)
		for _, r := range rows[1 : len(rows)-1] {
			ids = append(ids, r[0])
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != n || rows[len(rows)-1][0] != fmt.Sprintf("# end of export: %d rows, complete", n) {
			t.Errorf("order %s: %d rows, the last is %q", order, len(rows), rows[len(rows)-1])
		}
	}
	var file strings.Builder
	if err := w.workload.Export(alice(), &processingv1.SearchSubmissionsRequest{}, 1000, func(b []byte) error { file.Write(b); return nil }); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(file.String()), "\r\n"); len(lines) != 1002 || !strings.Contains(lines[1001], "1000 rows, not complete") {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}

func TestExportOfRestrictedRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), secretive)
	w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)))
	rows, err := w.export(alice(), &processingv1.SearchSubmissionsRequest{})
	if err != nil || len(rows) != 3 || rows[1][7] != "Restricted access" || rows[1][8] != p.crn {
		t.Errorf("alice gets %q, %v", rows, err)
	}
	if text := fmt.Sprint(rows); strings.Contains(text, "CANARY") || strings.Contains(text, "deceased") {
		t.Errorf("the file tells %s", text)
	}
	_, err = w.export(alice(), &processingv1.SearchSubmissionsRequest{Crn: p.crn})
	refused(t, "of the record", err, fault.Denied, "RESTRICTED_ACCESS")
	if rows, err = w.export(rita(), &processingv1.SearchSubmissionsRequest{Crn: p.crn}); err != nil || !strings.Contains(rows[1][7], "Customer deceased") {
		t.Errorf("rita gets %q, %v", rows, err)
	}
}
