package securedtest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/identity"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

const (
	searchSubmissions = "/noticehub.processing.v1.QueueService/SearchSubmissions"
	countQueue        = "/noticehub.processing.v1.QueueService/CountQueue"
	watchQueue        = "/noticehub.processing.v1.WorkloadService/WatchQueue"
	getCheckpoint     = "/noticehub.audit.v1.AuditService/GetCheckpoint"
	getHealth         = "/noticehub.operations.v1.OperationsService/GetHealth"
	contactOfficer    = "contact-officer.avery"
)

// The page knows the console's origin alone and gets from it what the services
// say to the person whose session it is; each does what that person's role allows.
func (w *world) pagesReachAllServices(t *testing.T) {
	b := w.signIn(t, contactOfficer)
	if status, text := b.call(searchSubmissions, `{"crn":"`+customer(0).GetCrn()+`"}`); status != http.StatusOK || !strings.Contains(text, `"submissions"`) {
		t.Errorf("searching: %d %s", status, text)
	}
	if status, text := b.call(searchSubmissions, `{"pageSize":100000}`); status != http.StatusBadRequest || !strings.Contains(text, `"invalid_argument"`) {
		t.Errorf("what the contract does not allow: %d %s", status, text)
	}
	// What another role may: refused here, and by the service if it came so far.
	if status, text := b.call(getCheckpoint, "{}"); status != http.StatusForbidden {
		t.Errorf("a contact officer reads the audit log: %d %s", status, text)
	} else if code, reason := reasonOf(t, text); code != "permission_denied" || reason != "METHOD_DENIED" {
		t.Errorf("%s %s", code, reason)
	}
	auditor := w.signIn(t, "auditor.harper")
	if status, text := auditor.call(getCheckpoint, "{}"); status != http.StatusOK {
		t.Errorf("an auditor reads the audit log: %d %s", status, text)
	}
	w.theReadIsOnRecord(t, auditor)
	// A cookie counts from the console's own pages only, on the way through, too.
	for name, headers := range map[string][]string{
		"another site": {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, "a sibling site": {"Sec-Fetch-Site", "same-site"}, "no origin": {"Origin", ""},
	} {
		if status, text := b.call(searchSubmissions, "{}", headers...); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	// At the service itself the cookie is nothing.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+w.settings["autoprocessing"]["http_listen"]+searchSubmissions, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"Content-Type", "application/json"}, {"Origin", b.origin}, {"Cookie", identity.SessionCookie + "=" + b.cookies[identity.SessionCookie]}} {
		r.Header.Set(pair[0], pair[1])
	}
	got, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Body.Close(); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie at autoprocessing: %s", got.Status)
	}
}

// theReadIsOnRecord says that the officer's search is, once, by the service, in the
// name of the officer and of the session.
func (w *world) theReadIsOnRecord(t *testing.T, auditor *browser) {
	t.Helper()
	var found struct {
		Entries []struct{ Service, Actor, Method, Session string }
	}
	w.until(t, "the search is on record", func() bool {
		status, text := auditor.call("/noticehub.audit.v1.AuditService/SearchEntries", `{"actor":"officer:`+contactOfficer+`","method":"`+strings.TrimPrefix(searchSubmissions, "/")+`"}`)
		if err := json.Unmarshal([]byte(text), &found); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s %v", status, text, err)
		}
		return len(found.Entries) > 0
	})
	if e := found.Entries[0]; len(found.Entries) != 1 || e.Service != "autoprocessing" || e.Method != strings.TrimPrefix(searchSubmissions, "/") || e.Session == "" {
		t.Errorf("on record: %+v", found.Entries)
	}
}

// Each method of the contract that people may call is answered by its service, on
// whatever there is to say: none is unknown there or here.
func (w *world) everyServiceIsReached(t *testing.T) {
	book, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	roles := map[string]string{
		"contact-officer": contactOfficer, "auditor": "auditor.harper", "supervisor": "supervisor.gray", "officer": "officer.blake",
		"administrator": "administrator.indigo", "restricted-access-officer": "restricted-access-officer.devon",
	}
	signed := map[string]*browser{}
	for i := range book.Rows {
		row := &book.Rows[i]
		d, _ := row.Descriptor()
		if len(row.Roles) == 0 || d.IsStreamingServer() || d.IsStreamingClient() || strings.HasPrefix(row.Service(), "noticehub.sandbox.") || seen[row.Service()] {
			continue
		}
		at := slices.IndexFunc(row.Roles, func(role string) bool { return roles[role] != "" })
		if at < 0 {
			continue
		}
		account := roles[row.Roles[at]]
		if signed[account] == nil {
			signed[account] = w.signIn(t, account)
		}
		status, text := signed[account].call(row.Method, "{}")
		if status != http.StatusOK && status != http.StatusBadRequest && status != http.StatusNotFound || strings.Contains(text, "unimplemented") {
			t.Errorf("%s for %s: %d %s", row.Method, account, status, text)
		}
		seen[row.Service()] = true
	}
	if len(seen) < 12 {
		t.Errorf("only %d services were called: %v", len(seen), seen)
	}
}

