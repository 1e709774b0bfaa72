package securedtest

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/identity"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// The whole way, then everything that must not go, in one world: making it takes
// the longest, and the steps build on each other. Services are started on one
// thread and end with it.
func TestServicesApart(t *testing.T) {
	runtime.LockOSThread()
	w := start(t)
	w.load(t)
	t.Run("by certificate", w.lodgesByCertificate)
	t.Run("by token", w.lodgesByToken)
	t.Run("people", w.peopleSignIn)
	t.Run("the console's page", w.pagesReachAllServices)
	t.Run("everywhere", w.everyServiceIsReached)
	t.Run("forged statements", w.statementsAreTheConsolesAlone)
	t.Run("signed out", w.streamsEndWithTheSession)
	t.Run("operations of all", w.operationsArePutTogether)
	t.Run("a service away", w.aServiceThatIsAwayIsUnavailable)
	t.Run("lists of services", w.registryKnowsItsCallers)
	t.Run("development tokens", w.developmentTokensAreRefused)
	t.Run("plain text", w.plainTextIsRefused)
	t.Run("operations", w.operationsAreApart)
	t.Run("reflection", w.reflectionIsNotServed)
	t.Run("rotation", w.certificatesRotate)
	t.Run("password", w.passwordRotates)
	t.Run("secrets", w.secretsStaySecret)
	if said := w.bus.Said(); strings.Contains(said, "Violation") || strings.Contains(said, "authentication error") {
		t.Errorf("the bus refused somebody:\n%s", said)
	}
}

// load has the agency's feed fill the registry.
func (w *world) load(t *testing.T) {
	t.Helper()
	registry := registryv1.NewRegistryServiceClient(w.dial(t, "registry", w.client(t, identity.Service, "feeder").Client, ""))
	authorities, err := registry.ImportAuthorities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range synthetic.Authorities() {
		_ = authorities.Send(&registryv1.ImportAuthoritiesRequest{Authority: a}) // the answer says why not
	}
	if done, err := authorities.CloseAndRecv(); err != nil || done.GetWritten() != 4 {
		t.Fatalf("authorities: %v, %v", done, err)
	}
	customers, err := registry.ImportCustomers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		_ = customers.Send(&registryv1.ImportCustomersRequest{Customer: customer(n)})
	}
	if done, err := customers.CloseAndRecv(); err != nil || done.GetCreated() != 3 {
		t.Fatalf("customers: %v, %v", done, err)
	}
}

// customer n lives where the measure for people at risk has its area.
func customer(n int) *registryv1.Customer {
	return synthetic.At(synthetic.Person(1, n), "Katherine", eventv1.Jurisdiction_JURISDICTION_NT)
}

func disclosure(reference string, n int) *intakev1.Submission {
	c := customer(n)
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{
		Customer: &intakev1.CustomerIdentity{Crn: c.GetCrn(), FamilyName: c.GetName().GetFamilyName(), DateOfBirth: c.GetDateOfBirth()},
	}}}
}

// An authority lodges by its certificate; automatic processing asks the registry,
// and the outcome is on its way into the report.
func (w *world) lodgesByCertificate(t *testing.T) {
	certificate := w.client(t, identity.Authority, "nt-spar")
	intake := intakev1.NewIntakeServiceClient(w.dial(t, "intake", certificate.Client, ""))
	var answer *intakev1.SubmitResponse
	w.until(t, "intake knows the authority", func() (known bool) {
		var err error
		answer, err = intake.Submit(t.Context(), &intakev1.SubmitRequest{Submission: disclosure("by-certificate", 0), Wait: durationpb.New(8 * time.Second)})
		if err != nil && !strings.Contains(err.Error(), "does not know this authority") {
			t.Fatal(err)
		}
		return err == nil
	})
	if answer.GetDecision().GetOutcome() != eventv1.Outcome_OUTCOME_ELIGIBLE {
		t.Errorf("decided %v", answer)
	}
	reports := advicev1.NewReportServiceClient(w.dial(t, "adviceoutcome", certificate.Client, ""))
	w.until(t, "the outcome is recorded", func() bool {
		got, err := reports.ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{})
		return err == nil && len(got.GetOutcomes()) == 1
	})
}

// Another lodges by a token it got with its client credentials, by REST.
func (w *world) lodgesByToken(t *testing.T) {
	token := w.provider.authority(t, "nt-cp")
	const lodge = `{"submission":{"reference":"by-token","findMutualClient":{"name":{"familyName":"Nobody"},"dateOfBirth":"1980-01-01"}},"wait":"8s"}`
	var reply struct {
		Receipt  struct{ SubmissionID, Reference string }
		Decision struct{ Status string }
	}
	status, text := w.https(t, "intake", http.MethodPost, "/v1/submissions", token, lodge)
	if err := json.Unmarshal([]byte(text), &reply); err != nil || status != http.StatusOK || reply.Receipt.Reference != "by-token" || reply.Decision.Status == "" {
		t.Errorf("%d %s", status, text)
	}
	if status, text := w.https(t, "intake", http.MethodGet, "/v1/submissions/"+reply.Receipt.SubmissionID, w.provider.authority(t, "qld-cp"), ""); status != http.StatusNotFound {
		t.Errorf("another authority gets %d %s", status, text)
	}
	for name, bad := range map[string]string{"none": "", "altered": token[:len(token)-4] + "AAAA", "no token": "x"} {
		if status, text := w.https(t, "intake", http.MethodGet, "/v1/submissions", bad, ""); status != http.StatusUnauthorized {
			t.Errorf("token %s: %d %s", name, status, text)
		}
	}
}

// Officers come with tokens of the provider; the console begins their sign-in.
func (w *world) peopleSignIn(t *testing.T) {
	officer := w.provider.person(t, "officer.blake")
	if status, text := w.https(t, "registry", http.MethodGet, "/v1/customers/"+customer(0).GetCrn(), officer, ""); status != http.StatusOK {
		t.Errorf("an officer reads a record: %d %s", status, text)
	}
	if status, text := w.https(t, "audit", http.MethodGet, "/v1/audit/checkpoint", officer, ""); status != http.StatusForbidden {
		t.Errorf("an officer reads the audit log: %d %s", status, text)
	}
	if status, text := w.https(t, "audit", http.MethodGet, "/v1/audit/checkpoint", w.provider.person(t, "auditor.harper"), ""); status != http.StatusOK {
		t.Errorf("an auditor reads the audit log: %d %s", status, text)
	}
	if status, text := w.https(t, "workitems", http.MethodGet, "/v1/work-items:catalogue", officer, ""); status != http.StatusOK {
		t.Errorf("an officer reads the catalogue: %d %s", status, text)
	}
	if status, text := w.https(t, "autoprocessing", http.MethodGet, "/v1/queue:count", w.provider.person(t, "contact-officer.avery"), ""); status != http.StatusOK {
		t.Errorf("a contact officer counts the queue: %d %s", status, text)
	}
	if status, text := w.https(t, "console", http.MethodGet, "/v1/whoami", officer, ""); status != http.StatusOK || !strings.Contains(text, "officer.blake") {
		t.Errorf("who am I: %d %s", status, text)
	}
	if status, text := w.https(t, "console", http.MethodGet, "/signin", "", ""); status/100 != 3 {
		t.Errorf("the console's sign-in: %d %s", status, text)
	}
}
