package canary

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// Who plays. Nobody but the keeper may open restricted records.
var (
	spar    = identity.Caller{Kind: identity.Authority, ID: "nt-spar"}
	other   = identity.Caller{Kind: identity.Authority, ID: "nt-cp"}
	feeder  = identity.Caller{Kind: identity.Service, ID: "feeder"}
	root    = identity.Caller{Kind: identity.Person, ID: "root", Roles: []string{"administrator"}}
	olga    = identity.Caller{Kind: identity.Person, ID: "olga", Roles: []string{"contact-officer", "officer", "impact-officer", "supervisor"}}
	keeper  = identity.Caller{Kind: identity.Person, ID: "rao", Roles: []string{"restricted-access-officer", "officer"}}
	auditor = identity.Caller{Kind: identity.Person, ID: "aud", Roles: []string{"auditor"}}
)

// play lets the hub work with canaries.
func (s *stage) play() error {
	open, restricted := s.person(false), s.person(true)
	for _, act := range []func(open, restricted *registryv1.Customer) error{
		s.records, s.feeds, s.submissions, s.items, s.reports, s.audited,
	} {
		if err := act(open, restricted); err != nil {
			return err
		}
	}
	s.everything()
	s.web(open)
	s.unknown()
	s.panics()
	s.poison()
	return s.quiet()
}

// records: customers arrive, are read and changed.
func (s *stage) records(open, restricted *registryv1.Customer) error {
	authorities := registryv1.NewRegistryServiceClient(s.as(root))
	for _, a := range synthetic.Authorities() {
		if _, err := authorities.PutAuthority(s.ctx, &registryv1.PutAuthorityRequest{Authority: a}); err != nil {
			return fmt.Errorf("authority: %w", err)
		}
	}
	stream, err := registryv1.NewRegistryServiceClient(s.as(feeder)).ImportCustomers(s.ctx)
	for _, c := range []*registryv1.Customer{open, restricted} {
		if err == nil {
			err = stream.Send(&registryv1.ImportCustomersRequest{Customer: c})
		}
	}
	if err != nil {
		return err
	}
	imported, err := stream.CloseAndRecv()
	if err != nil || imported.GetCreated() != 2 {
		return fmt.Errorf("import: %v, %w", imported, err)
	}
	records, circumstances := registryv1.NewRegistryServiceClient(s.as(olga)), registryv1.NewCircumstanceServiceClient(s.as(olga))
	put, err := records.PutCustomer(s.ctx, &registryv1.PutCustomerRequest{Customer: s.person(false)})
	s.must("put a customer", err)
	_, err = records.PutCustomer(s.ctx, &registryv1.PutCustomerRequest{Customer: put.GetCustomer(), ExpectedVersion: 7}) // a conflict
	if err == nil {
		s.problem("a customer was put over a version that is not")
	}
	_, err = circumstances.ChangeCustomer(s.ctx, Plant(s.set, &registryv1.ChangeCustomerRequest{
		Crn: put.GetCustomer().GetCrn(), ExpectedVersion: put.GetCustomer().GetRecordVersion(), Changes: s.changes(Bird{}),
	}, Bird{}, "crn", "changes"))
	s.must("change a customer", err)
	_, err = registryv1.NewCircumstanceServiceClient(s.as(keeper)).OpenRestrictedRecord(s.ctx, Plant(s.set, &registryv1.OpenRestrictedRecordRequest{
		Crn: restricted.GetCrn(), ActionId: clock.NewID(time.Now()).String(),
		Reason: "What it is for is " + s.set.of(word, Bird{Secret: true, Field: "noticehub.registry.v1.OpenRestrictedRecordRequest.reason"}),
	}, Bird{Secret: true}, "crn", "reason"))
	s.must("open a restricted record", err)
	for _, c := range []*registryv1.Customer{open, restricted} {
		b := Bird{Secret: c.GetRestrictedAccess()}
		_, err := registryv1.NewCircumstanceServiceClient(s.as(keeper)).ChangeCustomer(s.ctx, Plant(s.set, &registryv1.ChangeCustomerRequest{
			Crn: c.GetCrn(), ExpectedVersion: 1, Changes: s.itemsOf(b),
		}, b, "crn", "changes"))
		s.must("change what raises work items", err)
		for _, who := range []identity.Caller{olga, keeper, auditor} {
			records, circumstances := registryv1.NewRegistryServiceClient(s.as(who)), registryv1.NewCircumstanceServiceClient(s.as(who))
			_, _ = circumstances.PlaceDocument(s.ctx, Plant(s.set, &registryv1.PlaceDocumentRequest{
				Crn: c.GetCrn(), DocumentId: clock.NewID(time.Now()).String(),
			}, Bird{Secret: c.GetRestrictedAccess()}, "crn"))
			_, err := records.GetCustomer(s.ctx, &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
			if refused := err != nil; refused != (c.GetRestrictedAccess() && who.ID != keeper.ID) {
				s.problem("%s reads a record: %v", who.ID, err)
			}
			_, _ = circumstances.ListCustomerVersions(s.ctx, &registryv1.ListCustomerVersionsRequest{Crn: c.GetCrn()})
			_, _ = records.ListDocuments(s.ctx, &registryv1.ListDocumentsRequest{Crn: c.GetCrn()})
			_, _ = records.PutCustomer(s.ctx, &registryv1.PutCustomerRequest{Customer: c})
		}
	}
	return nil
}

// feeds: records are applied, repeated, changed under their reference and set aside.
func (s *stage) feeds(open, restricted *registryv1.Customer) error {
	record := func(keep bool, crn string, changes ...*registryv1.Change) *registryv1.FeedRecord {
		names := []string{"changes"}
		if keep {
			names = append(names, "crn")
		}
		return Plant(s.set, &registryv1.FeedRecord{
			Feed: "payments", Crn: crn, OccurredAt: timestamppb.New(time.Now().Add(-time.Hour)), Changes: changes,
		}, Bird{}, names...) // the reference is the feed's, which is repaired by it
	}
	ceases := func(secret bool) *registryv1.Change {
		return Plant(s.set, &registryv1.Change{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{}}}, Bird{Secret: secret})
	}
	applied := record(true, open.GetCrn(), s.changes(Bird{})[0])
	again := record(true, open.GetCrn(), s.changes(Bird{})[1])
	again.Reference = applied.GetReference()
	stream, err := registryv1.NewCircumstanceServiceClient(s.as(feeder)).FeedChanges(s.ctx)
	for _, r := range []*registryv1.FeedRecord{
		applied, applied, again, record(false, "", s.changes(Bird{})[2]), record(true, open.GetCrn(), ceases(false)), record(true, restricted.GetCrn(), ceases(true)),
	} {
		if err == nil {
			err = stream.Send(&registryv1.FeedChangesRequest{Record: r})
		}
	}
	if err != nil {
		return err
	}
	fed, err := stream.CloseAndRecv()
	if err != nil || fed.GetApplied() != 1 || fed.GetRepeatedRecords() != 1 || fed.GetQuarantined() != 3 || fed.GetRefused() != 1 {
		s.problem("a feed: %v, %v", fed, err)
	}
	for _, who := range []identity.Caller{olga, root, feeder} {
		circumstances := registryv1.NewCircumstanceServiceClient(s.as(who))
		_, err := circumstances.ListQuarantined(s.ctx, &registryv1.ListQuarantinedRequest{})
		s.must("list what was set aside", err)
		_, err = circumstances.RedriveQuarantined(s.ctx, &registryv1.RedriveQuarantinedRequest{})
		s.must("try again what was set aside", err)
	}
	return nil
}

