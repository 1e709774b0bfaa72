package api

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// minReason is how many characters a reason has at least, without space around it.
const minReason = 3

// RedeliverReport offers a sealed report to its authority again. The authority is
// told as it is of every report: it is among those that nobody acknowledged.
func (s *Server) RedeliverReport(ctx context.Context, req *advicev1.RedeliverReportRequest) (*advicev1.RedeliverReportResponse, error) {
	sc, err := person(ctx, req.GetAuthorityId())
	if err == nil {
		err = printable("action_id", req.GetActionId())
	}
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(req.GetReason())
	if err := printable("reason", reason); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(reason) < minReason {
		return nil, fault.InvalidField("reason", "say in %d characters or more why it is offered again", minReason)
	}
	date, err := calendar.ParseDate(req.GetReportDate())
	if err != nil {
		return nil, fault.InvalidField("report_date", "%q is not a date of the form yyyy-mm-dd", req.GetReportDate())
	}
	standing, known, err := s.Store.Standing(ctx, sc.authority)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, notFound(date)
	}
	r, err := s.offered(ctx, standing, date)
	if err != nil {
		return nil, err
	}
	err = s.Store.Redeliver(ctx, r.Head, store.Redelivery{ActionID: req.GetActionId(), Actor: sc.actor, Reason: reason, At: s.Clock.Now()})
	if err != nil {
		return nil, err
	}
	if r, err = s.offered(ctx, standing, date); err != nil {
		return nil, err
	}
	return &advicev1.RedeliverReportResponse{Delivery: s.sealed(standing, r, s.Clock.Now())}, nil
}

// offered is a report that is sealed and offered to its authority.
func (s *Server) offered(ctx context.Context, standing store.Standing, date calendar.Date) (report.Report, error) {
	r, found, err := s.Store.Report(ctx, standing.ID, date)
	if err != nil || found && date <= s.today() {
		return r, err
	}
	_, closed, err := s.Store.Previous(ctx, standing.ID, date)
	if err != nil {
		return r, err
	}
	for _, expected := range s.expected(standing, date, date) {
		closed = closed || expected.date == date
	}
	if !closed {
		return r, notFound(date)
	}
	return r, fault.New(fault.Precondition, "REPORT_NOT_SEALED", "the report of %s is not sealed yet", date).
		WithHelp("There is nothing to offer again before it is sealed. ListDeliveries tells how it stands.")
}

// printable refuses what no database keeps and no screen shows.
func printable(field, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }) {
		return fault.InvalidField(field, "must not have control characters")
	}
	return nil
}
