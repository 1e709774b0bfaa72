package hub

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// clockService moves the business clock of a sandbox.
type clockService struct {
	sandboxv1.UnimplementedClockServiceServer
	clock *clock.Sandbox
	zone  *time.Location
	audit audit.Recorder
}

func clockMethods() identity.Table {
	return access.Table(sandboxv1.ClockService_ServiceDesc.ServiceName)
}

func (s *clockService) today(now time.Time) string { return calendar.FromTime(now, s.zone).String() }

// ShowClock tells the business time.
func (s *clockService) ShowClock(context.Context, *sandboxv1.ShowClockRequest) (*sandboxv1.ShowClockResponse, error) {
	now := s.clock.Now()
	return &sandboxv1.ShowClockResponse{Now: timestamppb.New(now), Today: s.today(now), Zone: s.zone.String()}, nil
}

// AdvanceClock moves it on, by a duration or to a day. It makes everything due
// happen, so who did it is on record before it does.
func (s *clockService) AdvanceClock(ctx context.Context, r *sandboxv1.AdvanceClockRequest) (*sandboxv1.AdvanceClockResponse, error) {
	by := r.GetBy().AsDuration()
	switch {
	case r.GetToDate() != "" && r.GetBy() != nil:
		return nil, fault.InvalidField("to_date", "must be empty when by is given")
	case r.GetToDate() != "":
		day, err := calendar.ParseDate(r.GetToDate())
		if err != nil {
			return nil, fault.InvalidField("to_date", "%v", err)
		}
		if by = day.Start(s.zone).Add(time.Minute).Sub(s.clock.Now()); by <= 0 {
			return nil, fault.InvalidField("to_date", "is not after today, %s: the clock only moves forward", s.today(s.clock.Now()))
		}
	case by <= 0:
		return nil, fault.InvalidField("by", "must be more than 0: the clock only moves forward")
	}
	if err := s.audit.Record(ctx, audit.Entry{Action: "clock.advanced", Result: audit.Done, Detail: map[string]string{"by": by.String()}}); err != nil {
		return nil, err
	}
	now, err := s.clock.Advance(by)
	if err != nil {
		return nil, err
	}
	return &sandboxv1.AdvanceClockResponse{Now: timestamppb.New(now), Today: s.today(now)}, nil
}
