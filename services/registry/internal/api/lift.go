package api

import (
	"context"

	"github.com/noticehub/noticehub/pkg/identity"
)

// mayRead is mayOpen for reads: a restricted record is also shown to the officer
// for whom access is lifted, while it is. An error shows nothing. Changes are not
// covered by a lift.
func (s *Server) mayRead(ctx context.Context, crn string, restricted bool) error {
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
