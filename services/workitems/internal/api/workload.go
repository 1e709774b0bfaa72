package api

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// ages are the whole days at which the bands of a workload end; they are those of
// the unprocessed queue.
var ages = []int{2, 5, 10, 30}

// CountWorkload counts what every officer is to act on, and open items by age.
// Those of restricted records count: lists show everybody who has them and since when.
func (s *Server) CountWorkload(ctx context.Context, r *workitemv1.CountWorkloadRequest) (*workitemv1.CountWorkloadResponse, error) {
	if _, err := officerOf(ctx); err != nil {
		return nil, err
	}
	loads, younger, err := s.Store.Workload(ctx, r.GetOffice(), ages, s.now())
	if err != nil {
		return nil, err
	}
	response := &workitemv1.CountWorkloadResponse{Ages: bands(younger)}
	for _, l := range loads {
		response.Officers = append(response.Officers, &workitemv1.AssigneeLoad{OfficerId: l.Assignee, Open: l.Open, OldestRaisedAt: timestamppb.New(l.Oldest)})
	}
	return response, nil
}

// bands makes of the items younger than each age those between one and the next.
func bands(younger []store.Younger) []*workitemv1.ItemAgeBand {
	upTo := func(days int) store.Younger {
		return younger[slices.IndexFunc(younger, func(y store.Younger) bool { return y.Days == days })]
	}
	var all []*workitemv1.ItemAgeBand
	from := store.Younger{}
	for _, days := range append(slices.Clone(ages), 0) {
		to := upTo(days)
		all = append(all, &workitemv1.ItemAgeBand{
			FromDays: int32(from.Days), ToDays: int32(max(days-1, 0)), Assigned: to.Assigned - from.Assigned, Unassigned: to.Unassigned - from.Unassigned,
		})
		from = to
	}
	return all
}
