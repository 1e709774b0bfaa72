package api

import (
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
