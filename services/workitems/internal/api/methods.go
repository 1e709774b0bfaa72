package api

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/identity"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// Methods says who may call what: officers see and action, only supervisors
// move items, auditors read. Authorities and services may call nothing here.
func Methods() identity.Table {
	people := func(roles ...string) identity.Rule {
		return identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: roles}
	}
	act := people(item.Officers...)
	read := people(append(slices.Clone(item.Officers), item.Auditor)...)
	return identity.Table{
		workitemv1.WorkItemService_SearchWorkItems_FullMethodName:        read,
		workitemv1.WorkItemService_ListMyWorkItems_FullMethodName:        act,
		workitemv1.WorkItemService_ListCustomerWorkItems_FullMethodName:  read,
		workitemv1.WorkItemService_CountWorkItems_FullMethodName:         read,
		workitemv1.WorkItemService_GetWorkItem_FullMethodName:            read,
		workitemv1.WorkItemService_ListCatalogue_FullMethodName:          read,
		workitemv1.WorkItemService_ListActivities_FullMethodName:         read,
		workitemv1.WorkItemService_StartInvestigation_FullMethodName:     act,
		workitemv1.WorkItemService_CompleteWorkItem_FullMethodName:       act,
		workitemv1.WorkItemService_RecordServiceComponent_FullMethodName: act,
		workitemv1.WorkItemService_ReassignWorkItem_FullMethodName:       people(item.Supervisor),
		workitemv1.WorkItemService_CreateFollowUp_FullMethodName:         act,
		workitemv1.WorkItemService_CompleteFollowUp_FullMethodName:       act,
		workitemv1.WorkItemService_CancelActivity_FullMethodName:         act,
	}
}
