package adviceoutcome

import (
	"slices"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

func TestListReportsPages(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	b.clock.Set(local(20, 10, 0))
	b.sweep()
	var all, paged []string
	name := func(r *advicev1.Report) string { return r.GetReportDate() + " " + r.GetAuthorityId() }
	list, err := as(auditor).ListReports(t.Context(), &advicev1.ListReportsRequest{PageSize: 500})
	if err != nil || list.GetNextPageToken() != "" {
		t.Fatal(list, err)
	}
	for _, r := range list.GetReports() {
		all = append(all, name(r))
	}
	if len(all) != 13+12 || all[0] != "2026-11-20 frc" || all[1] != "2026-11-20 qld-cp" || all[24] != "2026-11-04 frc" {
		t.Errorf("%d reports: %v", len(all), all)
	}
	for token := ""; ; {
		list, err := as(auditor).ListReports(t.Context(), &advicev1.ListReportsRequest{PageSize: 4, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.GetReports() {
			paged = append(paged, name(r))
		}
		if token = list.GetNextPageToken(); token == "" {
			break
		}
	}
	if !slices.Equal(all, paged) {
		t.Errorf("pages give %v", paged)
	}
	own, err := as(other).ListReports(t.Context(), &advicev1.ListReportsRequest{})
	if err != nil || len(own.GetReports()) != 12 {
		t.Errorf("%d reports, %v", len(own.GetReports()), err)
	}
	for _, token := range []string{"x", "!", "AAAA", "MjAyNi0wMi0zMApmcmM"} {
		_, err := as(other).ListReports(t.Context(), &advicev1.ListReportsRequest{PageToken: token})
		refused(t, "token "+token, err, fault.Invalid, "FIELD_INVALID")
		_, err = as(other).ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{PageToken: token})
		refused(t, "token "+token, err, fault.Invalid, "FIELD_INVALID")
	}
}

func TestListOutcomes(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	list := func(date string, size int32) (dates []string) {
		for token := ""; ; {
			page, err := as(frc).ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{ReportDate: date, PageSize: size, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.GetOutcomes() {
				dates = append(dates, o.GetReportDate()+" "+o.GetReference())
				if o.GetAuthorityId() != "frc" || o.GetStartDate() != "2026-12-01" || o.GetNote() == "" || o.GetByOfficer() {
					t.Errorf("%+v", o)
				}
			}
			if token = page.GetNextPageToken(); token == "" {
				return dates
			}
		}
	}
	all := list("", 0)
	if len(all) != 8 || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(a[:10], b[:10]) }) || !slices.Equal(all, list("", 3)) {
		t.Errorf("%v, by pages %v", all, list("", 3))
	}
	for date, n := range map[string]int{"2026-11-04": 5, "2026-11-05": 2, "2026-11-06": 1, "2026-11-07": 0, "2026-11-09": 0, "2026-11-03": 0, "2099-01-01": 0} {
		if got := list(date, 0); len(got) != n {
			t.Errorf("outcomes of %s: %v, want %d", date, got, n)
		}
	}
}
