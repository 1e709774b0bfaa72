package api

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/watch"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Register serves RegisterService.
type Register struct {
	processingv1.UnimplementedRegisterServiceServer
	p *events.Processor
	// watched counts the changes of customers' notices.
	watched *watch.Poller[string, int64]
}

// NewRegister serves the register of a processor; watching needs Run.
func NewRegister(p *events.Processor) *Register {
	return &Register{p: p, watched: watch.New(watchEvery, func(ctx context.Context, crns []string) (map[string]int64, error) {
		ctx, cancel := context.WithTimeout(ctx, watchTime)
		defer cancel()
		return store.NoticeChanges(ctx, p.Pool, crns)
	}, func(a, b int64) bool { return a == b }, p.Telemetry.Log)}
}

// Run reads what is watched until ctx ends.
func (g *Register) Run(ctx context.Context) error { return g.watched.Run(ctx) }

// WatchNotices tells how often a customer's notices changed, at once and whenever
// they change; of a restricted record to those who may see it, as long as they may.
func (g *Register) WatchNotices(r *processingv1.WatchNoticesRequest, stream grpc.ServerStreamingServer[processingv1.WatchNoticesResponse]) error {
	ctx, crn := stream.Context(), r.GetCrn()
	if err := g.open(ctx, crn); err != nil {
		return err
	}
	w := g.watched.Watch(crn)
	defer w.Close()
	for {
		news, err := w.Next(ctx)
		if err != nil {
			return err
		}
		if err := g.open(ctx, crn); err != nil {
			return err
		}
		if err := stream.Send(&processingv1.WatchNoticesResponse{Changes: news[crn]}); err != nil {
			return err
		}
	}
}

// open refuses a record the caller may not see.
func (g *Register) open(ctx context.Context, crn string) error {
	sight, err := sightOf(ctx, g.p)
	if err != nil {
		return err
	}
	return sight.open(ctx, crn)
}

// ListNotices returns a customer's notices now, or as they were at the end of a
// day gone by; those of a restricted record to those who may see it.
func (g *Register) ListNotices(ctx context.Context, r *processingv1.ListNoticesRequest) (*processingv1.ListNoticesResponse, error) {
	at := g.p.Moment()
	day := at.Today
	if r.GetAsAt() != "" {
		asked, err := calendar.ParseDate(r.GetAsAt())
		if err != nil {
			return nil, fault.InvalidField("as_at", "%s is no date", r.GetAsAt())
		}
		if asked > at.Today {
			return nil, fault.InvalidField("as_at", "%s lies ahead: nobody knows the register then", asked)
		}
		day = asked
	}
	if err := g.open(ctx, r.GetCrn()); err != nil {
		return nil, err
	}
	var notices []register.Notice
	var err error
	if day == at.Today {
		notices, err = store.Notices(ctx, g.p.Pool, r.GetCrn())
	} else {
		notices, err = store.NoticesAsAt(ctx, g.p.Pool, r.GetCrn(), day.Add(1).Start(g.p.Zone))
	}
	if err != nil {
		return nil, postgres.Classify(err)
	}
	// What the day did counts from its start, whether or not the sweep has been there.
	rolled, ok := register.Apply(notices, register.Roll(notices, day))
	if !ok {
		return nil, fault.New(fault.Internal, "REGISTER_BROKEN", "the customer's register cannot be rolled forward")
	}
	register.ByStart(rolled)
	return &processingv1.ListNoticesResponse{Notices: noticesOf(rolled), AsAt: day.String()}, nil
}

func noticesOf(notices []register.Notice) []*processingv1.Notice {
	out := make([]*processingv1.Notice, len(notices))
	for i, n := range notices {
		out[i] = &processingv1.Notice{
			NoticeId: n.ID.String(), Crn: n.CRN, AuthorityId: n.AuthorityID, Measure: eventv1.Measure(n.Measure), State: eventv1.NoticeState(n.State),
			StartDate: n.Start.String(), EndDate: n.End.String(), QuarantinedPercent: int32(n.Percent), Continuation: n.Continuation,
			SubmissionId: n.SubmissionID.String(), RecordedAt: timestamppb.New(n.RecordedAt), Version: int32(n.Version),
		}
		if n.RevokedAt != nil {
			out[i].RevokedAt = timestamppb.New(*n.RevokedAt)
		}
		if n.Continuation {
			out[i].ContinuesNoticeId = n.ContinuesID.String()
		}
	}
	return out
}
