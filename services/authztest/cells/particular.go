package cells

import (
	"fmt"
	"hash/fnv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// particular adds what only some messages have.
func (w *World) particular(m proto.Message, c *cell) {
	rent := []*registryv1.Change{{Change: &registryv1.Change_RentType{RentType: "PRIVATE_RENT"}}}
	switch r := m.(type) {
	case *intakev1.SubmitRequest:
		r.Submission = lodged(c)
	case *intakev1.SubmitStreamRequest:
		r.Submission = lodged(c)
	case *intakev1.ListSubmissionsRequest:
		r.PageSize = 5
	case *processingv1.SearchSubmissionsRequest:
		r.Reference = "" // of the customer, with whatever was lodged
	case *processingv1.CountSubmissionsRequest:
		r.Search = &processingv1.SearchSubmissionsRequest{Crn: c.about.crn}
	case *processingv1.ExportSubmissionsRequest:
		r.Search = &processingv1.SearchSubmissionsRequest{Crn: c.about.crn}
	case *processingv1.WatchQueueRequest:
		r.SubmissionIds = []string{c.about.open}
	case *processingv1.ActOnSubmissionsRequest:
		r.Which = &processingv1.ActOnSubmissionsRequest_Named{Named: &processingv1.Named{SubmissionIds: []string{c.about.open}}}
		r.Action = &processingv1.ActOnSubmissionsRequest_Claim{Claim: &processingv1.ClaimEach{}}
	case *processingv1.RecordOutcomeRequest:
		r.Outcome = eventv1.Outcome_OUTCOME_NOT_DISCLOSED
	case *processingv1.RecordRiskAssessmentRequest:
		r.Decision = processingv1.RiskDecision_RISK_DECISION_KEEP
	case *processingv1.HoldRequest:
		r.Until = "2031-03-03"
	case *registryv1.PutCustomerRequest:
		r.Customer = proto.CloneOf(synthetic.Person(1, firstPerson+200))
		r.Customer.Crn = c.about.crn
	case *registryv1.ImportCustomersRequest:
		r.Customer = proto.CloneOf(synthetic.Person(1, firstPerson+201)) // nobody's: an import replaces what there is
		if c.object == malformed {
			r.Customer.Crn = c.about.crn
		}
	case *registryv1.PutAuthorityRequest:
		r.Authority = some(c)
	case *registryv1.ImportAuthoritiesRequest:
		r.Authority = some(c)
	case *registryv1.GetAuthorityRequest:
		if r.AuthorityId == "" {
			r.AuthorityId = w.parts[1].about.authority
		}
	case *registryv1.ResolveCustomersRequest:
		r.Queries = []*registryv1.CustomerQuery{{Crn: c.about.crn}}
	case *registryv1.ChangeCustomerRequest:
		r.Changes = rent
	case *registryv1.OpenRestrictedRecordRequest:
		if c.object == restricted {
			r.Reason = "as required" // no reason: the record stays closed in the walk
		}
	case *registryv1.FeedChangesRequest:
		r.Record = &registryv1.FeedRecord{Feed: "cells", Reference: "walk", Crn: c.about.crn, OccurredAt: timestamppb.New(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), Changes: rent}
	case *registryv1.ListQuarantinedRequest:
		r.Reason = 0
	case *registryv1.RedriveQuarantinedRequest:
		r.RecordIds = []string{c.about.quarantined}
	case *registryv1.PutSchoolMealsProviderRequest:
		r.Provider = &registryv1.SchoolMealsProvider{ProviderId: "cell-meals", Name: "Meals of the walk (synthetic)"}
	case *auditv1.SearchEntriesRequest:
		r.Action = "customer.read"
	case *auditv1.GetEntryRequest:
		r.Name = &auditv1.GetEntryRequest_Position{Position: position(c)}
	case *auditv1.GetProofRequest:
		r.Position = position(c)
	case *auditv1.ExportEntriesRequest:
		r.From, r.Last = position(c), 10
	case *consolev1.ListSessionsRequest:
		r.Person = "" // everybody's
	case *consolev1.ListViewsRequest:
		r.Screen = consolev1.Screen_SCREEN_QUEUE
	case *consolev1.PutViewRequest:
		r.ViewId, r.Version, r.Screen = viewOf(c), 0, consolev1.Screen_SCREEN_QUEUE
		r.Name = "Walk " + clock.DerivedID(clock.ID{}, c.String()).String()
	case *consolev1.DeleteViewRequest:
		r.ViewId = viewOf(c)
	case *workitemv1.WatchWorkItemsRequest:
		r.WorkItemIds = []string{c.about.workItem}
	case *operationsv1.RedriveParkedRequest:
		r.Service, r.Consumer = "registry", "registry-outcomes"
		r.Which = &operationsv1.RedriveParkedRequest_Cause{Cause: "walk: nothing failed so"}
	case *sandboxv1.AdvanceClockRequest:
		r.By = durationpb.New(time.Millisecond)
	}
}

// viewOf is a view of the caller's own.
func viewOf(c *cell) string {
	if c.object == malformed {
		return c.about.activity
	}
	return clock.DerivedID(clock.ID{}, c.String()).String()
}

// position is one of the audit log.
func position(c *cell) int64 {
	if c.object == malformed {
		return -1
	}
	return 0
}

// lodged is a submission the caller lodges about the object, under a reference of
// its own.
func lodged(c *cell) *intakev1.Submission {
	h := fnv.New64a()
	fmt.Fprint(h, c)
	reference := fmt.Sprintf("walk-%x", h.Sum64())
	if c.object == malformed {
		reference = c.about.reference
	}
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{
		Customer: &intakev1.CustomerIdentity{Crn: c.about.crn, FamilyName: "Walker", DateOfBirth: "1980-01-01"},
	}}}
}

// some is an authority beside those that are walked over.
func some(c *cell) *registryv1.Authority {
	a := &registryv1.Authority{
		AuthorityId: "cell-other", Name: "Another of the walk (synthetic)", Enabled: true,
		BusinessFunction: eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, Jurisdiction: eventv1.Jurisdiction_JURISDICTION_NT,
	}
	if c.object == malformed {
		a.AuthorityId = c.about.authority
	}
	return a
}
