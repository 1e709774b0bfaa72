package api

import (
	"github.com/noticehub/noticehub/pkg/identity"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// Methods says who may call what: contact officers and supervisors act, only
// supervisors assign, auditors and Restricted Access officers read, authorities
// fetch their disclosures.
func Methods() identity.Table {
	return access.Table(
		processingv1.QueueService_ServiceDesc.ServiceName, processingv1.RegisterService_ServiceDesc.ServiceName,
		processingv1.DisclosureService_ServiceDesc.ServiceName, processingv1.RestrictedAccessService_ServiceDesc.ServiceName,
		processingv1.WorkloadService_ServiceDesc.ServiceName,
	)
}
