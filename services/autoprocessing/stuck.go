package autoprocessing

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

const (
	// undecidedAfter is how long an event may be parked here before somebody should
	// know: all attempts by itself are over within 6 minutes.
	undecidedAfter = 10 * time.Minute
	// heldFor is how many days an officer may leave an entry untouched: five working
	// days, and a weekend lies in each of them.
	heldFor = 7
	// sweepGrace is how late the sweep over holds and lifts may be; it runs every few seconds.
	sweepGrace = 5 * time.Minute
	// withdrawnAfter is how long a request to take back may take once the submission is known.
	withdrawnAfter = 10 * time.Minute
)

// Detectors look for what automatic processing and its officers left standing.
func (s *Service) Detectors() []stuck.Detector {
	now := s.deps.Clock.Now
	return []stuck.Detector{
		{
			Name:  "submissions-not-processed",
			Title: "Submissions and other events that reached automatic processing more than 10 minutes ago and are not applied",
			Fix:   "See under failed events why, repair that, and drive them again. Events that wait for another one follow it by themselves.",
			Kind:  stuck.Event,
			Look: func(ctx context.Context) (stuck.Found, error) {
				return parked(inbox.Undone(ctx, s.deps.Pool, subject.AutoProcessing, undecidedAfter, stuck.Examples))
			},
		},
		{
			Name:  "entries-untouched",
			Title: "Entries of the queue that an officer holds and has not touched for 7 days",
			Fix:   "Ask the officer, or assign the entry to somebody else, who is there.",
			Kind:  stuck.Submission,
			Look: func(ctx context.Context) (stuck.Found, error) {
				return store.StuckHeld(ctx, s.deps.Pool, now().AddDate(0, 0, -heldFor), calendar.FromTime(now(), s.deps.Zone))
			},
		},
		{
			Name:  "holds-over",
			Title: "Entries of the queue still set aside although their day has come",
			Fix:   "They should come back by themselves at the start of the day. See whether automatic processing runs; an officer can end the hold by hand.",
			Kind:  stuck.Submission,
			Look: func(ctx context.Context) (stuck.Found, error) {
				return store.StuckHolds(ctx, s.deps.Pool, calendar.FromTime(now().Add(-sweepGrace), s.deps.Zone), s.deps.Zone.String())
			},
		},
		{
			Name:  "access-not-reinstated",
			Title: "Access to restricted records whose time is over, without the end being on record",
			Fix:   "Nobody sees the record any more, but the submission cannot be finished. See whether automatic processing runs; the officer can end the access by hand.",
			Kind:  stuck.Submission,
			Look: func(ctx context.Context) (stuck.Found, error) {
				return store.StuckLifts(ctx, s.deps.Pool, now().Add(-sweepGrace))
			},
		},
		{
			Name:  "withdrawals-unsettled",
			Title: "Submissions that an authority asked to take back more than 10 minutes ago, and nothing has happened",
			Fix:   "They are taken back by themselves within seconds. See whether automatic processing runs, and whether its outbox is full.",
			Kind:  stuck.Submission,
			Look: func(ctx context.Context) (stuck.Found, error) {
				return store.StuckWithdrawals(ctx, s.deps.Pool, now().Add(-withdrawnAfter))
			},
		},
	}
}

// parked is what stands in the inbox.
func parked(stand inbox.Stand, err error) (stuck.Found, error) {
	if err != nil {
		return stuck.Found{}, postgres.Classify(err)
	}
	found := stuck.Found{Count: stand.Events}
	if stand.Oldest != nil {
		found.Oldest = *stand.Oldest
	}
	for _, id := range stand.Examples {
		found.Examples = append(found.Examples, id.String())
	}
	return found, nil
}
