package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// compareRegister compares the customer's notices with those that must come of
// the scene: now, at the end of each phase's day, and on the days around each
// notice's first and last, where its state changes.
func (p *player) compareRegister(ctx context.Context, s *Scene) error {
	plan := p.world.Plan
	days := slices.Clone(plan.Days[:])
	for _, n := range s.Notices {
		days = append(days, n.Start-1, n.Start, n.End, n.End+1)
		if n.CutOn != 0 {
			days = append(days, n.CutOn-1, n.Cut, n.Cut+1)
		}
		if n.RevokedOn != 0 {
			days = append(days, n.RevokedOn-1)
		}
	}
	slices.Sort(days)
	days = slices.DeleteFunc(slices.Compact(days), func(d calendar.Date) bool { return d < plan.Days[firstDay] || d >= plan.Close })
	// The last question is how it is now, on the closing day.
	for _, d := range append(days, plan.Close) {
		request := &processingv1.ListNoticesRequest{Crn: s.Person.GetCrn(), AsAt: d.String()}
		if d == plan.Close {
			request.AsAt = ""
		}
		answer, err := p.register.ListNotices(ctx, request)
		if err != nil {
			return fmt.Errorf("register of %s as at %q: %w", s.Person.GetCrn(), request.GetAsAt(), err)
		}
		var got []string
		for _, n := range answer.GetNotices() {
			got = append(got, noticeText(n.GetAuthorityId(), strings.TrimPrefix(n.GetMeasure().String(), "MEASURE_"), n.GetStartDate(), n.GetEndDate(), strings.TrimPrefix(n.GetState().String(), "NOTICE_STATE_"), n.GetQuarantinedPercent(), n.GetContinuation()))
		}
		want := s.registerOn(d)
		slices.Sort(got)
		p.mu.Lock()
		p.result.Compared["register views"]++
		if !slices.Equal(want, got) {
			p.result.differ(s, s.Lodgings[0].Submission.GetReference(), "register as at "+d.String(), fmt.Sprint(want), fmt.Sprint(got))
			p.mu.Unlock()
			return nil // the other days would say the same again
		}
		p.mu.Unlock()
	}
	return nil
}

// registerOn is what the register must show at the end of a day.
func (s *Scene) registerOn(d calendar.Date) []string {
	var lines []string
	for _, n := range s.Notices {
		if end, state, ok := n.On(d); ok {
			lines = append(lines, noticeText(n.Authority.ID, strings.TrimPrefix(n.Authority.Measure.String(), "MEASURE_"), n.Start.String(), end.String(), strings.TrimPrefix(state.String(), "NOTICE_STATE_"), n.Percent, n.Continuation))
		}
	}
	slices.Sort(lines)
	return lines
}

func noticeText(authority, measure, start, end, state string, percent int32, continuation bool) string {
	kind := ""
	if continuation {
		kind = " continuation"
	}
	return fmt.Sprintf("%s %s %s to %s %s %d%%%s", authority, measure, start, end, state, percent, kind)
}
