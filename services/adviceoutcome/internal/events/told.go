package events

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// perMessage is the most events packed into one message.
const perMessage = 500

// recorded tells of outcomes that are new in the ledger; decided are the events
// they came from, whose traces they carry on.
func recorded(fresh []store.Entry, decided []announced) []outbox.Row {
	if len(fresh) == 0 {
		return nil
	}
	traces := make(map[clock.ID]string, len(decided))
	for _, d := range decided {
		traces[d.entry.SubmissionID] = d.event.Traceparent
	}
	events := make([]*eventv1.Event, len(fresh))
	for i, e := range fresh {
		event := fact(clock.DerivedID(e.SubmissionID, "advice-outcome"), e.RecordedAt, traces[e.SubmissionID])
		event.Body = &eventv1.Event_AdviceOutcomeRecorded{AdviceOutcomeRecorded: &eventv1.AdviceOutcomeRecorded{
			SubmissionId: e.SubmissionID[:], AuthorityId: e.AuthorityID, ReportDate: e.ReportDate.String(), Outcome: eventv1.Outcome(e.Outcome),
		}}
		events[i] = event
	}
	return packet.Rows(subject.Advice, events, perMessage)
}

// Sealed tells of a sealed report.
func Sealed(r report.Report) []outbox.Row {
	event := fact(clock.DerivedID(r.ReportID, "sealed"), r.SealedAt, "")
	event.Body = &eventv1.Event_DailyReportSealed{DailyReportSealed: &eventv1.DailyReportSealed{
		ReportId: r.ReportID[:], AuthorityId: r.AuthorityID, ReportDate: r.Date.String(), Sequence: r.Sequence, Digest: r.JSON.Sum, Lines: r.Lines,
	}}
	return packet.Rows(subject.Advice, []*eventv1.Event{event}, perMessage)
}

// Delivered tells that the authority fetched a report for the first time, of each
// time it was offered.
func Delivered(r report.Report, at time.Time) []outbox.Row {
	what := "delivered"
	if r.Offer > 0 {
		what += "/" + strconv.Itoa(int(r.Offer))
	}
	event := fact(clock.DerivedID(r.ReportID, what), at, "")
	event.Body = &eventv1.Event_DailyReportDelivered{DailyReportDelivered: &eventv1.DailyReportDelivered{
		ReportId: r.ReportID[:], AuthorityId: r.AuthorityID, ReportDate: r.Date.String(),
	}}
	return packet.Rows(subject.Advice, []*eventv1.Event{event}, perMessage)
}

func fact(id clock.ID, at time.Time, traceparent string) *eventv1.Event {
	return &eventv1.Event{Id: id[:], OccurredAt: timestamppb.New(at), Traceparent: traceparent}
}
