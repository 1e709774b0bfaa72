package api

import (
	"context"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

const restrictedRole = "restricted-access-officer"

// Methods says who may call what. Authorities may call nothing here: what they
// may learn of a customer reaches them through disclosures only.
func Methods() identity.Table {
	return access.Table(registryv1.RegistryService_ServiceDesc.ServiceName, registryv1.CircumstanceService_ServiceDesc.ServiceName)
}

// mayOpen refuses a restricted record to every person but the Restricted
// Access officer (rules 2.2). Feeds are not asked: they are the agency's records.
func mayOpen(ctx context.Context, restricted bool) error {
	caller, known := identity.From(ctx)
	if !restricted || (known && (caller.Kind == identity.Service || caller.Has(restrictedRole))) {
		return nil
	}
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to this record is restricted").
		WithHelp("Ask the Restricted Access officer.")
}
