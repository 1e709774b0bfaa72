package events

import (
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// longestLift is the most any lift may last (rules.md 2.2 leaves the length to
// the hub, which takes a working day); longer ones are refused and not kept.
const longestLift = 8 * time.Hour

// conflictsOf gathers what a batch tells of records that officers must not see.
func conflictsOf(events []inbox.Event) ([]store.Conflict, error) {
	var conflicts []store.Conflict
	for _, in := range events {
		e, ok := in.Value.(*eventv1.Event)
		if !ok || e.GetConflictDeclared() == nil {
			continue
		}
		c := store.Conflict{Officer: e.GetConflictDeclared().GetOfficerId(), CRN: e.GetConflictDeclared().GetCrn()}
		if c.Officer == "" || c.CRN == "" {
			return nil, fmt.Errorf("event %v: a conflict without an officer or a record", in.ID)
		}
		conflicts = append(conflicts, c)
	}
	return conflicts, nil
}

// liftsOf gathers what a batch tells of lifts of restricted access, in its order.
func liftsOf(events []inbox.Event) ([]store.Lift, error) {
	var lifts []store.Lift
	for _, in := range events {
		e, ok := in.Value.(*eventv1.Event)
		if !ok {
			continue // told by whoever reads the others
		}
		var l store.Lift
		var id []byte
		switch body := e.GetBody().(type) {
		case *eventv1.Event_AccessLifted:
			b := body.AccessLifted
			id = b.GetCaseId()
			l = store.Lift{CRN: b.GetCrn(), Officer: b.GetOfficerId(), LiftedAt: b.GetLiftedAt().AsTime(), Until: b.GetUntil().AsTime()}
			if lasts := l.Until.Sub(l.LiftedAt); lasts <= 0 || lasts > longestLift || l.CRN == "" || l.Officer == "" {
				return nil, fmt.Errorf("event %v: a lift without a time box, a record or an officer", in.ID)
			}
		case *eventv1.Event_AccessReinstated:
			b := body.AccessReinstated
			id = b.GetCaseId()
			l = store.Lift{CRN: b.GetCrn(), Officer: b.GetOfficerId(), Ended: true}
		default:
			continue
		}
		var err error
		if l.CaseID, err = clock.IDFromBytes(id); err != nil {
			return nil, fmt.Errorf("event %v: case: %w", in.ID, err)
		}
		lifts = append(lifts, l)
	}
	return lifts, nil
}
