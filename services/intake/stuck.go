package intake

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// undecidedAfter is how long a submission may take from its receipt to a decision
// or an officer's queue: it takes less than a second, and a minute after a crash.
const undecidedAfter = 10 * time.Minute

// Detectors look for submissions of which nothing was heard.
func (s *Service) Detectors() []stuck.Detector {
	return []stuck.Detector{{
		Name:  "submissions-undecided",
		Title: "Submissions lodged more than 10 minutes ago that are neither decided nor in the queue",
		Fix: "They are announced to automatic processing again by themselves. If the number does not fall, see whether automatic processing runs, " +
			"whether messaging answers, and whether its events failed.",
		Kind: stuck.Submission,
		Look: func(ctx context.Context) (stuck.Found, error) { return s.store.Undecided(ctx, undecidedAfter) },
	}}
}
