package api

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/rpc"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/ownwords"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// request is an officer's action on one item.
type request struct {
	id clock.ID
	// action makes a repetition one action; zero for actions that are so by nature.
	action clock.ID
	// content is digested, to tell a repetition from another action.
	content proto.Message
	// blind: it needs no look at what the item is about.
	blind bool
}

// change is what an action makes of an item.
type change struct {
	after item.Item
	step  item.Step
	// same is true when nothing changes.
	same bool
	// since and words look at what the officer wrote with such actions before;
	// words may be nil.
	since time.Time
	words func(before []string) error
}

// act locks the item, lets the rules say what becomes of it and stores that, the
// step and the event that tells of it in one transaction. The answer is the item
// after it. The moment is after the lock: whatever it waited for happened before.
func (s *Server) act(ctx context.Context, r request, rules func(seen item.Seen, o item.Officer, now time.Time) (change, error)) (*workitemv1.WorkItem, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	action := store.Action{ID: r.action, OfficerID: officer.ID}
	if action.Digest, err = rpc.Digest(r.content); err != nil {
		return nil, err
	}
	var after store.Found
	var rows []outbox.Row
	err = s.Store.InTx(ctx, func(tx pgx.Tx) error {
		rows = nil
		locked, known, err := s.Store.LockItem(ctx, tx, r.id, r.action)
		switch {
		case err != nil:
			return err
		case !known:
			return notFound()
		}
		after = locked.Found
		if d := locked.Done; d != nil {
			if locked.DoneOn == r.id && d.OfficerID == officer.ID && bytes.Equal(d.Digest, action.Digest) {
				return nil
			}
			return fault.ActionReused()
		}
		if err := officer.noConflict(locked.CRN); err != nil {
			return err
		}
		if !r.blind && officer.hidden(locked.CRN, locked.Restricted) {
			return restrictedRecord()
		}
		now := s.now()
		if locked.Last.At.After(now) { // the clocks of replicas differ a little; a history runs forward
			now = locked.Last.At
		}
		c, err := rules(item.Seen{Item: locked.Item, Last: locked.Last, Terms: s.termsFor(locked.Code, officer.Officer, locked.Restricted)}, officer.Officer, now)
		if err != nil || c.same {
			return err
		}
		if c.words != nil {
			before, err := s.Store.Words(ctx, tx, officer.Actor(), c.step.Action, c.since, r.id)
			if err != nil {
				return err
			}
			if err := c.words(before); err != nil {
				return err
			}
		}
		after.Item = c.after
		rows = closedRows(ctx, &c.after, officer.Officer)
		return s.Store.SaveStep(ctx, tx, &c.after, c.step, action, rows)
	})
	switch {
	case store.ActionTaken(err):
		return nil, fault.ActionReused()
	case err != nil:
		return nil, err
	}
	s.Outbox.Committed(rows...)
	return s.workItem(&after, officer), nil
}

// StartInvestigation assigns an item to the caller.
func (s *Server) StartInvestigation(ctx context.Context, r *workitemv1.StartInvestigationRequest) (*workitemv1.StartInvestigationResponse, error) {
	id, err := parseID("work_item_id", r.GetWorkItemId())
	if err != nil {
		return nil, err
	}
	w, err := s.act(ctx, request{id: id}, func(seen item.Seen, o item.Officer, now time.Time) (change, error) {
		after, step, changed, err := seen.Investigate(o, int(r.GetVersion()), now)
		return change{after: after, step: step, same: !changed}, err
	})
	if err != nil {
		return nil, err
	}
	return &workitemv1.StartInvestigationResponse{WorkItem: w}, nil
}

// CompleteWorkItem completes an item the caller investigates.
func (s *Server) CompleteWorkItem(ctx context.Context, r *workitemv1.CompleteWorkItemRequest) (*workitemv1.CompleteWorkItemResponse, error) {
	id, err := parseID("work_item_id", r.GetWorkItemId())
	if err != nil {
		return nil, err
	}
	action, err := parseID("action_id", r.GetActionId())
	if err != nil {
		return nil, err
	}
	note, err := ownwords.Say("note", r.GetNote())
	if err != nil {
		return nil, err
	}
	w, err := s.act(ctx, request{id: id, action: action, content: r}, func(seen item.Seen, o item.Officer, now time.Time) (change, error) {
		after, step, err := seen.Complete(o, int(r.GetVersion()), note, now)
		return change{after: after, step: step, since: now.Add(-item.SameNoteTime), words: func(before []string) error { return item.OwnNote(note, before) }}, err
	})
	if err != nil {
		return nil, err
	}
	return &workitemv1.CompleteWorkItemResponse{WorkItem: w}, nil
}

// RecordServiceComponent records the service component of an item.
func (s *Server) RecordServiceComponent(ctx context.Context, r *workitemv1.RecordServiceComponentRequest) (*workitemv1.RecordServiceComponentResponse, error) {
	id, err := parseID("work_item_id", r.GetWorkItemId())
	if err != nil {
		return nil, err
	}
	on, err := dayOf("on", r.GetOn())
	if err != nil {
		return nil, err
	}
	w, err := s.act(ctx, request{id: id}, func(seen item.Seen, o item.Officer, now time.Time) (change, error) {
		after, step, changed, err := seen.RecordComponent(o, int(r.GetVersion()), r.GetNumber(), r.GetStatus(), on, now, s.Zone)
		return change{after: after, step: step, same: !changed}, err
	})
	if err != nil {
		return nil, err
	}
	return &workitemv1.RecordServiceComponentResponse{WorkItem: w}, nil
}

// ReassignWorkItem moves one item.
func (s *Server) ReassignWorkItem(ctx context.Context, r *workitemv1.ReassignWorkItemRequest) (*workitemv1.ReassignWorkItemResponse, error) {
	id, err := parseID("work_item_id", r.GetWorkItemId())
	if err != nil {
		return nil, err
	}
	if err := checkOfficer("assignee", r.GetAssignee()); err != nil {
		return nil, err
	}
	reason, err := ownwords.Say("reason", r.GetReason())
	if err != nil {
		return nil, err
	}
	shut, err := s.Store.Conflicts(ctx, r.GetAssignee())
	if err != nil {
		return nil, err
	}
	w, err := s.act(ctx, request{id: id, blind: true}, func(seen item.Seen, o item.Officer, now time.Time) (change, error) {
		if err := mayTake(r.GetAssignee(), shut, seen.CRN); err != nil {
			return change{}, err
		}
		after, step, changed, err := seen.Reassign(o, int(r.GetVersion()), r.GetAssignee(), r.GetOffice(), reason, now)
		return change{
			after: after, step: step, same: !changed, since: now.Add(-item.SameReasonTime),
			words: func(before []string) error { return item.OwnReason(reason, before) },
		}, err
	})
	if err != nil {
		return nil, err
	}
	return &workitemv1.ReassignWorkItemResponse{WorkItem: w}, nil
}

func notFound() error {
	return fault.New(fault.NotFound, "WORK_ITEM_NOT_FOUND", "there is no such work item").WithHelp("Search by the customer's CRN.")
}
