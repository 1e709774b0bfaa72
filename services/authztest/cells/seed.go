package cells

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// The services, as prefixes of their methods.
const (
	registry      = "noticehub.registry.v1.RegistryService."
	circumstances = "noticehub.registry.v1.CircumstanceService."
	intake        = "noticehub.intake.v1.IntakeService."
	workItems     = "noticehub.workitem.v1.WorkItemService."
	reports       = "noticehub.advice.v1.ReportService."
	sandbox       = "noticehub.sandbox.v1.ClockService."
)

// firstPerson is the number of the first synthetic person the walk uses, away
// from those other uses take.
const firstPerson = 7_000_000

// Prepare brings in what is walked over. The first authority is a week older than
// the others, so that there are reports of days on which only it has one.
func Prepare(ctx context.Context, hub Hub) (*World, error) {
	if hub.Workers == 0 {
		hub.Workers = 24
	}
	w := &World{hub: &hub}
	function := func(f eventv1.BusinessFunction, j eventv1.Jurisdiction, id, word, locality string) {
		n := len(w.parts)
		p := &part{
			authority: &registryv1.Authority{AuthorityId: id, Name: "Authority of the walk (synthetic)", BusinessFunction: f, Jurisdiction: j, Enabled: true},
			word:      word, customer: synthetic.At(synthetic.Person(1, firstPerson+n), locality, j),
		}
		plant(p.customer, word)
		w.parts = append(w.parts, p)
	}
	const cp, spar, cape = eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.BusinessFunction_BUSINESS_FUNCTION_SUPPORTING_PEOPLE_AT_RISK, eventv1.BusinessFunction_BUSINESS_FUNCTION_CAPE_YORK
	const nt, qld = eventv1.Jurisdiction_JURISDICTION_NT, eventv1.Jurisdiction_JURISDICTION_QLD
	function(spar, nt, "cell-spar", "Kanarbravo", "Katherine")
	function(cp, nt, "cell-cpnt", "Kanaralpha", "Katherine")
	function(cp, qld, "cell-cpqd", "Kanarcharl", "Cairns")
	function(cape, qld, "cell-cape", "Kanardelta", "Aurukun")
	function(cp, qld, "cell-gone", "Kanarechos", "Cairns")
	w.hidden = synthetic.At(synthetic.Person(1, firstPerson+100), "Katherine", nt)
	plant(w.hidden, hiddenWord)
	w.hidden.Name.GivenName, w.hidden.RestrictedAccess = "Una", true // the searches for the record name it
	if err := w.customers(ctx); err != nil {
		return nil, err
	}
	for i, p := range w.parts {
		if err := w.lodge(ctx, p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.authority.GetAuthorityId(), err)
		}
		if i == 0 {
			if err := w.week(ctx); err != nil {
				return nil, err
			}
		}
	}
	if err := w.week(ctx); err != nil {
		return nil, err
	}
	for _, p := range w.parts {
		if err := w.records(ctx, p.customer.GetCrn(), p.word, &p.about); err != nil {
			return nil, err
		}
		if err := w.reportOf(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := w.records(ctx, w.hidden.GetCrn(), hiddenWord, &w.hiddenIDs); err != nil {
		return nil, err
	}
	for _, p := range w.parts {
		d, o, r := p.hidden.decided, p.hidden.open, p.hidden.reference
		p.hidden = w.hiddenIDs
		p.hidden.decided, p.hidden.open, p.hidden.reference, p.hidden.reportDate, p.hidden.authority = d, o, r, p.about.reportDate, p.about.authority
	}
	w.hiddenIDs = w.parts[0].hidden
	return w, w.disable(ctx, w.parts[len(w.parts)-1])
}

// plant puts the canary into a record.
func plant(c *registryv1.Customer, word string) {
	c.Name.GivenName, c.Addresses[0].Street = word+"given", "1 "+word+"street"
	c.Children = []*registryv1.Child{{GivenName: word + "child", DateOfBirth: "2019-05-05", FamilyTaxBenefit: true}}
	c.Payments = []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 80_000, FromDate: "2024-07-01"}}
	c.OtherMeasure, c.Office = eventv1.Measure_MEASURE_VEIM, "DRW"
	c.Account = &registryv1.IncomeManagementAccount{BalanceCents: 400_000} // more than a balance may be: raises an item
}

