package api

import (
	"bytes"
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

const defaultReports = 50

// ListReports pages through reports, newest first.
func (s *Server) ListReports(ctx context.Context, req *advicev1.ListReportsRequest) (*advicev1.ListReportsResponse, error) {
	sc, err := scopeOf(ctx, req.GetAuthorityId())
	if err != nil {
		return nil, err
	}
	size := pageSize(req.GetPageSize(), defaultReports)
	filter := store.ReportFilter{
		AuthorityID: sc.authority, Through: s.today(), Unacknowledged: req.GetUnacknowledged(), Limit: size + 1,
	}
	if part, ok, err := readToken(s.reports, sc, req.GetPageToken(), 2); err != nil {
		return nil, err
	} else if ok {
		date, err := calendar.ParseDate(part[0])
		if err != nil {
			return nil, badToken()
		}
		filter.BeforeDate, filter.AfterAuthority = &date, part[1]
	}
	reports, err := s.rows(sc).Reports(ctx, filter)
	if err != nil {
		return nil, err
	}
	response := &advicev1.ListReportsResponse{}
	if len(reports) > size {
		reports = reports[:size]
		last := reports[size-1]
		response.NextPageToken = token(s.reports, sc, last.Date.String(), last.AuthorityID)
	}
	for _, r := range reports {
		response.Reports = append(response.Reports, toProto(r))
	}
	return response, nil
}

// GetReport returns a report without its lines.
func (s *Server) GetReport(ctx context.Context, req *advicev1.GetReportRequest) (*advicev1.GetReportResponse, error) {
	sc, err := one(ctx, req.GetAuthorityId())
	if err != nil {
		return nil, err
	}
	r, err := s.find(ctx, sc, req.GetReportDate())
	if err != nil {
		return nil, err
	}
	return &advicev1.GetReportResponse{Report: toProto(r)}, nil
}

// AcknowledgeReport records that the authority has the report. The first
// acknowledgement of an offer counts; repeating it, with either form's digest, is
// harmless.
func (s *Server) AcknowledgeReport(ctx context.Context, req *advicev1.AcknowledgeReportRequest) (*advicev1.AcknowledgeReportResponse, error) {
	sc, err := one(ctx, "")
	if err != nil {
		return nil, err
	}
	if !sc.own {
		return nil, fault.New(fault.Denied, "AUTHORITY_REQUIRED", "only the authority itself acknowledges its reports")
	}
	r, err := s.find(ctx, sc, req.GetReportDate())
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(req.GetDigest(), r.CSV.Sum) && !bytes.Equal(req.GetDigest(), r.JSON.Sum) {
		return nil, fault.New(fault.Precondition, "DIGEST_MISMATCH", "the digest is that of neither form of the report").
			WithHelp("Fetch the report again and acknowledge with the SHA-256 of the bytes that arrived.")
	}
	if err := s.Store.Acknowledge(ctx, r, req.GetDigest(), sc.actor, s.Clock.Now()); err != nil {
		return nil, err
	}
	if r, err = s.find(ctx, sc, req.GetReportDate()); err != nil {
		return nil, err
	}
	return &advicev1.AcknowledgeReportResponse{Report: toProto(r)}, nil
}

// deliver records that the authority itself fetched the report and returns the
// report with the time of its first delivery. Others' reads leave no trace here.
func (s *Server) deliver(ctx context.Context, sc scope, r report.Report, form report.Form) (report.Report, error) {
	if !sc.own || r.Delivered != nil {
		return r, nil
	}
	now := s.Clock.Now().UTC().Truncate(time.Microsecond)
	told := s.Delivered(r, now)
	first, err := s.Store.Deliver(ctx, r, form, sc.actor, now, told)
	if err != nil {
		return r, err
	}
	if first {
		s.Committed(told...)
		r.Delivered = &now
		return r, nil
	}
	again, found, err := s.rows(sc).Report(ctx, r.AuthorityID, r.Date)
	if err != nil || !found {
		return r, err
	}
	return again, nil
}

func toProto(r report.Report) *advicev1.Report {
	p := &advicev1.Report{
		ReportId: r.ReportID.String(), AuthorityId: r.AuthorityID, ReportDate: r.Date.String(),
		CoversFrom: r.CoversFrom.String(), CoversTo: r.CoversTo.String(), Sequence: r.Sequence,
		Lines: r.Lines, Pending: r.Pending, Unprocessed: r.Counts.Unprocessed, SealedAt: timestamppb.New(r.SealedAt),
		CsvDigest: r.CSV.Sum, JsonDigest: r.JSON.Sum, CsvSize: r.CSV.Size, JsonSize: r.JSON.Size,
		PreviousDigest: r.PreviousDigest, Signature: r.Signature, KeyId: r.KeyID,
	}
	if r.Delivered != nil {
		p.DeliveredAt = timestamppb.New(*r.Delivered)
	}
	if r.Acknowledged != nil {
		p.AcknowledgedAt = timestamppb.New(*r.Acknowledged)
	}
	return p
}

// formOf takes the form asked for; JSON when none is named.
func formOf(f advicev1.Format) report.Form {
	if f == advicev1.Format_FORMAT_CSV {
		return report.CSV
	}
	return report.JSON
}

func pageSize(asked int32, standard int) int {
	if asked <= 0 {
		return standard
	}
	return int(asked)
}

// badToken also meets tokens of an older key: they live for a visit only.
func badToken() error {
	return fault.InvalidField("page_token", "is not one this list gave you").WithHelp("Ask for the first page again, without a token.")
}
