//go:build attack

package attacktest

import (
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// restricted are cases 49 and 50: the operator's own people at a restricted record.
func restricted() []attack {
	return []attack{
		{number: 49, name: "operators open a restricted record", record: "call.refused RESTRICTED_ACCESS", run: openRestricted},
		{number: 50, name: "a restriction lifted alone, or left open", lodges: true, record: "call.refused SECOND_PERSON_REQUIRED, access.lifted, access.viewed", run: liftAlone},
		{number: 49, name: "an officer views 200 records an hour, and a relative's", lodges: true, record: "access.view-alarm VIEWS_PER_HOUR, call.refused CONFLICT_OF_INTEREST", run: viewMany},
	}
}

// everybody is all who may not see it: each role alone but the one that may.
func (a *attempt) everybody() (all []identity.Caller) {
	for _, role := range everyRole(a) {
		if role != "restricted-access-officer" {
			all = append(all, identity.Caller{Kind: identity.Person, ID: "peeping-" + role, Roles: []string{role}})
		}
	}
	return all
}

func openRestricted(a *attempt) {
	crn := a.hidden.GetCrn()
	looked := 0
	for _, c := range a.everybody() {
		conn := a.hostile(c)
		for what, look := range map[string]func() (bool, error){
			"the record": func() (bool, error) {
				r, err := registryv1.NewRegistryServiceClient(conn).GetCustomer(a.ctx, &registryv1.GetCustomerRequest{Crn: crn})
				return r.GetCustomer() != nil, err
			},
			"documents": func() (bool, error) {
				r, err := registryv1.NewRegistryServiceClient(conn).ListDocuments(a.ctx, &registryv1.ListDocumentsRequest{Crn: crn})
				return len(r.GetDocuments()) > 0, err
			},
			"versions": func() (bool, error) {
				r, err := registryv1.NewCircumstanceServiceClient(conn).ListCustomerVersions(a.ctx, &registryv1.ListCustomerVersionsRequest{Crn: crn})
				return len(r.GetVersions()) > 0, err
			},
			"notices": func() (bool, error) {
				r, err := processingv1.NewRegisterServiceClient(conn).ListNotices(a.ctx, &processingv1.ListNoticesRequest{Crn: crn})
				return len(r.GetNotices()) > 0, err
			},
			"work items": func() (bool, error) {
				r, err := workitemv1.NewWorkItemServiceClient(conn).ListCustomerWorkItems(a.ctx, &workitemv1.ListCustomerWorkItemsRequest{Crn: crn})
				return len(r.GetWorkItems()) > 0, err
			},
			"the view": func() (bool, error) {
				r, err := processingv1.NewRestrictedAccessServiceClient(conn).ViewRestrictedRecord(a.ctx, &processingv1.ViewRestrictedRecordRequest{SubmissionId: a.secret.GetSubmissionId(), Reason: "out of curiosity"})
				return r.GetCustomer() != nil, err
			},
		} {
			looked++
			if shown, err := look(); shown || err == nil && what == "the record" {
				a.Errorf("%s sees %s: %v", c.ID, what, err)
			} else if code := status.Code(err); code == codes.Internal || code == codes.Unknown {
				a.Errorf("%s at %s: %v", c.ID, what, err)
			}
		}
	}
	// The one who may open it is refused until the reason is on record.
	silent := a.hostile(identity.Caller{Kind: identity.Person, ID: "silent", Roles: []string{"restricted-access-officer"}})
	_, err := registryv1.NewRegistryServiceClient(silent).GetCustomer(a.ctx, &registryv1.GetCustomerRequest{Crn: crn})
	a.refused("a record that is not opened", err, codes.PermissionDenied, "RESTRICTED_ACCESS")
	for _, reason := range []string{"", "as required", "..........", "look look look"} {
		_, err := registryv1.NewCircumstanceServiceClient(silent).OpenRestrictedRecord(a.ctx, &registryv1.OpenRestrictedRecordRequest{Crn: crn, ActionId: "open", Reason: reason})
		a.refused("opened without a reason", err, codes.InvalidArgument, "FIELD_INVALID")
	}
	_, err = registryv1.NewCircumstanceServiceClient(silent).ListCustomerVersions(a.ctx, &registryv1.ListCustomerVersionsRequest{Crn: crn})
	a.refused("versions of a record that is not opened", err, codes.PermissionDenied, "RESTRICTED_ACCESS")
	a.Logf("%d looks", looked)
}

// held makes alice hold the queue entry of a submission about the restricted customer.
func (a *attempt) held() (version int32) {
	a.Helper()
	conn, err := a.as(contact)
	if err != nil {
		a.Fatal(err)
	}
	got, err := processingv1.NewQueueServiceClient(conn).Claim(a.ctx, &processingv1.ClaimRequest{SubmissionId: a.secret.GetSubmissionId()})
	if err != nil {
		a.Fatalf("claim: %v", err)
	}
	return got.GetSubmission().GetVersion()
}

// asked opens a case and asks for the assessment; its version comes back.
func (a *attempt) asked(action string) int32 {
	a.Helper()
	conn, err := a.as(contact)
	if err != nil {
		a.Fatal(err)
	}
	got, err := processingv1.NewRestrictedAccessServiceClient(conn).RecordAuthorityContact(a.ctx, &processingv1.RecordAuthorityContactRequest{
		SubmissionId: a.secret.GetSubmissionId(), Version: a.held(), ActionId: action, CustomerAware: true, Note: "Spoke to the case worker", RequestAssessment: true,
	})
	if err != nil {
		a.Fatalf("contact: %v", err)
	}
	return got.GetCase().GetVersion()
}

func liftAlone(a *attempt) {
	id := a.secret.GetSubmissionId()
	both := identity.Caller{Kind: identity.Person, ID: contact.ID, Roles: []string{"contact-officer", "restricted-access-officer"}}
	lift := func(version int32, action string, minutes int32) *processingv1.RecordRiskAssessmentRequest {
		return &processingv1.RecordRiskAssessmentRequest{SubmissionId: id, CaseVersion: version, ActionId: action, Decision: processingv1.RiskDecision_RISK_DECISION_LIFT, Reason: "The risk is small", Minutes: minutes}
	}
	disclose := func() error {
		_, err := processingv1.NewQueueServiceClient(a.hostile(contact)).RecordOutcome(a.ctx, &processingv1.RecordOutcomeRequest{
			SubmissionId: id, Version: a.held(), ActionId: "disclose", Outcome: eventv1.Outcome_OUTCOME_ELIGIBLE, Declaration: true, Note: "disclosed", ReinstateAccess: true,
		})
		return err
	}
	view := func() error {
		conn, err := a.as(contact) // what is shown under a lift is no leak
		if err != nil {
			return err
		}
		_, err = processingv1.NewRestrictedAccessServiceClient(conn).ViewRestrictedRecord(a.ctx, &processingv1.ViewRestrictedRecordRequest{SubmissionId: id, Reason: "to decide"})
		return err
	}
	if err := disclose(); status.Code(err) != codes.FailedPrecondition || reasonOf(err) != "RESTRICTED_ACCESS" {
		a.Errorf("a disclosure without a lift: %v", err)
	}
	version := a.asked("contact-1")
	_, err := processingv1.NewRestrictedAccessServiceClient(a.hostile(both)).RecordRiskAssessment(a.ctx, lift(version, "alone", 60))
	a.refused("alone, with both roles", err, codes.PermissionDenied, "SECOND_PERSON_REQUIRED")
	_, err = processingv1.NewRestrictedAccessServiceClient(a.hostile(contact)).RecordRiskAssessment(a.ctx, lift(version, "alone-2", 60))
	a.refused("without the role", err, codes.PermissionDenied, "METHOD_DENIED")
	_, err = processingv1.NewRestrictedAccessServiceClient(a.hostile(keyholder)).RecordRiskAssessment(a.ctx, lift(version, "long", 481))
	a.refused("for more than eight hours", err, codes.InvalidArgument, "")
	if err := view(); err == nil {
		a.Error("the record is shown before the lift")
	}
	second, err := a.as(keyholder)
	if err != nil {
		a.Fatal(err)
	}
	if _, err := processingv1.NewRestrictedAccessServiceClient(second).RecordRiskAssessment(a.ctx, lift(version, "together", 1)); err != nil {
		a.Fatalf("the second person: %v", err)
	}
	if err := view(); err != nil {
		a.Errorf("under the lift: %v", err)
	}
	for _, c := range a.everybody() {
		_, err := registryv1.NewRegistryServiceClient(a.hostile(c)).GetCustomer(a.ctx, &registryv1.GetCustomerRequest{Crn: a.hidden.GetCrn()})
		if err == nil {
			a.Errorf("%s sees the record under another's lift", c.ID)
		}
	}
	// Left open: it ends by itself.
	keeper, err := a.as(admin)
	if err != nil {
		a.Fatal(err)
	}
	if _, err := sandboxv1.NewClockServiceClient(keeper).AdvanceClock(a.ctx, &sandboxv1.AdvanceClockRequest{By: durationpb.New(90 * time.Second)}); err != nil {
		a.Fatal(err)
	}
	if err := view(); err == nil {
		a.Error("the record is shown after the time")
	}
	if err := disclose(); err == nil {
		a.Error("it was disclosed after the time")
	}
	var finished int
	if err := a.db.QueryRow(a.ctx, "SELECT count(*) FROM autoprocessing.disclosure WHERE submission_id = $1", id).Scan(&finished); err != nil || finished > 0 {
		a.Errorf("%d disclosures of the restricted record, %v", finished, err)
	}
}

// viewMany looks 200 times, then at a record that a conflict is declared about.
func viewMany(a *attempt) {
	id := a.secret.GetSubmissionId()
	until(a, "the lift that ended is swept", func() error {
		var open int
		if err := a.db.QueryRow(a.ctx, "SELECT count(*) FROM autoprocessing.access_case WHERE submission_id = $1 AND state IN (1, 2, 3)", id).Scan(&open); err != nil || open == 0 {
			return err
		}
		return errNotYet
	})
	a.asked("contact-2")
	conn, err := a.as(keyholder)
	if err != nil {
		a.Fatal(err)
	}
	access := processingv1.NewRestrictedAccessServiceClient(conn)
	var mu sync.Mutex
	var wait sync.WaitGroup
	views := 0
	for range 4 {
		wait.Go(func() {
			for range 60 {
				_, err := access.ViewRestrictedRecord(a.ctx, &processingv1.ViewRestrictedRecordRequest{SubmissionId: id, Reason: "assessment"})
				for tries := 0; status.Code(err) == codes.ResourceExhausted && tries < 50; tries++ {
					time.Sleep(100 * time.Millisecond)
					_, err = access.ViewRestrictedRecord(a.ctx, &processingv1.ViewRestrictedRecordRequest{SubmissionId: id, Reason: "assessment"})
				}
				if err != nil {
					a.Errorf("view: %v", err)
					return
				}
				mu.Lock()
				views++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if views <= 200 {
		a.Errorf("%d views", views)
	}
	var kept int
	if err := a.db.QueryRow(a.ctx, "SELECT count(*) FROM autoprocessing.access_step WHERE step = 'viewed' AND actor = $1", fmt.Sprint("officer:", keyholder.ID)).Scan(&kept); err != nil || kept < views {
		a.Errorf("%d views on record, %d made, %v", kept, views, err)
	}
	relative := identity.Caller{Kind: identity.Person, ID: "related", Roles: []string{"restricted-access-officer"}}
	if _, err := processingv1.NewRestrictedAccessServiceClient(a.hostile(relative)).DeclareConflict(a.ctx, &processingv1.DeclareConflictRequest{Crn: a.hidden.GetCrn(), Reason: "a relative"}); err != nil {
		a.Errorf("declare: %v", err)
	}
	_, err = processingv1.NewRestrictedAccessServiceClient(a.hostile(relative)).ViewRestrictedRecord(a.ctx, &processingv1.ViewRestrictedRecordRequest{SubmissionId: id, Reason: "a look"})
	a.refused("a relative's record", err, codes.PermissionDenied, "CONFLICT_OF_INTEREST")
	_, err = registryv1.NewRegistryServiceClient(a.hostile(relative)).GetCustomer(a.ctx, &registryv1.GetCustomerRequest{Crn: a.hidden.GetCrn()})
	if err == nil {
		a.Error("a relative's record is shown by the registry")
	}
}