func (w *World) customers(ctx context.Context) error {
	for _, p := range append([]*part{{customer: w.hidden}}, w.parts...) {
		if _, err := do[*registryv1.ImportCustomersResponse](ctx, w, feeder, registry+"ImportCustomers", &registryv1.ImportCustomersRequest{Customer: p.customer}); err != nil {
			return err
		}
	}
	return nil
}

// lodge lets an authority begin and lodge.
func (w *World) lodge(ctx context.Context, p *part) error {
	if _, err := do[*registryv1.PutAuthorityResponse](ctx, w, admin, registry+"PutAuthority", &registryv1.PutAuthorityRequest{Authority: p.authority}); err != nil {
		return err
	}
	id := p.authority.GetAuthorityId()
	worker := p.word + "worker"
	who := &intakev1.CustomerIdentity{Crn: p.customer.GetCrn(), FamilyName: p.customer.GetName().GetFamilyName(), DateOfBirth: p.customer.GetDateOfBirth()}
	rest := &intakev1.CustomerIdentity{Crn: w.hidden.GetCrn(), FamilyName: w.hidden.GetName().GetFamilyName(), DateOfBirth: w.hidden.GetDateOfBirth()}
	look := func(reference, family, born string) *intakev1.Submission {
		return &intakev1.Submission{Reference: reference, CaseWorker: worker, Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
			Name: &intakev1.PersonName{FamilyName: family, GivenName: "Una"}, DateOfBirth: born,
		}}}
	}
	disclosure := func(reference string, who *intakev1.CustomerIdentity) *intakev1.Submission {
		return &intakev1.Submission{Reference: reference, CaseWorker: worker, Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: who}}}
	}
	p.about.authority, p.about.crn = id, p.customer.GetCrn()
	p.about.reference, p.hidden.reference = "dec-"+id[5:], "rst-"+id[5:]
	stranger := []byte(rest.GetFamilyName())
	for i := range stranger {
		stranger[i] = "Zq"[i%2]
	}
	for _, s := range []struct {
		into       *string
		submission *intakev1.Submission
		want       eventv1.SubmissionStatus
	}{
		{&p.about.decided, disclosure(p.about.reference, who), eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED},
		{&p.about.open, &intakev1.Submission{Reference: "opn-" + id[5:], CaseWorker: worker, Content: &intakev1.Submission_NoticeToRevoke{
			NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: who, Text: "asks again, " + p.word + "text"},
		}}, eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED},
		{&p.hidden.open, disclosure(p.hidden.reference, rest), eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED},
		{&p.lookHidden, look("lkh-"+id[5:], rest.GetFamilyName(), rest.GetDateOfBirth()), eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED},
		{&p.lookNobody, look("lkn-"+id[5:], string(stranger), "1931-03-17"), eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED},
	} {
		var reply *intakev1.SubmitResponse
		err := until(ctx, "the submission "+s.submission.GetReference()+" is decided", func() (ok bool, err error) {
			reply, err = do[*intakev1.SubmitResponse](ctx, w, p.caller(), intake+"Submit", &intakev1.SubmitRequest{Submission: s.submission, Wait: durationpb.New(5 * time.Second)})
			return err == nil && reply.GetDecision() != nil, err
		})
		if err != nil {
			return err
		}
		if got := reply.GetDecision().GetStatus(); got != s.want {
			return fmt.Errorf("%s is %s, not %s: %v", s.submission.GetReference(), got, s.want, reply.GetDecision().GetReasons())
		}
		*s.into = reply.GetReceipt().GetSubmissionId()
	}
	p.hidden.decided = p.hidden.open
	return nil
}

// week lets a week pass, day by day.
func (w *World) week(ctx context.Context) error {
	_, err := do[*sandboxv1.AdvanceClockResponse](ctx, w, admin, sandbox+"AdvanceClock", &sandboxv1.AdvanceClockRequest{By: durationpb.New(7 * 24 * time.Hour)})
	return err
}

