package api

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/ownwords"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// openingLasts is how long a record that was opened stays open: the usual time of
// a lift, which is for one piece of work. The database holds it, too.
const openingLasts = 60 * time.Minute

// OpenRestrictedRecord opens a restricted record to the calling Restricted Access
// officer for a time, once the reason is on record.
func (s *Server) OpenRestrictedRecord(ctx context.Context, req *registryv1.OpenRestrictedRecordRequest) (*registryv1.OpenRestrictedRecordResponse, error) {
	caller, known := identity.From(ctx)
	if !known || caller.Kind != identity.Person || !caller.Has(restrictedRole) {
		return nil, closed(ctx)
	}
	reason, err := ownwords.Say("reason", req.GetReason())
	if err != nil {
		return nil, err
	}
	if _, found, err := s.Store.Customer(ctx, req.GetCrn()); err != nil || !found {
		if err == nil {
			err = unknownCustomer()
		}
		return nil, err
	}
	if err := s.noConflict(ctx, req.GetCrn()); err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	until, restricted, err := s.Store.OpenRecord(ctx, store.Opening{
		Officer: caller.ID, ActionID: req.GetActionId(), CRN: req.GetCrn(), Reason: reason, At: now, Until: now.Add(openingLasts),
	})
	switch {
	case err != nil:
		return nil, err
	case !restricted:
		return nil, fault.New(fault.Precondition, "NOT_RESTRICTED", "access to this record is not restricted").
			WithHelp("Read it: it needs no opening.")
	}
	return &registryv1.OpenRestrictedRecordResponse{Until: timestamppb.New(until)}, nil
}

// sight is which restricted records the caller may open, to change them and to
// see what other records repeat of them.
type sight struct {
	// all of them: the hub's own services.
	all bool
	// opened by the caller, a Restricted Access officer, and still open.
	opened []string
}

func (v sight) may(crn string) bool { return v.all || slices.Contains(v.opened, crn) }

// sightOf works out what the caller may open. An error opens nothing. A lift is to
// read one record, and is not asked for here.
func (s *Server) sightOf(ctx context.Context) (sight, error) {
	caller, known := identity.From(ctx)
	switch {
	case known && caller.Kind == identity.Service:
		return sight{all: true}, nil
	case !known || caller.Kind != identity.Person || !caller.Has(restrictedRole):
		return sight{}, nil
	}
	opened, err := s.Store.Opened(ctx, caller.ID, s.Clock.Now())
	return sight{opened: opened}, err
}
