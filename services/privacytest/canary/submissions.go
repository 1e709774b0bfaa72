package canary

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// identified are the fields by which a customer is known: they keep the record's.
var identified = []string{"crn", "family_name", "given_name", "date_of_birth"}

// submissions: each kind is lodged, about the open and the restricted customer,
// decided by the machine or by officers, read by its authority and by another.
func (s *stage) submissions(open, restricted *registryv1.Customer) error {
	if err := s.until("the authorities are known", func() bool {
		_, err := intakev1.NewIntakeServiceClient(s.as(spar)).WithdrawSubmission(s.ctx, Plant(s.set, &intakev1.WithdrawSubmissionRequest{}, Bird{Owner: spar.ID}))
		return err == nil
	}); err != nil {
		return err
	}
	var all []string
	for _, c := range []*registryv1.Customer{open, restricted} {
		who := identityOf(c)
		for _, in := range []*intakev1.Submission{
			{Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: who}}},
			{Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
				Name: &intakev1.PersonName{FamilyName: c.GetName().GetFamilyName(), GivenName: c.GetName().GetGivenName()}, DateOfBirth: c.GetDateOfBirth(), Crn: c.GetCrn(),
			}}},
			{Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{Customer: who, StartDate: time.Now().AddDate(0, 0, 2).Format(time.DateOnly), DurationMonths: 12}}},
			{Content: &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: who}}},
			{Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: who}}},
		} {
			all = append(all, s.lodge(spar, in, identified...).GetReceipt().GetSubmissionId())
		}
	}
	nobody := &intakev1.FindMutualClient{Name: &intakev1.PersonName{}, Aliases: []*intakev1.PersonName{{}}, Address: &intakev1.Address{}}
	all = append(all, s.lodge(spar, &intakev1.Submission{Content: &intakev1.Submission_FindMutualClient{FindMutualClient: nobody}}).GetReceipt().GetSubmissionId())
	s.repeated(open)
	for _, who := range []identity.Caller{spar, other} {
		s.readBy(who, all, open.GetCrn())
	}
	for _, id := range all {
		s.queued(id, open.GetCrn())
	}
	s.lifted(all, restricted)
	return nil
}

// repeated: the same reference with other content, a stream, an early withdrawal.
func (s *stage) repeated(open *registryv1.Customer) {
	client := intakev1.NewIntakeServiceClient(s.as(spar))
	first := Plant(s.set, &intakev1.Submission{Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: identityOf(open)}}}, Bird{Owner: spar.ID}, identified...)
	stream, err := client.SubmitStream(s.ctx)
	s.must("open a stream", err)
	if err == nil {
		for range 2 {
			s.must("send", stream.Send(&intakev1.SubmitStreamRequest{Submission: first}))
			first.GetVoluntaryReferral().Text = s.set.of(word, Bird{Owner: spar.ID, Field: "noticehub.intake.v1.VoluntaryReferral.text"})
		}
		s.must("end a stream", stream.CloseSend())
		for err == nil {
			_, err = stream.Recv()
		}
	}
	_, err = client.Submit(s.ctx, &intakev1.SubmitRequest{Submission: first})
	if err == nil {
		s.problem("other content was taken under a reference")
	}
	_, err = client.WithdrawSubmission(s.ctx, Plant(s.set, &intakev1.WithdrawSubmissionRequest{Reference: first.GetReference(), Wait: durationpb.New(2 * time.Second)}, Bird{Owner: spar.ID}, "reference"))
	s.must("withdraw", err)
}