// reports: the day ends and reports are fetched, also by those they are not for.
func (s *stage) reports(_, _ *registryv1.Customer) error {
	shown, err := sandboxv1.NewClockServiceClient(s.as(root)).ShowClock(s.ctx, &sandboxv1.ShowClockRequest{})
	if err == nil {
		_, err = sandboxv1.NewClockServiceClient(s.as(root)).AdvanceClock(s.ctx, &sandboxv1.AdvanceClockRequest{By: durationpb.New(8 * 24 * time.Hour)})
	}
	if err != nil {
		return fmt.Errorf("clock: %v, %w", shown, err)
	}
	mine := advicev1.NewReportServiceClient(s.as(spar))
	var day string
	err = s.until("a report with lines is sealed", func() bool {
		list, err := mine.ListReports(s.ctx, &advicev1.ListReportsRequest{})
		for _, r := range list.GetReports() {
			if r.GetLines() > 0 {
				day = r.GetReportDate()
			}
		}
		return err == nil && day != ""
	})
	if err != nil {
		return err
	}
	for _, who := range []identity.Caller{spar, other, olga, auditor} {
		c := advicev1.NewReportServiceClient(s.as(who))
		for _, f := range []advicev1.Format{advicev1.Format_FORMAT_CSV, advicev1.Format_FORMAT_JSON} {
			_, _ = c.DownloadReport(s.ctx, &advicev1.DownloadReportRequest{ReportDate: day, Format: f})
		}
		_, _ = c.ListAdviceOutcomes(s.ctx, &advicev1.ListAdviceOutcomesRequest{})
		_, _ = c.GetReport(s.ctx, &advicev1.GetReportRequest{ReportDate: day})
	}
	return nil
}

// audited: the audit log is read.
func (s *stage) audited(open, _ *registryv1.Customer) error {
	log := auditv1.NewAuditServiceClient(s.as(auditor))
	for _, r := range []*auditv1.SearchEntriesRequest{{Action: "customer.changed"}, {Crn: open.GetCrn()}} {
		_, err := log.SearchEntries(s.ctx, r)
		s.must("search the audit log", err)
	}
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	stream, err := log.ExportEntries(ctx, &auditv1.ExportEntriesRequest{})
	for err == nil {
		_, err = stream.Recv()
	}
	return nil
}

// lodge submits with canaries in what is not given, and waits for the decision.
func (s *stage) lodge(who identity.Caller, in *intakev1.Submission, keep ...string) *intakev1.SubmitResponse {
	in.Reference = ""
	Plant(s.set, in, Bird{Owner: who.ID}, keep...)
	got, err := intakev1.NewIntakeServiceClient(s.as(who)).Submit(s.ctx, &intakev1.SubmitRequest{Submission: in, Wait: durationpb.New(8 * time.Second)})
	s.must("submit "+fmt.Sprintf("%T", in.GetContent()), err)
	return got
}
