package events

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry/internal/document"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// cardOverLimit is the work item while which is open allocations to the card
// are prevented (rules 4).
const cardOverLimit = "I001BC"

// unordered: what notices, decisions and work items leave says the same in
// whatever order they come, so they have no key.
func unordered(*eventv1.Event) string { return "" }

// DecodeWorkItems takes the events of a message about work items.
var DecodeWorkItems = packet.Decode(unordered)

// DecodeWorkItem takes one of them, as kept while it is parked.
var DecodeWorkItem = packet.DecodeParked(unordered)

// ApplyWorkItems leaves in the registry what work items mean for it: whether
// allocations to a customer's card are prevented, and a document for each item
// an officer completed. The result depends only on which events were applied:
// an item that was closed stays closed, also when its raising comes later.
func ApplyWorkItems(st *store.Store) func(context.Context, pgx.Tx, []inbox.Event) (inbox.Effects, error) {
	return func(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
		left, err := settleWorkItems(events)
		if err != nil {
			return inbox.Effects{}, err
		}
		return inbox.Effects{}, st.SettleWorkItems(ctx, tx, left)
	}
}

// settleWorkItems gathers a batch: each item and each document once.
func settleWorkItems(events []inbox.Event) (store.WorkItems, error) {
	var left store.WorkItems
	holds := make(map[clock.ID]int)
	documents := make(map[clock.ID]bool)
	hold := func(id clock.ID, crn string, held bool) {
		at, seen := holds[id]
		if !seen {
			holds[id] = len(left.Holds)
			left.Holds = append(left.Holds, store.CardHold{WorkItem: id, CRN: crn, Held: held})
		} else if !held {
			left.Holds[at].Held = false
		}
	}
	for _, in := range events {
		e, ok := in.Value.(*eventv1.Event)
		if !ok {
			return left, fmt.Errorf("event %v was not decoded", in.ID)
		}
		switch body := e.GetBody().(type) {
		case *eventv1.Event_WorkItemRaised:
			r := body.WorkItemRaised
			id, err := workItem(r.GetWorkItemId(), r.GetCrn())
			if err != nil {
				return left, err
			}
			if r.GetCode() == cardOverLimit {
				hold(id, r.GetCrn(), true)
			}
		case *eventv1.Event_WorkItemClosed:
			c := body.WorkItemClosed
			id, err := workItem(c.GetWorkItemId(), c.GetCrn())
			if err != nil {
				return left, err
			}
			if c.GetCode() == cardOverLimit {
				hold(id, c.GetCrn(), false)
			}
			if c.GetOfficerId() != "" && !documents[id] {
				documents[id] = true
				left.Documents = append(left.Documents, documentOfItem(id, c, e))
			}
		}
	}
	return left, nil
}

func workItem(b []byte, crn string) (clock.ID, error) {
	id, err := clock.IDFromBytes(b)
	if err != nil {
		return id, fmt.Errorf("work item: %w", err)
	}
	if crn == "" {
		return id, fmt.Errorf("work item %v: no CRN", id)
	}
	return id, nil
}

// documentOfItem is the document of an item an officer completed. The officer's
// note itself stays with the item.
func documentOfItem(id clock.ID, c *eventv1.WorkItemClosed, e *eventv1.Event) store.Document {
	item := document.WorkItem{ID: id.String(), Code: c.GetCode(), Officer: c.GetOfficerId()}
	return store.Document{
		ID: clock.DerivedID(id, "document"), CRN: c.GetCrn(), Title: item.Title(), Text: item.Text(),
		Officer: c.GetOfficerId(), CreatedAt: e.GetOccurredAt().AsTime(),
	}
}