// readBy reads what may and may not be read.
func (s *stage) readBy(who identity.Caller, ids []string, crn string) {
	conn := s.as(who)
	intake, disclosures := intakev1.NewIntakeServiceClient(conn), processingv1.NewDisclosureServiceClient(conn)
	for _, id := range ids {
		_, _ = intake.GetSubmission(s.ctx, &intakev1.GetSubmissionRequest{SubmissionId: id})
		_, _ = disclosures.GetDisclosure(s.ctx, &processingv1.GetDisclosureRequest{SubmissionId: id})
	}
	list, err := intake.ListSubmissions(s.ctx, &intakev1.ListSubmissionsRequest{Crn: crn})
	s.must("list submissions", err)
	for _, v := range list.GetSubmissions() {
		_, _ = intake.GetSubmission(s.ctx, &intakev1.GetSubmissionRequest{Reference: v.GetReceipt().GetReference()})
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	watch, err := intake.WatchSubmissions(ctx, &intakev1.WatchSubmissionsRequest{})
	for err == nil {
		_, err = watch.Recv()
	}
}

// queued: officers act on what is left to them.
func (s *stage) queued(id, crn string) {
	for _, who := range []identity.Caller{olga, keeper, auditor} {
		_, _ = processingv1.NewQueueServiceClient(s.as(who)).GetSubmissionDetail(s.ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: id})
	}
	queue := processingv1.NewQueueServiceClient(s.as(olga))
	_, err := queue.SearchSubmissions(s.ctx, &processingv1.SearchSubmissionsRequest{Crn: crn})
	s.must("search", err)
	_, err = queue.SearchSubmissions(s.ctx, Plant(s.set, &processingv1.SearchSubmissionsRequest{}, Bird{}))
	s.must("search for nobody", err)
	_, err = processingv1.NewRegisterServiceClient(s.as(olga)).ListNotices(s.ctx, &processingv1.ListNoticesRequest{Crn: crn})
	s.must("list notices", err)
	detail, err := queue.GetSubmissionDetail(s.ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: id})
	s.must("detail", err)
	if detail.GetSummary().GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED {
		return
	}
	_, _ = queue.Assign(s.ctx, Plant(s.set, &processingv1.AssignRequest{SubmissionId: id, OfficerId: olga.ID}, Bird{}))
	_, _ = queue.Hold(s.ctx, Plant(s.set, &processingv1.HoldRequest{SubmissionId: id, Version: detail.GetSummary().GetVersion(), Until: time.Now().AddDate(0, 0, 3).Format(time.DateOnly)}, Bird{}))
	_, _ = queue.Hold(s.ctx, Plant(s.set, &processingv1.HoldRequest{SubmissionId: id, Version: detail.GetSummary().GetVersion()}, Bird{}))
	_, _ = queue.Claim(s.ctx, &processingv1.ClaimRequest{SubmissionId: id})
	_, err = queue.AddNote(s.ctx, Plant(s.set, &processingv1.AddNoteRequest{SubmissionId: id, ActionId: clock.NewID(time.Now()).String()}, Bird{}))
	s.must("note", err)
	for _, outcome := range detail.GetAllowedOutcomes() {
		if outcome == eventv1.Outcome_OUTCOME_MATCHED || outcome == eventv1.Outcome_OUTCOME_NOT_DISCLOSED {
			continue // the way to a restricted record is taken by lifted
		}
		_, _ = queue.RecordOutcome(s.ctx, Plant(s.set, &processingv1.RecordOutcomeRequest{ // refused: no declaration
			SubmissionId: id, Version: detail.GetSummary().GetVersion(), ActionId: clock.NewID(time.Now()).String(), Outcome: outcome,
		}, Bird{Owner: spar.ID}, "crn"))
		_, err = queue.RecordOutcome(s.ctx, Plant(s.set, &processingv1.RecordOutcomeRequest{
			SubmissionId: id, Version: detail.GetSummary().GetVersion(), ActionId: clock.NewID(time.Now()).String(), Outcome: outcome, Declaration: true,
		}, Bird{Owner: spar.ID}, "crn"))
		if err == nil {
			return
		}
	}
	if detail.GetSummary().GetInformationType() == eventv1.InformationType_INFORMATION_TYPE_VOLUNTARY_REFERRAL {
		_, err = queue.ReturnToAuthority(s.ctx, Plant(s.set, &processingv1.ReturnToAuthorityRequest{
			SubmissionId: id, Version: detail.GetSummary().GetVersion(), ActionId: clock.NewID(time.Now()).String(), Declaration: true,
		}, Bird{Owner: spar.ID}))
		s.must("return", err)
	}
}

