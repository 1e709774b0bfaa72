package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// What to do about a report that is late, for officers.
const (
	adviseSeal = "It was not sealed within an hour of the cut-off. The hub keeps trying by itself, and nothing is lost meanwhile. " +
		"Tell an administrator: the operations screen and the hub's log say what holds it up."
	adviseFetch = "The authority did not fetch it by the end of its business day. " +
		"Ask the authority whether its system asked the hub for reports: the report waits for it as it is."
	adviseFetchAgain = "It was offered again, and the authority did not fetch it by the end of the business day after. " +
		"Call the authority: its system must ask the hub for reports that are not acknowledged."
	adviseAcknowledge = "The authority fetched it, but did not acknowledge it in time. " +
		"Ask the authority whether it arrived whole: if it did, it acknowledges it; if not, offer it again."
)

// unsealed is how a report stands that is not sealed; closed is zero before it is
// closed.
func (s *Server) unsealed(standing store.Standing, date calendar.Date, closed, now time.Time) *advicev1.Delivery {
	d := &advicev1.Delivery{
		AuthorityId: standing.ID, ReportDate: date.String(), State: advicev1.DeliveryState_DELIVERY_STATE_COLLECTING,
		CutOffAt: timestamppb.New(report.CutOff(date, s.Zone)), DueAt: timestamppb.New(standing.AcknowledgeBy(s.Calendar, date, nil, s.Zone)),
	}
	if !now.Before(report.CutOff(date, s.Zone)) {
		d.State = advicev1.DeliveryState_DELIVERY_STATE_SEALING
	}
	if !now.Before(report.SealBy(date, closed, s.Zone)) {
		d.Overdue, d.Advice = true, adviseSeal
	}
	return d
}

// sealed is how a sealed report stands.
func (s *Server) sealed(standing store.Standing, r report.Report, now time.Time) *advicev1.Delivery {
	due := standing.AcknowledgeBy(s.Calendar, r.Date, r.Offered, s.Zone)
	d := &advicev1.Delivery{
		AuthorityId: r.AuthorityID, ReportDate: r.Date.String(), State: advicev1.DeliveryState_DELIVERY_STATE_SEALED,
		CutOffAt: timestamppb.New(report.CutOff(r.Date, s.Zone)), DueAt: timestamppb.New(due),
		Lines: r.Lines, Report: toProto(r), Redeliveries: r.Offer,
	}
	d.Overdue = r.Acknowledged == nil && !now.Before(due)
	switch {
	case r.Acknowledged != nil:
		d.State = advicev1.DeliveryState_DELIVERY_STATE_ACKNOWLEDGED
	case r.Delivered != nil:
		d.State = advicev1.DeliveryState_DELIVERY_STATE_DELIVERED
	}
	switch {
	case !d.GetOverdue():
	case r.Delivered != nil:
		d.Advice = adviseAcknowledge
	case r.Offer > 0:
		d.Advice = adviseFetchAgain
	default:
		d.Advice = adviseFetch
	}
	return d
}
