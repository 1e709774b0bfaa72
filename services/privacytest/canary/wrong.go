package canary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// web calls over HTTP: canaries in paths, queries, headers and bodies that
// cannot be translated.
func (s *stage) web(open *registryv1.Customer) {
	fresh := func(field string) string { return s.set.of(word, Bird{Owner: spar.ID}) + field }
	lodge := func(family string) string {
		return `{"submission":{"reference":"` + fresh("") + `","findMutualClient":{"name":{"familyName":` + family + `},"dateOfBirth":"1980-01-01"}}}`
	}
	authority, person := identity.DevelopmentToken(spar), identity.DevelopmentToken(olga)
	// What is no field of the contract is named in the answer to whoever sent it,
	// and nowhere else.
	for _, c := range []struct {
		method, path, token, body string
		named                     bool
	}{
		{http.MethodGet, "/v1/customers/" + open.GetCrn(), person, "", false},
		{http.MethodGet, "/v1/customers/" + open.GetCrn() + "/documents", authority, "", false},
		{http.MethodGet, "/v1/customers/" + s.set.of(number, Bird{}), person, "", false},
		{http.MethodGet, "/v1/submissions?crn=" + open.GetCrn() + "&page_token=" + fresh(""), authority, "", false},
		{http.MethodGet, "/v1/submissions?" + fresh("") + "=1", authority, "", true},
		{http.MethodGet, "/" + fresh("/") + fresh(""), authority, "", false},
		{http.MethodPost, "/" + fresh(".Service/") + fresh(""), authority, "{}", false},
		{http.MethodPost, "/v1/submissions", authority, lodge(`"` + fresh("") + `"`), false},
		{http.MethodPost, "/v1/submissions", authority, lodge(`["` + fresh("") + `"]`), false},
		{http.MethodPost, "/v1/submissions", authority, lodge(`{"` + fresh("") + `":1}`), true},
		{http.MethodPost, "/v1/submissions", authority, `{"` + fresh("") + `":"` + fresh(""), true},
		{http.MethodPost, "/v1/submissions", authority, "\xff" + fresh(""), false},
		{http.MethodPost, "/v1/submissions", fresh(""), lodge(`"` + fresh("") + `"`), false},
		{http.MethodPost, "/v1/queue:search", person, `{"crn":"` + open.GetCrn() + `","reference":"` + fresh("") + `","` + fresh("") + `":1}`, true},
	} {
		ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
		request, err := http.NewRequestWithContext(ctx, c.method, "http://"+s.hub.HTTP()+c.path, strings.NewReader(c.body))
		if err != nil {
			cancel()
			s.problem("request: %v", err)
			continue
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(c.token, "Bearer "))
		request.Header.Set("Tracestate", "vendor="+strings.ToLower(fresh("")))
		request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		request.Header.Set("Baggage", "who="+fresh(""))
		request.Header.Set("X-Forwarded-For", fresh(""))
		request.Header.Set("User-Agent", fresh(""))
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			body, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode >= http.StatusBadRequest && !c.named {
				if found := s.set.Find(body); len(found) > 0 {
					s.hit(fmt.Sprintf("an HTTP error (%s %.30s: %.200s)", c.method, c.path, body), found...)
				}
			}
		}
		cancel()
	}
}

// unknown calls a method there is not.
func (s *stage) unknown() {
	path := "/" + s.set.of(word, Bird{Owner: spar.ID}) + ".Service/" + s.set.of(word, Bird{Owner: spar.ID})
	if conn, err := s.hub.Conn(spar); err == nil { // its answer names what was called
		_ = conn.Invoke(s.ctx, path, &intakev1.SubmitRequest{}, &intakev1.SubmitResponse{})
		_ = conn.Close()
	}
}

// panicking breaks with what it was asked for.
type panicking struct {
	intakev1.UnimplementedIntakeServiceServer
}

func (panicking) Submit(_ context.Context, r *intakev1.SubmitRequest) (*intakev1.SubmitResponse, error) {
	panic("cannot take " + r.String())
}

