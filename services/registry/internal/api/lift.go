package api

import (
	"context"
	"slices"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/conflict"
)

// mayRead refuses a restricted record (rules 2.2) to every person but the
// Restricted Access officer who opened it and the officer for whom access is
// lifted, while it is; until is when that ends. An error shows nothing. Feeds and
// the hub's services are not asked: they are the agency's records.
func (s *Server) mayRead(ctx context.Context, crn string, restricted bool) (until time.Time, err error) {
	if err := s.noConflict(ctx, crn); err != nil {
		return until, err
	}
	caller, known := identity.From(ctx)
	switch {
	case !restricted || known && caller.Kind == identity.Service:
		return until, nil
	case !known || caller.Kind != identity.Person:
		return until, closed(ctx)
	}
	until, err = s.Store.OpenUntil(ctx, crn, caller.ID, caller.Has(restrictedRole), s.Clock.Now())
	if err == nil && until.IsZero() {
		err = closed(ctx)
	}
	return until, err
}

// closed is the refusal of a restricted record.
func closed(ctx context.Context) *fault.Error {
	refusal := fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to this record is restricted")
	if caller, known := identity.From(ctx); known && caller.Has(restrictedRole) {
		return refusal.WithHelp("Say why you open it: OpenRestrictedRecord.")
	}
	return refusal.WithHelp("Ask the Restricted Access officer.")
}

// noConflict refuses people a record that is their own or a relative's, whatever
// their roles and whether or not it is restricted.
func (s *Server) noConflict(ctx context.Context, crn string) error {
	conflicts, err := s.conflicts(ctx)
	if err == nil && slices.Contains(conflicts, crn) {
		err = conflict.Refusal()
	}
	return err
}

// conflicts are the records the caller must not see; none of a service.
func (s *Server) conflicts(ctx context.Context) ([]string, error) {
	caller, known := identity.From(ctx)
	if !known || caller.Kind != identity.Person {
		return nil, nil
	}
	return s.Store.Conflicts(ctx, caller.ID)
}
