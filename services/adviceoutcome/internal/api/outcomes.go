package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

const defaultOutcomes = 100

// ListAdviceOutcomes pages through an authority's outcomes in the order of
// report lines. It is for looking; what counts as told is the report. Outcomes
// that are recorded while somebody pages may fall on a page already read.
func (s *Server) ListAdviceOutcomes(ctx context.Context, req *advicev1.ListAdviceOutcomesRequest) (*advicev1.ListAdviceOutcomesResponse, error) {
	sc, err := one(ctx, req.GetAuthorityId())
	if err != nil {
		return nil, err
	}
	standing, known, err := s.rows(sc).Standing(ctx, sc.authority)
	if err != nil {
		return nil, err
	}
	if !known {
		return &advicev1.ListAdviceOutcomesResponse{}, nil
	}
	size := pageSize(req.GetPageSize(), defaultOutcomes)
	filter := store.EntryFilter{AuthorityID: sc.authority, Limit: size + 1}
	if filter.From, err = s.position(sc, req.GetPageToken()); err != nil {
		return nil, err
	}
	if text := req.GetReportDate(); text != "" {
		date, err := calendar.ParseDate(text)
		if err != nil {
			return nil, fault.InvalidField("report_date", "%q is not a date of the form yyyy-mm-dd", text)
		}
		after, through, found, err := s.carried(ctx, s.rows(sc), standing, date)
		if err != nil {
			return nil, err
		}
		if !found {
			return &advicev1.ListAdviceOutcomesResponse{}, nil
		}
		filter.After, filter.Through = after, &through
	}
	entries, err := s.rows(sc).Entries(ctx, filter)
	if err != nil {
		return nil, err
	}
	response := &advicev1.ListAdviceOutcomesResponse{}
	if len(entries) > size {
		entries = entries[:size]
		last := entries[size-1]
		response.NextPageToken = token(s.outcomes, sc, last.ReportDate.String(), strconv.FormatInt(last.RecordedAt.UnixMicro(), 10), last.SubmissionID.String())
	}
	for _, e := range entries {
		response.Outcomes = append(response.Outcomes, s.outcome(standing, e))
	}
	return response, nil
}

// carried returns which report dates given to outcomes the report of date
// carries, or will carry: those after the report date before it. A date on which
// there is no report carries none.
func (s *Server) carried(ctx context.Context, rows store.Reader, standing store.Standing, date calendar.Date) (after *calendar.Date, through calendar.Date, found bool, err error) {
	if standing.Closed != nil && date <= *standing.Closed {
		previous, found, err := rows.Previous(ctx, standing.ID, date)
		return previous, date, found, err
	}
	region := standing.Jurisdiction.String()
	if known := s.Calendar.Require(region, date.Year()) == nil; !known {
		return nil, date, false, nil // a year without a calendar has no report yet
	}
	if business, err := s.Calendar.IsBusinessDay(region, date); err != nil || !business {
		return nil, date, false, err
	}
	// Given dates between the business day before and this one became holidays
	// after they were given; this report carries them too.
	before := standing.CoversFrom(s.Calendar, date, nil)
	if standing.Closed != nil {
		before = max(before, *standing.Closed)
	}
	return &before, date, true, nil
}

func (s *Server) outcome(standing store.Standing, e store.Listed) *advicev1.AdviceOutcome {
	// The report that carries it; until that is closed the date it was given, or
	// the next business day should that have become a holiday.
	date := e.ReportDate
	if e.ReportedOn != nil {
		date = *e.ReportedOn
	} else if carrier, err := standing.Carrier(s.Calendar, date); err == nil {
		date = carrier
	}
	p := &advicev1.AdviceOutcome{
		SubmissionId: e.SubmissionID.String(), AuthorityId: e.AuthorityID, Reference: e.Reference,
		InformationType: eventv1.InformationType(e.InformationType), Crn: e.CRN, Outcome: eventv1.Outcome(e.Outcome),
		LodgedAt: timestamppb.New(e.LodgedAt), DecidedAt: timestamppb.New(e.DecidedAt),
		ByOfficer: e.ByOfficer, Note: e.Note, ReportDate: date.String(),
	}
	if e.StartDate != nil {
		p.StartDate = e.StartDate.String()
	}
	if e.EndDate != nil {
		p.EndDate = e.EndDate.String()
	}
	return p
}

func (s *Server) position(sc scope, pageToken string) (*store.Position, error) {
	part, ok, err := readToken(s.outcomes, sc, pageToken, 3)
	if err != nil || !ok {
		return nil, err
	}
	date, err := calendar.ParseDate(part[0])
	if err != nil {
		return nil, badToken()
	}
	micro, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil {
		return nil, badToken()
	}
	id, err := clock.ParseID(part[2])
	if err != nil {
		return nil, badToken()
	}
	return &store.Position{ReportDate: date, RecordedAt: time.UnixMicro(micro), SubmissionID: id}, nil
}

// token names the place where a page ended, for whoever asked. It grants nothing:
// every query is bound to the caller's scope again.
func token(t *pagetoken.Tokens, sc scope, part ...string) string {
	return t.Seal(sc.actor, []byte(strings.Join(part, "\n")))
}

func readToken(t *pagetoken.Tokens, sc scope, text string, parts int) (part []string, ok bool, err error) {
	if text == "" {
		return nil, false, nil
	}
	place, ok := t.Open(sc.actor, text)
	if part = strings.Split(string(place), "\n"); !ok || len(part) != parts {
		return nil, false, badToken()
	}
	return part, true, nil
}