// Nobody but the console says for whom a call is.
func (w *world) statementsAreTheConsolesAlone(t *testing.T) {
	b := w.signIn(t, contactOfficer)
	intake := w.client(t, identity.Service, "intake")
	key, err := intake.Key()
	if err != nil {
		t.Fatal(err)
	}
	root := identity.Caller{Kind: identity.Person, ID: "auditor.harper", Roles: []string{"auditor", "administrator", "supervisor"}}
	forged, err := identity.SignPerson(key, root, getCheckpoint, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	// From outside the header changes nothing.
	for header, value := range map[string]string{
		identity.PersonHeader: forged, identity.CaseWorkerHeader: forged, "X-Forwarded-User": root.ID, "Forwarded": "for=127.0.0.1", "Noticehub-Roles": "auditor",
	} {
		if status, text := b.call(getCheckpoint, "{}", header, value); status != http.StatusForbidden {
			t.Errorf("with %s the officer is somebody else: %d %s", header, status, text)
		}
		if status, text := b.call(countQueue, "{}", header, value); status != http.StatusOK {
			t.Errorf("with %s the officer is nobody: %d %s", header, status, text)
		}
	}
	// At the service: by another certificate, or none.
	ask := func(kind identity.Kind, id, said string) error {
		ctx := metadata.AppendToOutgoingContext(t.Context(), identity.PersonHeader, said)
		_, err := processingv1.NewQueueServiceClient(w.dial(t, "autoprocessing", w.client(t, kind, id).Client, "")).CountQueue(ctx, &processingv1.CountQueueRequest{})
		return err
	}
	said, err := identity.SignPerson(key, root, countQueue, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []identity.Caller{{Kind: identity.Service, ID: "intake"}, {Kind: identity.Service, ID: "feeder"}, {Kind: identity.Authority, ID: "console"}, {Kind: identity.Service, ID: "console"}} {
		if err := ask(c.Kind, c.ID, said); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s with what intake signed: %v", c.Actor(), err)
		}
	}
	// The console's certificate alone is nobody in particular.
	_, err = processingv1.NewQueueServiceClient(w.dial(t, "autoprocessing", w.client(t, identity.Service, "console").Client, "")).CountQueue(t.Context(), &processingv1.CountQueueRequest{})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("the console for itself: %v", err)
	}
}

// A stream through the console tells what happens, and ends with the session.
func (w *world) streamsEndWithTheSession(t *testing.T) {
	b := w.signIn(t, contactOfficer)
	queue := b.stream(watchQueue, "{}")
	if first, ok := next(t, queue, 30*time.Second); !ok || first.last || !strings.Contains(first.text, `"counts"`) {
		t.Fatalf("the stream begins with %+v", first)
	}
	refused := w.signIn(t, "officer.blake").stream(watchQueue, "{}")
	if end, ok := next(t, refused, 30*time.Second); !ok || !end.last || !strings.Contains(end.text, "permission_denied") {
		t.Errorf("an officer watches the queue: %+v", end)
	}
	got := b.send(http.MethodPost, "/signout", nil, "Origin", b.origin, "Sec-Fetch-Site", "same-origin")
	_, _ = io.Copy(io.Discard, got.Body)
	if got.Body.Close(); got.StatusCode != http.StatusOK {
		t.Fatalf("signing out: %s", got.Status)
	}
	// The door asks every 15 s.
	for deadline := time.Now().Add(time.Minute); ; {
		e, ok := next(t, queue, time.Until(deadline))
		if !ok {
			t.Fatal("the stream goes on, or was cut without a word")
		}
		if e.last {
			if !strings.Contains(e.text, "unauthenticated") {
				t.Errorf("it ends with %s", e.text)
			}
			break
		}
	}
	w.until(t, "the stream ended at the service", func() bool {
		_, text, err := get(t, "http://"+w.settings["autoprocessing"]["ops_listen"]+"/metrics")
		return err == nil && strings.Contains(text, `noticehub_rpc_open{method="`+watchQueue+`"} 0`)
	})
	if status, text := b.call(countQueue, "{}"); status != http.StatusUnauthorized {
		t.Errorf("after signing out: %d %s", status, text)
	}
}

