package pipelinetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// office is what an officer works with.
type office struct {
	*world
	items    workitemv1.WorkItemServiceClient
	registry registryv1.RegistryServiceClient
	register processingv1.RegisterServiceClient
	clock    sandboxv1.ClockServiceClient
}

func (w *world) office() *office {
	olive := w.dial(identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer"}})
	return &office{
		w, workitemv1.NewWorkItemServiceClient(olive), registryv1.NewRegistryServiceClient(olive),
		processingv1.NewRegisterServiceClient(olive), sandboxv1.NewClockServiceClient(w.administrator()),
	}
}

// commence lodges a child protection notice of three months for a customer and
// waits until the registry knows of it. It returns its last day.
func (o *office) commence(authority string, who *registryv1.Customer) calendar.Date {
	o.t.Helper()
	now, err := o.clock.ShowClock(o.t.Context(), &sandboxv1.ShowClockRequest{})
	if err != nil {
		o.t.Fatal(err)
	}
	o.lodge(authority, eventv1.Outcome_OUTCOME_COMMENCED, &intakev1.Submission{Reference: "commence-" + who.GetCrn(), Content: &intakev1.Submission_NoticeToCommence{
		NoticeToCommence: &intakev1.NoticeToCommence{Customer: identityOf(who), StartDate: now.GetToday(), DurationMonths: 3, QuarantinedPercent: 70},
	}})
	o.until("the registry knows of the notice", func() bool {
		got, err := o.registry.GetCustomer(o.t.Context(), &registryv1.GetCustomerRequest{Crn: who.GetCrn()})
		return err == nil && got.GetCustomer().GetRegisterMeasure() == eventv1.Measure_MEASURE_CPEIM
	})
	list, err := o.register.ListNotices(o.t.Context(), &processingv1.ListNoticesRequest{Crn: who.GetCrn()})
	if err != nil || len(list.GetNotices()) != 1 {
		o.t.Fatalf("notices %v, %v", list, err)
	}
	end, err := calendar.ParseDate(list.GetNotices()[0].GetEndDate())
	if err != nil {
		o.t.Fatal(err)
	}
	return end
}

func (o *office) lodge(authority string, want eventv1.Outcome, s *intakev1.Submission) {
	o.t.Helper()
	answer, err := intakev1.NewIntakeServiceClient(o.authority(authority)).Submit(o.t.Context(), &intakev1.SubmitRequest{Submission: s, Wait: durationpb.New(8 * time.Second)})
	if err != nil || answer.GetDecision().GetOutcome() != want {
		o.t.Fatalf("%s: decided %v, %v", s.GetReference(), answer.GetDecision(), err)
	}
}

// arises waits until exactly these codes have arisen for a customer, however
// they stand, and returns the item of the last one.
func (o *office) arises(crn string, codes ...string) *workitemv1.WorkItem {
	o.t.Helper()
	var list *workitemv1.ListCustomerWorkItemsResponse
	slices.Sort(codes[:len(codes)-1])
	last := codes[len(codes)-1]
	want := slices.Sorted(slices.Values(codes))
	o.until(fmt.Sprintf("%v arise", codes), func() bool {
		var err error
		list, err = o.items.ListCustomerWorkItems(o.t.Context(), &workitemv1.ListCustomerWorkItemsRequest{Crn: crn, IncludeClosed: true, PageSize: 200})
		var got []string
		for _, i := range list.GetWorkItems() {
			got = append(got, i.GetCode())
		}
		slices.Sort(got)
		return err == nil && slices.Equal(got, want)
	})
	at := slices.IndexFunc(list.GetWorkItems(), func(i *workitemv1.WorkItem) bool { return i.GetCode() == last })
	return list.GetWorkItems()[at]
}

func (o *office) moveTo(day calendar.Date) {
	o.t.Helper()
	if _, err := o.clock.AdvanceClock(o.t.Context(), &sandboxv1.AdvanceClockRequest{ToDate: day.String()}); err != nil {
		o.t.Fatal(err)
	}
}

// From a record of a feed to the work item, its completion and the document, and
// from there to the authority's report; then what notices and dates raise.
func TestFromCircumstancesToWorkItems(t *testing.T) {
	t.Parallel()
	w := start(t, place(t))
	w.seed(20)
	o := w.office()
	seen := w.traces()
	managed, revoked := w.person(7, "Katherine", eventv1.Jurisdiction_JURISDICTION_NT), w.person(8, "Cairns", eventv1.Jurisdiction_JURISDICTION_QLD)
	end := o.commence("nt-cp", managed)
	o.commence("qld-cp", revoked)

	// A feed tells of rent and address, under a trace of its own.
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	w.feed(metadata.AppendToOutgoingContext(t.Context(), "traceparent", fmt.Sprintf("00-%s-00f067aa0ba902b7-01", traceID)), &registryv1.FeedRecord{
		Feed: "housing", Reference: "1", Crn: managed.GetCrn(), Changes: []*registryv1.Change{
			{Change: &registryv1.Change_RentType{RentType: "PRIVATE_RENT"}},
			{Change: &registryv1.Change_PutAddress{PutAddress: &registryv1.Address{
				Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Example Street", Locality: "Alice Springs", State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0870",
			}}},
		},
	})
	item := o.arises(managed.GetCrn(), "I070Q1", "I211Q1")
	w.until("registry and workitems have written under the trace", func() bool { return seen(traceID, "registry") && seen(traceID, "workitems") })
	o.complete(item)

	// A notice to revoke with more than 28 days left.
	o.lodge("qld-cp", eventv1.Outcome_OUTCOME_REVOKED, &intakev1.Submission{Reference: "revoke", Content: &intakev1.Submission_NoticeToRevoke{
		NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: identityOf(revoked)},
	}})
	w.until("I291Q1 arises", func() bool {
		got, err := o.items.SearchWorkItems(t.Context(), &workitemv1.SearchWorkItemsRequest{Crn: revoked.GetCrn(), Codes: []string{"1291Q1"}})
		return err == nil && len(got.GetWorkItems()) == 1 && got.GetWorkItems()[0].GetCode() == "I291Q1"
	})

	line := o.waitingLine("nt-cp", managed.GetCrn())
	o.moveTo(end.Add(-36))
	o.inReport("nt-cp", line)
	o.arises(managed.GetCrn(), "I070Q1", "I211Q1") // 36 days before the end
	o.moveTo(end.Add(-35))
	ending := o.arises(managed.GetCrn(), "I070Q1", "I211Q1", "I289Q1")
	if ending.GetDueOn() != end.Add(-35).String() || ending.GetActionedBy() != workitemv1.ActionedBy_ACTIONED_BY_IMCO {
		t.Errorf("raised %v", ending)
	}
}