func (panicking) GetSubmission(_ context.Context, r *intakev1.GetSubmissionRequest) (*intakev1.GetSubmissionResponse, error) {
	return nil, errors.New("read \"" + r.GetReference() + "\"")
}

// panics: a handler breaks, another has an error that nobody classified.
func (s *stage) panics() {
	tel, stop, err := telemetry.Start(s.ctx, "panicking", telemetry.Config{LogFormat: "text", LogLevel: "debug", SampleRatio: 1, Output: &s.log, Spans: s.spans})
	if err != nil {
		s.problem("telemetry: %v", err)
		return
	}
	defer func() { _ = stop(s.ctx) }()
	server, err := rpc.NewServer(rpc.Options{Name: "panicking", Telemetry: tel, Authenticator: identity.Development(), Table: identity.Table{
		intakev1.IntakeService_Submit_FullMethodName:        {Kinds: []identity.Kind{identity.Authority}},
		intakev1.IntakeService_GetSubmission_FullMethodName: {Kinds: []identity.Kind{identity.Authority}},
	}})
	if err != nil {
		s.problem("server: %v", err)
		return
	}
	intakev1.RegisterIntakeServiceServer(server, panicking{})
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, rpc.Listeners{}) }()
	defer func() { cancel(); <-ended }()
	conn, err := server.Dial(identity.With(s.ctx, spar))
	if err != nil {
		s.problem("connect: %v", err)
		return
	}
	defer conn.Close()
	client := intakev1.NewIntakeServiceClient(grpc.ClientConnInterface(&watched{conn, s, spar}))
	b := Bird{Owner: spar.ID}
	in := Plant(s.set, &intakev1.SubmitRequest{Submission: &intakev1.Submission{Content: &intakev1.Submission_VoluntaryReferral{
		VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: &intakev1.CustomerIdentity{}},
	}}}, b)
	if _, err := client.Submit(s.ctx, in); err == nil {
		s.problem("the handler did not panic")
	}
	if _, err := client.GetSubmission(s.ctx, Plant(s.set, &intakev1.GetSubmissionRequest{}, b)); err == nil {
		s.problem("the handler did not fail")
	}
}

// poison: events no consumer can act on.
func (s *stage) poison() {
	b, err := bus.Connect(s.ctx, bus.Config{URL: s.bus.URL(), Name: "poison"}, telemetry.Discard().Log)
	if err != nil {
		s.problem("poison: %v", err)
		return
	}
	defer b.Close()
	record := Plant(s.set, &registryv1.Customer{Name: &registryv1.Name{}}, Bird{}, "date_of_death")
	record.DateOfDeath = s.set.of(word, Bird{Field: "noticehub.registry.v1.Customer.date_of_death"})
	after, _ := proto.Marshal(record)
	changed := func(body []byte, version int64) *eventv1.Event {
		id := clock.NewID(time.Now())
		return &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.Now(), Body: &eventv1.Event_CircumstanceChanged{
			CircumstanceChanged: Plant(s.set, &eventv1.CircumstanceChanged{Crn: record.GetCrn(), RecordVersion: version, After: body}, Bird{}, "crn"),
		}}
	}
	lodged := func() *eventv1.Event {
		id := clock.NewID(time.Now())
		return &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.Now(), Body: &eventv1.Event_SubmissionLodged{
			SubmissionLodged: &eventv1.SubmissionLodged{SubmissionId: id[:], AuthorityId: spar.ID, LodgedAt: timestamppb.Now(), Submission: []byte(s.set.of(word, Bird{}))},
		}}
	}
	for stream, list := range map[string][]*eventv1.Event{
		subject.Customer: {changed(after, 1), changed([]byte(s.set.of(word, Bird{})), 2)}, subject.Lodged: {lodged()},
	} {
		data, _ := proto.Marshal(&eventv1.Packet{Events: list})
		for _, body := range [][]byte{data, []byte(s.set.of(word, Bird{}))} {
			_, err = b.Publish(s.ctx, []bus.Message{{ID: clock.NewID(time.Now()).String(), Subject: subject.Of(stream, 0), Data: body}})
			s.must("publish poison", err)
		}
	}
}
