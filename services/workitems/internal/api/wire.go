package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// workItem is an item as the officer may see it.
func (s *Server) workItem(f *store.Found, o viewer) *workitemv1.WorkItem {
	e := s.entry(f.Code)
	w := &workitemv1.WorkItem{
		WorkItemId: f.ID.String(), Crn: f.CRN, Code: f.Code, Title: e.TitleWith(f.Value), Group: workitemv1.Group(e.Group),
		Measure: eventv1.Measure(f.Measure), ActionedBy: workitemv1.ActionedBy(s.terms[f.Code].By), Office: f.Office,
		Status: workitemv1.WorkItemStatus(f.Status), Assignee: f.Assignee, RaisedAt: timestamppb.New(f.RaisedAt), DueOn: f.DueOn.String(),
		InvestigationStartedAt: timeOf(f.StartedAt), ClosedAt: timeOf(f.ClosedAt), Version: int32(f.Version), WorkflowOnly: e.WorkflowOnly,
		ServiceComponent: s.terms[f.Code].Component, ServiceComponentRecorded: f.ComponentOn != nil,
	}
	if o.hidden(f.CRN, f.Restricted) {
		hide(w)
	}
	return w
}

// action is an item's INM/ACT activity.
func (s *Server) action(f *store.Found, o viewer) *workitemv1.Activity {
	a := &workitemv1.Activity{
		ActivityId: f.ID.String(), Crn: f.CRN, Kind: workitemv1.ActivityKind_ACTIVITY_KIND_INM_ACT, Status: workitemv1.ActivityStatus_ACTIVITY_STATUS_OPEN,
		Code: f.Code, Title: s.entry(f.Code).TitleWith(f.Value), Office: f.Office, MaturesOn: f.DueOn.String(),
		CreatedAt: timestamppb.New(f.RaisedAt), ClosedAt: timeOf(f.ClosedAt),
	}
	if f.Status.Final() {
		a.Status = workitemv1.ActivityStatus_ACTIVITY_STATUS_COMPLETED
	}
	if o.hidden(f.CRN, f.Restricted) {
		hideActivity(a)
	}
	return a
}

// followUpOf is a manual follow-up as the officer may see it: the words about a
// restricted record are its writer's and the Restricted Access officer's.
func followUpOf(f *item.FollowUp, o viewer, restricted bool) *workitemv1.Activity {
	a := &workitemv1.Activity{
		ActivityId: f.ID.String(), Crn: f.CRN, Kind: workitemv1.ActivityKind_ACTIVITY_KIND_FOLLOW_UP, Status: workitemv1.ActivityStatus(f.Status),
		Title: f.Title, Keywords: f.Keywords, Office: f.Office, MaturesOn: f.MaturesOn.String(),
		CreatedAt: timestamppb.New(f.CreatedAt), ClosedAt: timeOf(f.ClosedAt),
	}
	if o.hidden(f.CRN, restricted) && f.CreatedBy != o.Actor() {
		hideActivity(a)
	}
	return a
}

// GetWorkItem returns an item with its history.
func (s *Server) GetWorkItem(ctx context.Context, r *workitemv1.GetWorkItemRequest) (*workitemv1.GetWorkItemResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	id, err := parseID("work_item_id", r.GetWorkItemId())
	if err != nil {
		return nil, err
	}
	found, history, known, err := s.Store.GetItem(ctx, id)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, notFound()
	}
	response := &workitemv1.GetWorkItemResponse{WorkItem: s.workItem(&found, officer), ActionRequired: s.entry(found.Code).ActionRequired}
	if officer.hidden(found.CRN, found.Restricted) {
		response.ActionRequired = ""
	}
	for _, step := range history {
		w := &workitemv1.WorkItemStep{Version: int32(step.Version), Action: step.Action, Actor: step.Actor, At: timestamppb.New(step.At), Note: step.Note}
		if officer.hidden(found.CRN, found.Restricted) && step.Actor != officer.Actor() {
			w.Note = "" // notes say what was found on the record
		}
		if !step.EventID.IsZero() {
			w.EventId = step.EventID.String()
		}
		response.History = append(response.History, w)
	}
	return response, nil
}

// closedRows tell that an officer completed the item; none unless it is so.
func closedRows(ctx context.Context, i *item.Item, o item.Officer) []outbox.Row {
	if i.Status != item.Completed {
		return nil
	}
	id := clock.DerivedID(i.ID, "closed") // as when a related activity closes it: an item ends once
	return packet.Rows(subject.WorkItem, []*eventv1.Event{{
		Id: id[:], OccurredAt: timestamppb.New(*i.ClosedAt), Traceparent: telemetry.Traceparent(ctx),
		Body: &eventv1.Event_WorkItemClosed{WorkItemClosed: &eventv1.WorkItemClosed{WorkItemId: i.ID[:], Crn: i.CRN, Code: i.Code, OfficerId: o.ID}},
	}}, 1)
}

func timeOf(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}

func dayOf(field, text string) (calendar.Date, error) {
	d, err := calendar.ParseDate(text)
	if err != nil {
		return d, fault.InvalidField(field, "%s is no date", text)
	}
	return d, nil
}
