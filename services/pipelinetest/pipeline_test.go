package pipelinetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
)

// From the call to the line in the report, over a restart in between.
func TestFromSubmitToReport(t *testing.T) {
	t.Parallel()
	dir := place(t)
	w := start(t, dir)
	w.seed(20)
	who := identityOf(w.person(3, "Katherine", eventv1.Jurisdiction_JURISDICTION_NT))
	answer, err := intakev1.NewIntakeServiceClient(w.authority("nt-spar")).Submit(t.Context(), &intakev1.SubmitRequest{
		Submission: &intakev1.Submission{Reference: "first", Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: who}}},
		Wait:       durationpb.New(8 * time.Second),
	})
	if err != nil || answer.GetDecision().GetOutcome() != eventv1.Outcome_OUTCOME_ELIGIBLE {
		t.Fatalf("decided %v, %v", answer, err)
	}
	w.stop()

	w = start(t, dir)
	again, err := intakev1.NewIntakeServiceClient(w.authority("nt-spar")).GetSubmission(t.Context(), &intakev1.GetSubmissionRequest{Reference: "first"})
	if err != nil || again.GetSubmission().GetReceipt().GetSubmissionId() != answer.GetReceipt().GetSubmissionId() {
		t.Fatalf("after a restart: %v, %v", again, err)
	}
	// The courier may have been stopped with the decision in its bag.
	reports := advicev1.NewReportServiceClient(w.authority("nt-spar"))
	w.until("the outcome is recorded", func() bool {
		got, err := reports.ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{})
		return err == nil && len(got.GetOutcomes()) == 1
	})
	if _, err := sandboxv1.NewClockServiceClient(w.administrator()).AdvanceClock(t.Context(), &sandboxv1.AdvanceClockRequest{By: durationpb.New(24 * 7 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	w.until("the report is sealed", func() bool {
		_, err := reports.GetReport(t.Context(), &advicev1.GetReportRequest{ReportDate: answer.GetReceipt().GetEarliestReportDate()})
		return err == nil
	})
	got, err := reports.DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: answer.GetReceipt().GetEarliestReportDate(), Format: advicev1.Format_FORMAT_CSV})
	if err != nil || !strings.Contains(string(got.GetContent()), answer.GetReceipt().GetSubmissionId()+",first,DISCLOSURE_OF_INFORMATION,"+who.GetCrn()+",ELIGIBLE,") {
		t.Errorf("report:\n%s%v", got.GetContent(), err)
	}
	other := advicev1.NewReportServiceClient(w.authority("nt-cp"))
	if got, err := other.DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: answer.GetReceipt().GetEarliestReportDate(), Format: advicev1.Format_FORMAT_CSV}); err == nil && strings.Contains(string(got.GetContent()), who.GetCrn()) {
		t.Error("another authority's report holds the line too")
	}
}

// The same services over REST and Connect, with the same errors.
func TestTheHTTPPort(t *testing.T) {
	t.Parallel()
	w := start(t, place(t))
	w.seed(3)
	post := func(path, body, token string, headers ...string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.hub.HTTP()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			request.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	lodge := `{"submission":{"reference":"rest-1","findMutualClient":{"name":{"familyName":"Nobody"},"dateOfBirth":"1980-01-01"}}}`
	for path, headers := range map[string][]string{"/v1/submissions": nil, "/noticehub.intake.v1.IntakeService/Submit": {"Connect-Protocol-Version: 1"}} {
		code, text := post(path, lodge, "dev.authority.frc", headers...)
		var reply struct {
			Receipt struct{ SubmissionID, Reference string }
		}
		if err := json.Unmarshal([]byte(text), &reply); code != http.StatusOK || err != nil || reply.Receipt.Reference != "rest-1" {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	bad := strings.ReplaceAll(lodge, "1980-01-01", "1980-02-30")
	if code, text := post("/v1/submissions", bad, "dev.authority.frc"); code != http.StatusBadRequest || !strings.Contains(text, "submission.find_mutual_client.date_of_birth") {
		t.Errorf("an impossible date: %d %s", code, text)
	}
	if code, _ := post("/v1/submissions", lodge, ""); code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", code)
	}
	if code, _ := post("/v1/queue:search", `{}`, "dev.authority.frc"); code != http.StatusForbidden {
		t.Errorf("an authority at the queue: %d", code)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		w.until(path+" answers", func() bool {
			answer, err := http.Get("http://" + w.hub.HTTP() + path)
			if err != nil {
				return false
			}
			answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		})
	}
}

// One trace id leads from the authority's call through outbox and bus to what
// automatic processing announces.
func TestOneTrace(t *testing.T) {
	t.Parallel()
	w := start(t, place(t))
	w.seed(3)
	db, err := pgx.Connect(t.Context(), w.hub.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	// Outbox rows go once they are delivered: a trigger keeps what they held.
	if _, err := db.Exec(t.Context(), `
		CREATE TABLE public.seen (service text, traceparent text);
		GRANT INSERT ON public.seen TO PUBLIC;
		CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
			BEGIN INSERT INTO public.seen VALUES (TG_TABLE_SCHEMA, NEW.traceparent); RETURN NEW; END $$;
		CREATE TRIGGER keep AFTER INSERT ON intake.outbox FOR EACH ROW EXECUTE FUNCTION public.keep();
		CREATE TRIGGER keep AFTER INSERT ON autoprocessing.outbox FOR EACH ROW EXECUTE FUNCTION public.keep();
		CREATE TRIGGER keep AFTER INSERT ON adviceoutcome.outbox FOR EACH ROW EXECUTE FUNCTION public.keep()`); err != nil {
		t.Fatal(err)
	}
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	who := identityOf(w.person(2, "Katherine", eventv1.Jurisdiction_JURISDICTION_NT))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", fmt.Sprintf("00-%s-b7ad6b7169203331-01", traceID))
	if _, err := intakev1.NewIntakeServiceClient(w.authority("nt-spar")).Submit(ctx, &intakev1.SubmitRequest{
		Submission: &intakev1.Submission{Reference: "traced", Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: who}}},
		Wait:       durationpb.New(8 * time.Second),
	}); err != nil {
		t.Fatal(err)
	}
	w.until("every service has written under the trace", func() bool {
		var n int
		err := db.QueryRow(t.Context(), `SELECT count(DISTINCT service) FROM public.seen WHERE traceparent LIKE $1`, "%"+traceID+"%").Scan(&n)
		return err == nil && n == 3
	})
}

// A search with an address goes through the registry as one without does.
func TestSearchWithAnAddress(t *testing.T) {
	t.Parallel()
	w := start(t, place(t))
	w.seed(5)
	p := w.person(4, "Katherine", eventv1.Jurisdiction_JURISDICTION_NT)
	answer, err := intakev1.NewIntakeServiceClient(w.authority("nt-cp")).Submit(t.Context(), &intakev1.SubmitRequest{
		Submission: &intakev1.Submission{Reference: "with-address", Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
			Name:        &intakev1.PersonName{FamilyName: p.GetName().GetFamilyName(), GivenName: p.GetName().GetGivenName()},
			DateOfBirth: p.GetDateOfBirth(), Address: &intakev1.Address{Locality: "Katherine", State: eventv1.Jurisdiction_JURISDICTION_NT},
		}}},
		Wait: durationpb.New(8 * time.Second),
	})
	if err != nil || answer.GetDecision().GetOutcome() != eventv1.Outcome_OUTCOME_MATCHED || answer.GetDecision().GetCrn() != p.GetCrn() {
		t.Errorf("decided %v, %v", answer.GetDecision(), err)
	}
}
