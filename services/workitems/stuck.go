package workitems

import (
	"context"

	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// openFor is for how many days an item may be open before a lead should know: the
// longest any item of the catalogue is raised ahead of what it is about.
const openFor = 35

// Detectors look for items nobody works on.
func (s *Service) Detectors() []stuck.Detector {
	return []stuck.Detector{{
		Name:  "work-items-old",
		Title: "Work items open for more than 35 days",
		Fix:   "Ask whoever has them, or move them to an officer who has room.",
		Kind:  stuck.WorkItem,
		Look: func(ctx context.Context) (stuck.Found, error) {
			return s.store.StuckOpen(ctx, s.deps.Clock.Now().AddDate(0, 0, -openFor))
		},
	}}
}
