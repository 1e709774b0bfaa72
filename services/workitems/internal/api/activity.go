package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/ownwords"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// ListActivities pages through a customer's activities, newest first.
func (s *Server) ListActivities(ctx context.Context, r *workitemv1.ListActivitiesRequest) (*workitemv1.ListActivitiesResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := officer.noConflict(r.GetCrn()); err != nil {
		return nil, err
	}
	l, err := listOf(&workitemv1.ListActivitiesRequest{Crn: r.GetCrn()}, "")
	if err != nil {
		return nil, err
	}
	after, err := l.position(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	n := size(r.GetPageSize())
	all, err := s.Store.Activities(ctx, r.GetCrn(), after, n+1)
	if err != nil {
		return nil, err
	}
	response := &workitemv1.ListActivitiesResponse{}
	if len(all) > n {
		all = all[:n]
		response.NextPageToken = l.token(all[n-1].CreatedAt, all[n-1].ID)
	}
	for i := range all {
		a := &all[i]
		if a.Item != nil {
			response.Activities = append(response.Activities, s.action(a.Item, officer))
		} else {
			response.Activities = append(response.Activities, followUpOf(&a.FollowUp, officer, a.Restricted))
		}
	}
	return response, nil
}

// CreateFollowUp puts a manual follow-up on the list.
func (s *Server) CreateFollowUp(ctx context.Context, r *workitemv1.CreateFollowUpRequest) (*workitemv1.CreateFollowUpResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := officer.noConflict(r.GetCrn()); err != nil {
		return nil, err
	}
	id, err := parseID("activity_id", r.GetActivityId())
	if err != nil {
		return nil, err
	}
	matures, err := dayOf("matures_on", r.GetMaturesOn())
	if err != nil {
		return nil, err
	}
	asked := item.FollowUp{
		ID: id, CRN: r.GetCrn(), Title: r.GetTitle(), Keywords: append([]string{}, r.GetKeywords()...), Office: r.GetOffice(), MaturesOn: matures,
		Status: item.FollowUpOpen, CreatedBy: officer.Actor(),
	}
	var kept item.FollowUp
	var restricted bool
	err = s.Store.InTx(ctx, func(tx pgx.Tx) error {
		kept = asked
		var office string
		var known bool
		var err error
		if office, restricted, known, err = s.Store.OfficeOf(ctx, tx, asked.CRN); err != nil {
			return err
		}
		if !known {
			return fault.New(fault.NotFound, "CUSTOMER_NOT_FOUND", "no customer is known here by this CRN").
				WithHelp("A record that was just created is known within seconds; else look the CRN up in the registry.")
		}
		before, exists, err := s.Store.LockFollowUp(ctx, tx, id)
		if err != nil {
			return err
		}
		if !exists {
			if kept.CreatedAt = s.now(); matures < calendar.FromTime(kept.CreatedAt, s.Zone) {
				return fault.InvalidField("matures_on", "%s is before today, %s", matures, calendar.FromTime(kept.CreatedAt, s.Zone))
			}
			if kept.Office == "" {
				kept.Office = office
			}
			taken, err := s.Store.IsItem(ctx, tx, id)
			if err != nil {
				return err
			}
			if taken {
				return activityReused()
			}
			added, err := s.Store.AddFollowUp(ctx, tx, &kept)
			if err != nil || added {
				return err
			}
			// Somebody else created it meanwhile.
			if before, _, err = s.Store.LockFollowUp(ctx, tx, id); err != nil {
				return err
			}
		}
		if !asked.Asked(before) {
			return activityReused()
		}
		kept = before
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &workitemv1.CreateFollowUpResponse{Activity: followUpOf(&kept, officer, restricted)}, nil
}

// CompleteFollowUp completes a manual follow-up.
func (s *Server) CompleteFollowUp(ctx context.Context, r *workitemv1.CompleteFollowUpRequest) (*workitemv1.CompleteFollowUpResponse, error) {
	a, err := s.end(ctx, r.GetActivityId(), item.FollowUpCompleted, "note", r.GetNote(),
		fault.New(fault.Precondition, "WORK_ITEM_ACTIVITY", "an INM/ACT activity is completed with its work item").
			WithHelp("Investigate and complete the work item with the same id."))
	return &workitemv1.CompleteFollowUpResponse{Activity: a}, err
}

// CancelActivity cancels a manual follow-up.
func (s *Server) CancelActivity(ctx context.Context, r *workitemv1.CancelActivityRequest) (*workitemv1.CancelActivityResponse, error) {
	a, err := s.end(ctx, r.GetActivityId(), item.FollowUpCancelled, "reason", r.GetReason(),
		fault.New(fault.Precondition, "ACTIVITY_CANNOT_BE_CANCELLED", "an INM/ACT activity cannot be cancelled").
			WithHelp("Investigate and complete the work item with the same id."))
	return &workitemv1.CancelActivityResponse{Activity: a}, err
}

// end completes or cancels a follow-up; an item's activity is refused with notHere.
func (s *Server) end(ctx context.Context, activity string, how item.FollowUpStatus, field, words string, notHere error) (*workitemv1.Activity, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	id, err := parseID("activity_id", activity)
	if err != nil {
		return nil, err
	}
	var after item.FollowUp
	var restricted bool
	err = s.Store.InTx(ctx, func(tx pgx.Tx) error {
		f, known, err := s.Store.LockFollowUp(ctx, tx, id)
		if err != nil {
			return err
		}
		if !known {
			isItem, err := s.Store.IsItem(ctx, tx, id)
			switch {
			case err != nil:
				return err
			case isItem:
				return notHere
			}
			return fault.New(fault.NotFound, "ACTIVITY_NOT_FOUND", "there is no such activity")
		}
		if err := officer.noConflict(f.CRN); err != nil {
			return err
		}
		if _, restricted, _, err = s.Store.OfficeOf(ctx, tx, f.CRN); err != nil {
			return err
		}
		if officer.hidden(f.CRN, restricted) && f.CreatedBy != officer.Actor() {
			return restrictedRecord()
		}
		note, err := ownwords.Say(field, words)
		if err != nil {
			return err
		}
		var changed bool
		if after, changed, err = f.End(officer.Officer, how, note, s.now()); err != nil || !changed {
			return err
		}
		return s.Store.CloseFollowUp(ctx, tx, &after)
	})
	if err != nil {
		return nil, err
	}
	return followUpOf(&after, officer, restricted), nil
}

func activityReused() error {
	return fault.New(fault.Precondition, "ACTIVITY_ID_REUSED", "another activity has this id").
		WithHelp("Choose a new activity_id for a new follow-up.").WithField("activity_id", "it is used already")
}
