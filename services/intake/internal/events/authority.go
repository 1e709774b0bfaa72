package events

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// Authorities keeps what the registry announces of referring authorities.
type Authorities struct {
	// Store keeps them.
	Store *store.Store
	// Committed is called after commit.
	Committed func()
}

// AuthorityKey orders an authority's events.
func AuthorityKey(e *eventv1.Event) string { return e.GetAuthorityChanged().GetAuthorityId() }

// Apply records a batch in the caller's transaction. Versions decide, not order.
func (a *Authorities) Apply(ctx context.Context, tx pgx.Tx, batch []inbox.Event) (inbox.Effects, error) {
	for _, e := range batch {
		event, ok := e.Value.(*eventv1.Event)
		if !ok || event.GetSchemaVersion() > schemaVersion {
			return inbox.Effects{}, fmt.Errorf("event %v (%T, schema version %d) is not known to this program", e.ID, e.Value, event.GetSchemaVersion())
		}
		change := event.GetAuthorityChanged()
		if change == nil {
			continue
		}
		authority := lodging.Authority{
			ID: change.GetAuthorityId(), Function: term.BusinessFunction(change.GetBusinessFunction()),
			Jurisdiction: term.Jurisdiction(change.GetJurisdiction()), Enabled: change.GetEnabled(),
		}
		if authority.ID == "" || authority.Function.String() == "" || authority.Jurisdiction.String() == "" {
			return inbox.Effects{}, fmt.Errorf("event %v: authority %q has no known function or jurisdiction", e.ID, authority.ID)
		}
		if err := a.Store.PutAuthority(ctx, tx, authority, change.GetRecordVersion()); err != nil {
			return inbox.Effects{}, err
		}
	}
	return inbox.Effects{After: a.Committed}, nil
}
