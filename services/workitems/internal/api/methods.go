package api

import (
	"github.com/noticehub/noticehub/pkg/identity"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// Methods says who may call what: officers see and action, only supervisors
// move items, auditors read. Authorities and services may call nothing here.
func Methods() identity.Table {
	return access.Table(workitemv1.WorkItemService_ServiceDesc.ServiceName)
}
