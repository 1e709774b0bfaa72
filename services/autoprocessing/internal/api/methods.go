package api

import (
	"github.com/noticehub/noticehub/pkg/identity"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// Methods says who may call what: contact officers and supervisors act, only
// supervisors assign, auditors and Restricted Access officers read, authorities
// fetch their disclosures.
func Methods() identity.Table {
	people := func(roles ...string) identity.Rule {
		return identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: roles}
	}
	read := people(ContactOfficer, Supervisor, Auditor, RestrictedOfficer)
	act := people(ContactOfficer, Supervisor)
	return identity.Table{
		processingv1.QueueService_SearchSubmissions_FullMethodName:   read,
		processingv1.QueueService_CountQueue_FullMethodName:          read,
		processingv1.QueueService_GetSubmissionDetail_FullMethodName: read,
		processingv1.QueueService_Claim_FullMethodName:               act,
		processingv1.QueueService_Release_FullMethodName:             act,
		processingv1.QueueService_Assign_FullMethodName:              people(Supervisor),
		processingv1.QueueService_Hold_FullMethodName:                act,
		processingv1.QueueService_AddNote_FullMethodName:             act,
		processingv1.QueueService_RecordOutcome_FullMethodName:       act,
		processingv1.QueueService_ReturnToAuthority_FullMethodName:   act,
		processingv1.QueueService_Reprocess_FullMethodName:           act,
		processingv1.RegisterService_ListNotices_FullMethodName:      read,
		processingv1.DisclosureService_GetDisclosure_FullMethodName:  {Kinds: []identity.Kind{identity.Authority}},
	}
}
