package api

import (
	"context"
	"slices"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

// mayRead is mayOpen for reads: a restricted record is also shown to the officer
// for whom access is lifted, while it is. An error shows nothing. Changes are not
// covered by a lift.
func (s *Server) mayRead(ctx context.Context, crn string, restricted bool) error {
	if err := s.noConflict(ctx, crn); err != nil {
		return err
	}
	refusal := mayOpen(ctx, restricted)
	if refusal == nil {
		return nil
	}
	caller, known := identity.From(ctx)
	if !known || caller.Kind != identity.Person {
		return refusal
	}
	lifted, err := s.Store.Lifted(ctx, crn, caller.ID, s.Clock.Now())
	switch {
	case err != nil:
		return err
	case lifted:
		return nil
	}
	return refusal
}

// noConflict refuses people a record that is their own or a relative's, whatever
// their roles and whether or not it is restricted.
func (s *Server) noConflict(ctx context.Context, crn string) error {
	conflicts, err := s.conflicts(ctx)
	if err == nil && slices.Contains(conflicts, crn) {
		err = fault.New(fault.Denied, "CONFLICT_OF_INTEREST", "you must not see this record").WithHelp("Leave it to another officer.")
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
