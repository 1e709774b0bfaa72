package events

import (
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// conflictKind is the event of the stream of decisions that shuts a customer's
// items and follow-ups to an officer.
const conflictKind = "conflict_declared"

// conflictsOf gathers what a batch tells of records that officers must not see.
func conflictsOf(events []inbox.Event) ([]store.Conflict, error) {
	var conflicts []store.Conflict
	for i := range events {
		e, ok := events[i].Value.(*eventv1.Event)
		if !ok || e.GetConflictDeclared() == nil {
			continue // read by whoever reads the others
		}
		c := store.Conflict{Officer: e.GetConflictDeclared().GetOfficerId(), CRN: e.GetConflictDeclared().GetCrn()}
		if c.Officer == "" || c.CRN == "" {
			return nil, fault.New(fault.Invalid, "EVENT_INVALID", "a conflict without an officer or a record")
		}
		conflicts = append(conflicts, c)
	}
	return conflicts, nil
}
