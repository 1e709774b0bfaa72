package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// What a period has when it is not said, and at most.
const (
	defaultDays   = 13
	maxDays       = 92
	maxDeliveries = 2000
)

// ListDeliveries tells how the daily reports of a period stand, with a fixed
// number of statements whatever the number of authorities and days.
func (s *Server) ListDeliveries(ctx context.Context, req *advicev1.ListDeliveriesRequest) (*advicev1.ListDeliveriesResponse, error) {
	sc, err := person(ctx, req.GetAuthorityId())
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	standings, err := s.Store.Standings(ctx)
	if err != nil {
		return nil, err
	}
	period, err := s.period(req, standings)
	if err != nil {
		return nil, err
	}
	period.AuthorityID = sc.authority
	// In this order: what moves on meanwhile is found where it is then, and the
	// last place it was found in counts.
	closed, err := s.Store.Closed(ctx, period)
	if err != nil {
		return nil, err
	}
	sealed, err := s.Store.Sealed(ctx, period, req.GetOverdue(), maxDeliveries+1)
	if err != nil {
		return nil, err
	}
	l := list{found: make(map[key]*advicev1.Delivery), spans: make(map[key]store.Span)}
	authorities := make(map[string]store.Standing, len(standings))
	for _, standing := range standings {
		authorities[standing.ID] = standing
		if sc.authority == "" || sc.authority == standing.ID {
			for _, e := range s.expected(standing, period.From, period.To) {
				l.add(s.unsealed(standing, e.date, time.Time{}, now), store.Span{AuthorityID: standing.ID, After: e.after, Through: e.date})
			}
		}
	}
	for _, h := range closed {
		l.add(s.unsealed(authorities[h.AuthorityID], h.Date, h.ClosedAt, now), store.Span{AuthorityID: h.AuthorityID, After: h.Previous, Through: h.Date})
	}
	for _, r := range sealed {
		l.add(s.sealed(authorities[r.AuthorityID], r, now), store.Span{})
	}
	response := &advicev1.ListDeliveriesResponse{}
	response.Deliveries, response.More = l.first(req.GetOverdue())
	if err := s.countLines(ctx, response.GetDeliveries(), l.spans); err != nil {
		return nil, err
	}
	if date, known := s.collecting(standings); known {
		response.CollectingFor, response.NextCutOffAt = date.String(), timestamppb.New(report.CutOff(date, s.Zone))
	}
	return response, nil
}

// period is the days asked for.
func (s *Server) period(req *advicev1.ListDeliveriesRequest, standings []store.Standing) (p store.Period, err error) {
	parse := func(field, text string, otherwise func() calendar.Date) calendar.Date {
		if text == "" {
			return otherwise()
		}
		date, failed := calendar.ParseDate(text)
		if failed != nil && err == nil {
			err = fault.InvalidField(field, "%q is not a date of the form yyyy-mm-dd", text)
		}
		return date
	}
	p.To = parse("to", req.GetTo(), func() calendar.Date { return s.newest(standings) })
	p.From = parse("from", req.GetFrom(), func() calendar.Date { return p.To.Add(-defaultDays) })
	switch {
	case err != nil:
		return p, err
	case p.From > p.To:
		return p, fault.InvalidField("from", "%s is after the last day, %s", p.From, p.To)
	case p.To-p.From > maxDays:
		return p, fault.InvalidField("to", "%s is more than %d days after %s", p.To, maxDays, p.From).WithHelp("Ask for a shorter period.")
	}
	return p, nil
}

// newest is the last report date for which outcomes are collected now, wherever
// reports are due already.
func (s *Server) newest(standings []store.Standing) calendar.Date {
	newest := s.today().Add(1)
	for _, standing := range standings {
		if next, err := s.Calendar.NextBusinessDay(standing.Jurisdiction.String(), s.today()); err == nil {
			newest = max(newest, next)
		}
	}
	return newest
}

// collecting is the first report date for which outcomes are collected now.
func (s *Server) collecting(standings []store.Standing) (date calendar.Date, known bool) {
	for _, standing := range standings {
		if next, err := standing.DateFor(s.Calendar, s.today(), standing.Closed); err == nil && (!known || next < date) {
			date, known = next, true
		}
	}
	return date, known
}

// due is a report that will be closed.
type due struct {
	date calendar.Date
	// after is the date of the report before it; nil for the authority's first.
	after *calendar.Date
}

// expected are an authority's reports from one date to another that are not closed
// yet, up to the one for which outcomes are collected now: those the sealer will
// make, in its order. Where the calendar ends, so do they; the sealer tells of that.
func (s *Server) expected(standing store.Standing, from, to calendar.Date) (all []due) {
	last, err := standing.DateFor(s.Calendar, s.today(), standing.Closed)
	if err != nil {
		return nil
	}
	for after := standing.Closed; ; {
		date, err := standing.Next(s.Calendar, after)
		if err != nil || date > min(to, last) {
			return all
		}
		if date >= from {
			all = append(all, due{date, after})
		}
		after = &date
	}
}

func (s *Server) countLines(ctx context.Context, deliveries []*advicev1.Delivery, of map[key]store.Span) error {
	var spans []store.Span
	var open []*advicev1.Delivery
	for _, d := range deliveries {
		if d.GetReport() == nil {
			open, spans = append(open, d), append(spans, of[keyOf(d)])
		}
	}
	counts, err := s.Store.CountLines(ctx, spans)
	if err != nil {
		return err
	}
	for i, n := range counts {
		open[i].Lines = n
	}
	return nil
}

type key struct{ authority, date string }

func keyOf(d *advicev1.Delivery) key { return key{d.GetAuthorityId(), d.GetReportDate()} }

// list is how the reports found so far stand, each once.
type list struct {
	found map[key]*advicev1.Delivery
	// spans are the lines of those that are not sealed.
	spans map[key]store.Span
}

func (l *list) add(d *advicev1.Delivery, lines store.Span) {
	l.found[keyOf(d)], l.spans[keyOf(d)] = d, lines
}

// first are the first of them, newest day first, and whether there are more.
func (l *list) first(overdue bool) (deliveries []*advicev1.Delivery, more bool) {
	for _, d := range l.found {
		if d.GetOverdue() || !overdue {
			deliveries = append(deliveries, d)
		}
	}
	slices.SortFunc(deliveries, func(a, b *advicev1.Delivery) int {
		return cmp.Or(cmp.Compare(b.GetReportDate(), a.GetReportDate()), cmp.Compare(a.GetAuthorityId(), b.GetAuthorityId()))
	})
	return deliveries[:min(len(deliveries), maxDeliveries)], len(deliveries) > maxDeliveries
}