// Each process knows its own part; the console's tells all.
func (w *world) operationsArePutTogether(t *testing.T) {
	b := w.signIn(t, "supervisor.gray")
	var health struct {
		Services []struct{ Service, Health string }
	}
	_, text := b.call(getHealth, "{}")
	if err := json.Unmarshal([]byte(text), &health); err != nil || len(health.Services) != len(services) {
		t.Errorf("%s, %v", text, err)
	}
	for _, s := range health.Services {
		if !slices.Contains(services, s.Service) || s.Health == "HEALTH_BAD" {
			t.Errorf("%+v", s)
		}
	}
	const operations = "/noticehub.operations.v1.OperationsService/"
	if status, text := b.call(operations+"ListStuck", "{}"); status != http.StatusOK || !strings.Contains(text, `"autoprocessing"`) || !strings.Contains(text, `"intake"`) {
		t.Errorf("stuck: %d %s", status, text)
	}
	for _, body := range []string{"{}", `{"service":"registry"}`, `{"service":"console"}`, `{"pageSize":1}`} {
		if status, text := b.call(operations+"ListParked", body); status != http.StatusOK {
			t.Errorf("parked %s: %d %s", body, status, text)
		}
	}
	for _, body := range []string{`{"service":"nobody"}`, `{"consumer":"nobody"}`, `{"pageToken":"x"}`, `{"pageToken":"nobody/x"}`} {
		if status, text := b.call(operations+"ListParked", body); status != http.StatusBadRequest {
			t.Errorf("parked %s: %d %s", body, status, text)
		}
	}
	const redrive = `"consumer":"x","cause":"x","reason":"a test of the way"}`
	if status, text := b.call(operations+"RedriveParked", `{"service":"registry",`+redrive); status != http.StatusBadRequest || !strings.Contains(text, "consumer") {
		t.Errorf("redrive: %d %s", status, text)
	}
	if status, text := w.signIn(t, contactOfficer).call(operations+"RedriveParked", `{"service":"registry",`+redrive); status != http.StatusForbidden {
		t.Errorf("a contact officer drives again: %d %s", status, text)
	}
}

// What needs a service that is away says so; the rest works, and it works again
// when the service is back.
func (w *world) aServiceThatIsAwayIsUnavailable(t *testing.T) {
	b := w.signIn(t, "supervisor.gray")
	const catalogue = "/noticehub.workitem.v1.WorkItemService/ListCatalogue"
	if status, text := b.call(catalogue, "{}"); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	w.running["workitems"].stop(t)
	status, text := b.call(catalogue, "{}")
	if code, reason := reasonOf(t, text); status != http.StatusServiceUnavailable || code != "unavailable" || reason != "SERVICE_AWAY" || !strings.Contains(text, "workitems cannot be reached") {
		t.Errorf("%d %s", status, text)
	}
	if end, ok := next(t, b.stream("/noticehub.workitem.v1.WorkItemService/WatchWorkItems", "{}"), 30*time.Second); !ok || !end.last || !strings.Contains(end.text, `"unavailable"`) {
		t.Errorf("a stream: %+v", end)
	}
	if status, text := b.call(countQueue, "{}"); status != http.StatusOK {
		t.Errorf("another service: %d %s", status, text)
	}
	if status, text := b.call(getHealth, "{}"); status != http.StatusOK || !strings.Contains(text, "The service cannot be reached") {
		t.Errorf("health: %d %s", status, text)
	}
	if status, text := b.call("/noticehub.operations.v1.OperationsService/ListParked", "{}"); status != http.StatusServiceUnavailable {
		t.Errorf("parked of all: %d %s", status, text)
	}
	w.serve("workitems")
	w.ready(t, "workitems")
	w.until(t, "the service is reached again", func() bool { status, _ := b.call(catalogue, "{}"); return status == http.StatusOK })
}