// feed sends one record, which happened now.
func (w *world) feed(ctx context.Context, r *registryv1.FeedRecord) {
	w.t.Helper()
	now, err := sandboxv1.NewClockServiceClient(w.administrator()).ShowClock(ctx, &sandboxv1.ShowClockRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	r.OccurredAt = timestamppb.New(now.GetNow().AsTime())
	stream, err := registryv1.NewCircumstanceServiceClient(w.dial(identity.Caller{Kind: identity.Service, ID: "feeder"})).FeedChanges(ctx)
	if err == nil {
		err = stream.Send(&registryv1.FeedChangesRequest{Record: r})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if answer, err := stream.CloseAndRecv(); err != nil || answer.GetApplied() != 1 {
		w.t.Fatalf("fed %v, %v", answer, err)
	}
}

// complete investigates an item and completes it, not without a note; the
// customer's record tells of it.
func (o *office) complete(item *workitemv1.WorkItem) {
	o.t.Helper()
	ctx := o.t.Context()
	started, err := o.items.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: item.GetWorkItemId(), Version: item.GetVersion()})
	if err != nil {
		o.t.Fatal(err)
	}
	request := &workitemv1.CompleteWorkItemRequest{WorkItemId: item.GetWorkItemId(), Version: started.GetWorkItem().GetVersion(), ActionId: clock.NewID(time.Now()).String()}
	if _, err := o.items.CompleteWorkItem(ctx, request); err == nil {
		o.t.Error("completed without a note")
	}
	request.Note = "The lease shows 410.00 a fortnight; the expense follows it."
	done, err := o.items.CompleteWorkItem(ctx, request)
	if err != nil || done.GetWorkItem().GetStatus() != workitemv1.WorkItemStatus_WORK_ITEM_STATUS_COMPLETED {
		o.t.Fatalf("completed %v, %v", done, err)
	}
	o.until("the document is on the record", func() bool {
		list, err := o.registry.ListDocuments(ctx, &registryv1.ListDocumentsRequest{Crn: item.GetCrn()})
		return err == nil && slices.ContainsFunc(list.GetDocuments(), func(d *registryv1.Document) bool {
			return d.GetOfficerId() == "olive" && strings.Contains(d.GetTitle(), item.GetCode()) && !strings.Contains(d.GetText(), "lease")
		})
	})
}

