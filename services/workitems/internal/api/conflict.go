package api

import (
	"context"
	"slices"

	"github.com/noticehub/noticehub/services/internal/conflict"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// A record that is an officer's own or a relative's is shut to the officer, in
// every role: its items look in lists like those of a restricted record, and what
// names the customer, or changes anything of the customer's, is refused.

// viewer is an officer who calls, with the records the officer must not see.
type viewer struct {
	item.Officer
	// conflicts are their CRNs; mostly none.
	conflicts []string
}

// viewerOf is the person who calls.
func (s *Server) viewerOf(ctx context.Context) (v viewer, err error) {
	if v.Officer, err = officerOf(ctx); err != nil {
		return v, err
	}
	v.conflicts, err = s.Store.Conflicts(ctx, v.ID)
	return v, err
}

// noConflict refuses a record the officer must not see.
func (v *viewer) noConflict(crn string) error {
	if slices.Contains(v.conflicts, crn) {
		return conflict.Refusal()
	}
	return nil
}

// hidden reports whether what is personal of a record must not be shown.
func (v *viewer) hidden(crn string, restricted bool) bool {
	return hidden(v.Officer, restricted) || slices.Contains(v.conflicts, crn)
}

// mayTake refuses to give an item to an officer who must not see the record.
func mayTake(officer string, conflicts []string, crn string) error {
	if officer != "" && slices.Contains(conflicts, crn) {
		return conflict.RefusalOf(officer)
	}
	return nil
}