// records make what officers and feeds leave about a customer.
func (w *World) records(ctx context.Context, crn, word string, into *ids) error {
	document, activity := clock.NewID(time.Now()).String(), clock.NewID(time.Now()).String()
	who := olive
	if word == hiddenWord {
		who = keyholder
		_, err := do[*registryv1.OpenRestrictedRecordResponse](ctx, w, who, circumstances+"OpenRestrictedRecord", &registryv1.OpenRestrictedRecordRequest{
			Crn: crn, ActionId: document, Reason: "The record is made ready for a walk",
		})
		if err != nil {
			return err
		}
	}
	_, err := do[*registryv1.PlaceDocumentResponse](ctx, w, who, circumstances+"PlaceDocument", &registryv1.PlaceDocumentRequest{Crn: crn, DocumentId: document, Title: "A contact", Text: word + "document"})
	if err != nil {
		return err
	}
	shown, err := do[*sandboxv1.ShowClockResponse](ctx, w, admin, sandbox+"ShowClock", &sandboxv1.ShowClockRequest{})
	if err != nil {
		return err
	}
	_, err = do[*workitemv1.CreateFollowUpResponse](ctx, w, who, workItems+"CreateFollowUp", &workitemv1.CreateFollowUpRequest{
		Crn: crn, ActivityId: activity, Title: word + "followup", Office: "DRW", MaturesOn: shown.GetNow().AsTime().Add(96 * time.Hour).Format(time.DateOnly),
	})
	if err != nil {
		return err
	}
	*into = ids{
		crn: crn, decided: into.decided, open: into.open, reference: into.reference, reportDate: into.reportDate, authority: into.authority,
		document: document, activity: activity,
	}
	record := &registryv1.FeedRecord{Feed: "cells", Reference: "about-" + crn, Crn: crn, OccurredAt: timestamppb.New(shown.GetNow().AsTime()), Changes: []*registryv1.Change{
		{Change: &registryv1.Change_PutName{PutName: &registryv1.Name{FamilyName: word + "married", GivenName: word}}},
		{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "no-such", On: shown.GetToday()}}},
	}}
	if _, err = do[*registryv1.FeedChangesResponse](ctx, w, feeder, circumstances+"FeedChanges", &registryv1.FeedChangesRequest{Record: record}); err != nil {
		return err
	}
	aside, err := do[*registryv1.ListQuarantinedResponse](ctx, w, inspection, circumstances+"ListQuarantined", &registryv1.ListQuarantinedRequest{Feed: "cells", Crn: crn})
	if err != nil || len(aside.GetRecords()) != 1 {
		return errors.Join(err, fmt.Errorf("%d records of %s are set aside, not 1", len(aside.GetRecords()), word))
	}
	into.quarantined = aside.GetRecords()[0].GetRecordId()
	return until(ctx, "a work item is raised", func() (bool, error) {
		items, err := do[*workitemv1.ListCustomerWorkItemsResponse](ctx, w, olive, workItems+"ListCustomerWorkItems", &workitemv1.ListCustomerWorkItemsRequest{Crn: crn})
		if err != nil || len(items.GetWorkItems()) == 0 {
			return false, err
		}
		into.workItem = items.GetWorkItems()[0].GetWorkItemId()
		return true, nil
	})
}

// reportOf waits for the authority's report with its outcome.
func (w *World) reportOf(ctx context.Context, p *part) error {
	return until(ctx, "the report is sealed", func() (bool, error) {
		outcomes, err := do[*advicev1.ListAdviceOutcomesResponse](ctx, w, p.caller(), reports+"ListAdviceOutcomes", &advicev1.ListAdviceOutcomesRequest{})
		if err != nil || len(outcomes.GetOutcomes()) == 0 {
			return false, err
		}
		p.about.reportDate = outcomes.GetOutcomes()[0].GetReportDate()
		_, err = do[*advicev1.GetReportResponse](ctx, w, p.caller(), reports+"GetReport", &advicev1.GetReportRequest{ReportDate: p.about.reportDate})
		return err == nil, err
	})
}

// disable ends an authority's right to lodge and waits until intake knows.
func (w *World) disable(ctx context.Context, p *part) error {
	gone := proto.CloneOf(p.authority)
	gone.Enabled = false
	if _, err := do[*registryv1.PutAuthorityResponse](ctx, w, admin, registry+"PutAuthority", &registryv1.PutAuthorityRequest{Authority: gone}); err != nil {
		return err
	}
	return until(ctx, "the authority may not lodge any more", func() (bool, error) {
		_, err := do[*intakev1.SubmitResponse](ctx, w, p.caller(), intake+"Submit", &intakev1.SubmitRequest{Submission: &intakev1.Submission{Reference: "late-1", Content: &intakev1.Submission_Disclosure{
			Disclosure: &intakev1.DisclosureRequest{Customer: &intakev1.CustomerIdentity{Crn: p.customer.GetCrn(), FamilyName: "Nobody", DateOfBirth: "1990-01-01"}},
		}}})
		return err != nil, nil
	})
}
