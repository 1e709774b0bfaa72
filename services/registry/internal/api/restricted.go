package api

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/ownwords"
	"github.com/noticehub/noticehub/services/registry/internal/events"
)

// veiled is a record as the caller may see it: without what it repeats of other
// records that are restricted. That it names them is its own.
func (s *Server) veiled(ctx context.Context, c *registryv1.Customer) (*registryv1.Customer, error) {
	v, err := s.sightOf(ctx)
	if c == nil || v.all || err != nil {
		return c, err
	}
	var linked []string
	for _, crn := range append([]string{c.GetPartnerCrn(), c.GetNominee().GetCrn()}, c.GetNomineeFor()...) {
		if crn != "" {
			linked = append(linked, crn)
		}
	}
	if len(linked) == 0 {
		return c, nil
	}
	restricted, err := s.Store.RestrictedAmong(ctx, linked)
	restricted = slices.DeleteFunc(restricted, v.may)
	if err != nil || len(restricted) == 0 {
		return c, err
	}
	c = proto.CloneOf(c)
	if slices.Contains(restricted, c.GetPartnerCrn()) {
		c.PartnerCarerAllowance = 0
	}
	if slices.Contains(restricted, c.GetNominee().GetCrn()) {
		c.NomineeDeceased = false
	}
	// Who made this customer a nominee stands in those records, not in this one.
	c.NomineeFor = slices.DeleteFunc(c.GetNomineeFor(), func(crn string) bool { return slices.Contains(restricted, crn) })
	return c, nil
}

func restriction() *fault.Error {
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "only the Restricted Access officer restricts a record or lifts it").
		WithHelp("Ask the Restricted Access officer.")
}

// mayAmend refuses changes of a restricted record to whoever has not opened it.
// Only to take the restriction off, the reason of that is enough: with it the
// record is open to all.
func mayAmend(ctx context.Context, v sight, current *registryv1.Customer, req *registryv1.ChangeCustomerRequest) error {
	if !current.GetRestrictedAccess() || v.may(current.GetCrn()) {
		return nil
	}
	for _, c := range req.GetChanges() {
		if off, ok := c.GetChange().(*registryv1.Change_RestrictedAccess); !ok || off.RestrictedAccess {
			return closed(ctx)
		}
	}
	_, err := ownwords.Say("reason", req.GetReason())
	return err
}

// mayReplace refuses to put a record in the place of one the caller may not
// open, and to change whether it is restricted.
func mayReplace(ctx context.Context, v sight, current, next *registryv1.Customer) error {
	if current.GetRestrictedAccess() && !v.may(current.GetCrn()) {
		return closed(ctx)
	}
	caller, known := identity.From(ctx)
	if current == nil || current.GetRestrictedAccess() == next.GetRestrictedAccess() || (known && caller.Has(restrictedRole)) {
		return nil
	}
	return restriction()
}

// mayImport refuses imported records that would lift a restriction, whoever
// imports, and those of people that would change a restricted record they have not
// opened: an import is no way around the Restricted Access officer. The same
// record again passes.
func mayImport(v sight, current, next *registryv1.Customer) error {
	if !current.GetRestrictedAccess() {
		return nil
	}
	if next.GetRestrictedAccess() && v.may(current.GetCrn()) {
		return nil
	}
	same := proto.CloneOf(next)
	keepOwn(current, same)
	same.RegisterMeasure, same.RecordVersion = current.GetRegisterMeasure(), current.GetRecordVersion()
	if next.GetRestrictedAccess() && len(events.Changed(current, same)) == 0 {
		return nil
	}
	return restriction()
}
