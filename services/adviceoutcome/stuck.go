package adviceoutcome

import (
	"context"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// lookBack is how many days of reports are asked after; the list of deliveries
// shows as many at once.
const lookBack = 92

// Detectors look for reports that were not made, fetched or acknowledged in time.
func (s *Service) Detectors() []stuck.Detector {
	zone := s.deps.Zone
	late := func(look func(context.Context, calendar.Date, calendar.Date, string) (stuck.Found, error)) func(context.Context) (stuck.Found, error) {
		return func(ctx context.Context) (stuck.Found, error) {
			today := calendar.FromTime(s.deps.Clock.Now(), zone)
			return look(ctx, today.Add(-lookBack), today, zone.String())
		}
	}
	return []stuck.Detector{
		{
			Name:  "reports-not-sealed",
			Title: "Daily reports that are not sealed an hour after their cut-off",
			Fix:   "They are made by themselves soon after midnight. See whether advice outcome runs, and whether the calendar has the business days of this year.",
			Kind:  stuck.Report,
			Look:  s.unsealed,
		},
		{
			Name:  "reports-not-fetched",
			Title: "Daily reports that their authority had not fetched by the end of their business day",
			Fix:   "Ask the authority; offer the report again.",
			Kind:  stuck.Report,
			Look:  late(s.store.StuckUnfetched),
		},
		{
			Name:  "reports-not-acknowledged",
			Title: "Daily reports that their authority fetched and had not acknowledged by the end of their business day",
			Fix:   "Ask the authority whether what it fetched is complete; offer the report again.",
			Kind:  stuck.Report,
			Look:  late(s.store.StuckUnacknowledged),
		},
	}
}

// unsealed are reports that are closed and not sealed, and those that should have
// been closed: an authority has one next report, so there is one of these each.
func (s *Service) unsealed(ctx context.Context) (stuck.Found, error) {
	before := s.deps.Clock.Now().Add(-report.SealWithin)
	day := calendar.FromTime(before, s.deps.Zone)
	found, err := s.store.StuckClosed(ctx, day, before, s.deps.Zone.String())
	if err != nil {
		return found, err
	}
	standings, err := s.store.Standings(ctx)
	if err != nil {
		return found, err
	}
	for _, standing := range standings {
		if standing.Closed != nil && *standing.Closed >= day {
			continue
		}
		next, err := standing.Next(s.deps.Calendar, standing.Closed)
		if err != nil {
			return found, err // without a calendar nobody knows
		}
		if next > day {
			continue
		}
		found.Count++
		if cutOff := next.Start(s.deps.Zone); found.Oldest.IsZero() || cutOff.Before(found.Oldest) {
			found.Oldest = cutOff
		}
		if len(found.Examples) < stuck.Examples {
			found.Examples = append(found.Examples, report.IDOf(standing.ID, next).String())
		}
	}
	return found, nil
}
