package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// Every function here that changes items or follow-ups also writes the audit
// entries of it, in the same transaction; so nothing changes without them. What
// is kept of customers' records and notices repeats other services' facts and
// leaves none. An item's value and officers' words are told by their digest only.

// touched is an item that a statement changed.
type touched struct {
	id        clock.ID
	crn, code string
	version   int64
	// office it went to; only of those that were moved.
	office string
}

// collectTouched reads id, CRN, code, version and office of changed items.
func collectTouched(rows pgx.Rows, into *[]touched) error {
	var t touched
	_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&t.id), &t.crn, &t.code, &t.version, &t.office}, func() error {
		*into = append(*into, t)
		return nil
	})
	return err
}

func itemObject(id clock.ID) string     { return "work-item/" + id.String() }
func activityObject(id clock.ID) string { return "activity/" + id.String() }

func (s *Store) ofItem(action string, t touched) audit.Entry {
	e := audit.Entry{
		Action: action, Object: itemObject(t.id), Result: audit.Done, Version: t.version,
		Detail: map[string]string{"code": t.code, "customer": s.audit.Customer(t.crn)},
	}
	if t.office != "" {
		e.Detail["office"] = t.office
	}
	return e
}

// ofRaised tells of new items; one that a later event of the batch closed has
// both entries.
func (s *Store) ofRaised(items []NewItem, raised map[clock.ID]bool) []audit.Entry {
	entries := make([]audit.Entry, 0, len(items))
	for i := range items {
		it := &items[i]
		if raised != nil && !raised[it.ID] {
			continue
		}
		t := touched{id: it.ID, crn: it.CRN, code: it.Code, version: 1, office: it.Office}
		entries = append(entries, s.ofItem("workitem.raised", t))
		if it.Closed {
			t.version = 2
			entries = append(entries, s.ofItem("workitem.closed", t))
		}
	}
	return entries
}

// stepActions are the entries of officers' steps.
var stepActions = map[string]string{
	item.Investigation: "workitem.investigated", item.Reassigned: "workitem.reassigned",
	item.Component: "workitem.component-recorded", item.Done: "workitem.completed",
}

func (s *Store) ofStep(after *item.Item, step item.Step) audit.Entry {
	e := s.ofItem(stepActions[step.Action], touched{id: after.ID, crn: after.CRN, code: after.Code, version: int64(after.Version), office: after.Office})
	e.Digest = audit.Digest(step.Note)
	if step.Action == item.Reassigned && after.Assignee != "" {
		e.Detail["assignee"] = after.Assignee
	}
	return e
}

func (s *Store) ofFollowUp(f *item.FollowUp) audit.Entry {
	e := audit.Entry{Object: activityObject(f.ID), Result: audit.Done, Detail: map[string]string{"customer": s.audit.Customer(f.CRN)}}
	switch f.Status {
	case item.FollowUpCompleted:
		e.Action, e.Digest = "followup.completed", audit.Digest(f.Note)
	case item.FollowUpCancelled:
		e.Action, e.Digest = "followup.cancelled", audit.Digest(f.Note)
	default:
		e.Action, e.Digest = "followup.created", audit.Digest(f.Title+"\n"+strings.Join(f.Keywords, " "))
		e.Detail["matures_on"] = f.MaturesOn.String()
	}
	return e
}

// tell writes entries that go with no other statement.
func (s *Store) tell(ctx context.Context, tx pgx.Tx, entries ...audit.Entry) error {
	return failed(s.audit.Write(ctx, tx, entries...), "write audit entries")
}