// lifted: the way to a restricted record, there and back.
func (s *stage) lifted(ids []string, restricted *registryv1.Customer) {
	olga, keeper := processingv1.NewRestrictedAccessServiceClient(s.as(olga)), processingv1.NewRestrictedAccessServiceClient(s.as(keeper))
	done := false
	for _, id := range ids {
		action := func() string { return clock.NewID(time.Now()).String() }
		b := Bird{Secret: true}
		detail, err := processingv1.NewQueueServiceClient(s.as(auditor)).GetSubmissionDetail(s.ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: id})
		if err != nil || done {
			continue
		}
		contact, err := olga.RecordAuthorityContact(s.ctx, Plant(s.set, &processingv1.RecordAuthorityContactRequest{
			SubmissionId: id, Version: detail.GetSummary().GetVersion(), ActionId: action(), CustomerAware: true, RequestAssessment: true,
		}, Bird{}, "crn"))
		if err != nil {
			continue
		}
		lift, err := keeper.RecordRiskAssessment(s.ctx, Plant(s.set, &processingv1.RecordRiskAssessmentRequest{
			SubmissionId: id, CaseVersion: contact.GetCase().GetVersion(), ActionId: action(), Decision: processingv1.RiskDecision_RISK_DECISION_LIFT, Minutes: 5,
		}, b, "crn", "customer_contact"))
		if err != nil {
			s.problem("lift: %v", err)
			continue
		}
		view, err := keeper.ViewRestrictedRecord(s.ctx, Plant(s.set, &processingv1.ViewRestrictedRecordRequest{SubmissionId: id}, b, "crn"))
		if err != nil || view.GetCustomer().GetCrn() != restricted.GetCrn() {
			s.problem("view what is lifted (%v): %v", lift.GetCase().GetState(), err)
		}
		_, err = olga.ReinstateAccess(s.ctx, Plant(s.set, &processingv1.ReinstateAccessRequest{SubmissionId: id, ActionId: action()}, Bird{}))
		s.must("reinstate", err)
		_, err = olga.GetAccessCase(s.ctx, &processingv1.GetAccessCaseRequest{SubmissionId: id})
		s.must("case", err)
		done = true
	}
	if !done {
		s.problem("no access was ever lifted")
	}
}

// items: work items of the records are listed, investigated and completed.
func (s *stage) items(open, restricted *registryv1.Customer) error {
	client := workitemv1.NewWorkItemServiceClient(s.as(olga))
	if err := s.until("work items are raised", func() bool {
		page, err := client.SearchWorkItems(s.ctx, &workitemv1.SearchWorkItemsRequest{})
		return err == nil && len(page.GetWorkItems()) > 2
	}); err != nil {
		return err
	}
	for _, who := range []identity.Caller{olga, keeper, auditor} {
		client := workitemv1.NewWorkItemServiceClient(s.as(who))
		for _, c := range []*registryv1.Customer{open, restricted} {
			activity := clock.NewID(time.Now()).String()
			b := Bird{Secret: c.GetRestrictedAccess() && who.ID == keeper.ID}
			_, _ = client.CreateFollowUp(s.ctx, Plant(s.set, &workitemv1.CreateFollowUpRequest{Crn: c.GetCrn(), ActivityId: activity, MaturesOn: time.Now().AddDate(0, 1, 0).Format(time.DateOnly)}, b, "crn"))
			_, _ = client.ListActivities(s.ctx, &workitemv1.ListActivitiesRequest{Crn: c.GetCrn()})
			_, _ = client.CompleteFollowUp(s.ctx, Plant(s.set, &workitemv1.CompleteFollowUpRequest{ActivityId: activity, Note: "x"}, b))
			page, err := client.ListCustomerWorkItems(s.ctx, &workitemv1.ListCustomerWorkItemsRequest{Crn: c.GetCrn()})
			s.must("list work items", err)
			for _, w := range page.GetWorkItems() {
				_, err := client.GetWorkItem(s.ctx, &workitemv1.GetWorkItemRequest{WorkItemId: w.GetWorkItemId()})
				s.must("read a work item", err)
				_, _ = client.StartInvestigation(s.ctx, &workitemv1.StartInvestigationRequest{WorkItemId: w.GetWorkItemId(), Version: w.GetVersion()})
				note := "What was done is " + s.set.of(word, Bird{Secret: b.Secret, Field: "noticehub.workitem.v1.CompleteWorkItemRequest.note"})
				_, _ = client.CompleteWorkItem(s.ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: w.GetWorkItemId(), Version: w.GetVersion() + 1, ActionId: clock.NewID(time.Now()).String(), Note: note})
			}
		}
	}
	return nil
}
