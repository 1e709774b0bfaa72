package adviceoutcome

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// TestForeignIsAbsent asks for the report of a day on which only another authority
// has one, and for that of a day on which nobody has: the answers are the same but
// for the day itself, in every way to ask.
func TestForeignIsAbsent(t *testing.T) {
	t.Parallel()
	b := reported(t)
	c := b.serve()(other)
	digest := b.reports("frc")[0].CSV.Sum
	ask := map[string]func(date string) error{
		"get": func(date string) error {
			_, err := c.GetReport(t.Context(), &advicev1.GetReportRequest{ReportDate: date})
			return err
		},
		"download": func(date string) error {
			_, err := c.DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: date})
			return err
		},
		"stream": func(date string) error {
			stream, err := c.StreamReport(t.Context(), &advicev1.StreamReportRequest{ReportDate: date})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
		"acknowledge": func(date string) error {
			_, err := c.AcknowledgeReport(t.Context(), &advicev1.AcknowledgeReportRequest{ReportDate: date, Digest: digest})
			return err
		},
	}
	for what, f := range ask {
		foreign, absent := status.Convert(f("2026-11-04")).Proto(), status.Convert(f("2026-11-03")).Proto()
		if foreign.Message = strings.ReplaceAll(foreign.GetMessage(), "2026-11-04", "2026-11-03"); !proto.Equal(foreign, absent) {
			t.Errorf("%s: %v, absent: %v", what, foreign, absent)
		}
		refused(t, what, f("2026-11-04"), fault.NotFound, "REPORT_NOT_FOUND")
	}
	list, err := c.ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{ReportDate: "2026-11-04"})
	if err != nil || proto.Size(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestForeignTokens: a page token is good for whom and for what it was given.
func TestForeignTokens(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	reports := func(as advicev1.ReportServiceClient, token string) (string, error) {
		page, err := as.ListReports(t.Context(), &advicev1.ListReportsRequest{PageSize: 1, PageToken: token})
		return page.GetNextPageToken(), err
	}
	outcomes := func(as advicev1.ReportServiceClient, token string) (string, error) {
		page, err := as.ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{PageSize: 1, PageToken: token})
		return page.GetNextPageToken(), err
	}
	ofReports, err := reports(as(frc), "")
	ofOutcomes, err2 := outcomes(as(frc), "")
	if err != nil || err2 != nil || ofReports == "" || ofOutcomes == "" {
		t.Fatal(ofReports, err, ofOutcomes, err2)
	}
	if _, err := reports(as(frc), ofReports); err != nil {
		t.Error(err)
	}
	if _, err := outcomes(as(frc), ofOutcomes); err != nil {
		t.Error(err)
	}
	_, rubbish := reports(as(other), "rubbish")
	for what, token := range map[string]string{"another's": ofReports, "of another list": ofOutcomes, "cut": ofReports[:9], "NUL": "\x00", "long": strings.Repeat("A", 200)} {
		_, err := reports(as(other), token)
		if !proto.Equal(status.Convert(err).Proto(), status.Convert(rubbish).Proto()) {
			t.Errorf("%s: %v", what, err)
		}
		_, err = outcomes(as(other), token)
		refused(t, what, err, fault.Invalid, "FIELD_INVALID")
	}
}

// TestBadShapes asks with everything that is not of the form it should be.
func TestBadShapes(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	get := func(date, authority string) error {
		_, err := as(auditor).GetReport(t.Context(), &advicev1.GetReportRequest{ReportDate: date, AuthorityId: authority})
		return err
	}
	list := func(r *advicev1.ListReportsRequest) error {
		_, err := as(auditor).ListReports(t.Context(), r)
		return err
	}
	outcomes := func(r *advicev1.ListAdviceOutcomesRequest) error {
		_, err := as(auditor).ListAdviceOutcomes(t.Context(), r)
		return err
	}
	errs := map[string]error{
		"page_size negative": list(&advicev1.ListReportsRequest{PageSize: -1}), "page_size largest": list(&advicev1.ListReportsRequest{PageSize: math.MaxInt32}),
		"page_token long": list(&advicev1.ListReportsRequest{PageToken: strings.Repeat("A", 10_000)}),
		"report_date NUL": outcomes(&advicev1.ListAdviceOutcomesRequest{AuthorityId: "frc", ReportDate: "2026-11-0\x00"}),
	}
	for what, bad := range map[string]string{
		"10,000": strings.Repeat("a", 10_000), "NUL": "fr\x00c", "newline": "frc\n", "quote": "frc'--", "scope": "frc,qld-cp", "everything": "*", "upper": "FRC",
	} {
		errs["authority_id "+what] = get("2026-11-04", bad)
		errs["authority_id list "+what] = list(&advicev1.ListReportsRequest{AuthorityId: bad})
	}
	for _, bad := range []string{"2026-13-01", "2026-02-30", "2026-11-04\n", "' OR 1=1", "99999-01-01", strings.Repeat("1", 10_000)} {
		errs["report_date "+bad] = get(bad, "frc")
	}
	for what, err := range errs {
		field, _, _ := strings.Cut(what, " ")
		f, _ := rpc.Fault(err).(*fault.Error) //nolint:errorlint // rpc.Fault returns it bare
		if f == nil || f.Kind != fault.Invalid || len(f.Fields) == 0 || f.Fields[0].Path != field {
			t.Errorf("%.60s: %v %+v", what, err, f)
		}
	}
	for _, odd := range []string{"0001-01-01", "9999-12-31"} {
		refused(t, odd, get(odd, "frc"), fault.NotFound, "REPORT_NOT_FOUND")
		if err := outcomes(&advicev1.ListAdviceOutcomesRequest{AuthorityId: "frc", ReportDate: odd}); err != nil {
			t.Errorf("%s: %v", odd, err)
		}
	}
}