// waitingLine waits until a notification of changed circumstances waits for the
// authority's report.
func (o *office) waitingLine(authority, crn string) (line *advicev1.AdviceOutcome) {
	o.t.Helper()
	client := advicev1.NewReportServiceClient(o.authority(authority))
	o.until("the notification waits for its report", func() bool {
		list, err := client.ListAdviceOutcomes(o.t.Context(), &advicev1.ListAdviceOutcomesRequest{})
		for _, x := range list.GetOutcomes() {
			if x.GetInformationType() == eventv1.InformationType_INFORMATION_TYPE_CHANGE_OF_CIRCUMSTANCES && x.GetCrn() == crn {
				line = x
			}
		}
		return err == nil && line != nil
	})
	return line
}

// inReport finds a notification's line in the sealed report, which says what
// changed and not to what.
func (o *office) inReport(authority string, line *advicev1.AdviceOutcome) {
	o.t.Helper()
	client := advicev1.NewReportServiceClient(o.authority(authority))
	var got *advicev1.DownloadReportResponse
	o.until("the report is sealed", func() (sealed bool) {
		var err error
		got, err = client.DownloadReport(o.t.Context(), &advicev1.DownloadReportRequest{ReportDate: line.GetReportDate(), Format: advicev1.Format_FORMAT_CSV})
		return err == nil
	})
	text := string(got.GetContent())
	if !strings.Contains(text, ",CHANGE_OF_CIRCUMSTANCES,"+line.GetCrn()+",,") || !strings.Contains(text, "Changed circumstances: address") || strings.Contains(text, "Alice") {
		o.t.Errorf("report:\n%s", text)
	}
}

// traces keeps what outbox rows held, which go once they are delivered. It
// returns whether a service has written under a trace.
func (w *world) traces() func(traceID, service string) bool {
	w.t.Helper()
	db, err := pgx.Connect(w.t.Context(), w.hub.DatabaseURL())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close(context.Background()) })
	if _, err := db.Exec(w.t.Context(), `
		CREATE TABLE public.traced (service text, traceparent text);
		GRANT INSERT ON public.traced TO PUBLIC;
		CREATE FUNCTION public.keep_trace() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
			BEGIN INSERT INTO public.traced VALUES (TG_TABLE_SCHEMA, NEW.traceparent); RETURN NEW; END $$;
		CREATE TRIGGER keep_trace AFTER INSERT ON registry.outbox FOR EACH ROW EXECUTE FUNCTION public.keep_trace();
		CREATE TRIGGER keep_trace AFTER INSERT ON workitems.outbox FOR EACH ROW EXECUTE FUNCTION public.keep_trace()`); err != nil {
		w.t.Fatal(err)
	}
	return func(traceID, service string) bool {
		var n int
		err := db.QueryRow(w.t.Context(), `SELECT count(*) FROM public.traced WHERE service = $1 AND traceparent LIKE $2`, service, "%"+traceID+"%").Scan(&n)
		return err == nil && n > 0
	}
}
