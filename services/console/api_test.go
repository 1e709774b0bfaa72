package console_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
)

// client serves the API and calls it as somebody.
func (w *world) client() func(identity.Caller) consolev1.SessionServiceClient {
	as := w.clients()
	return func(c identity.Caller) consolev1.SessionServiceClient { return as(c).SessionServiceClient }
}

func (w *world) clients() func(identity.Caller) people {
	w.t.Helper()
	server, err := rpc.NewServer(rpc.Options{Telemetry: telemetry.Discard(), Authenticator: identity.Development(), Table: w.service.Methods(), Name: "console"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.service.Register(server)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, rpc.Listeners{}) }()
	w.t.Cleanup(func() { cancel(); <-done })
	return func(c identity.Caller) people {
		conn, err := server.Dial(identity.With(ctx, c))
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { conn.Close() })
		return people{consolev1.NewSessionServiceClient(grpc.ClientConnInterface(conn)), consolev1.NewViewServiceClient(conn)}
	}
}

func TestAdministratorsSeeAndEndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	as := w.client()
	admin := as(identity.Caller{Kind: identity.Person, ID: "administrator.indigo", Roles: []string{"administrator"}})
	one, two, other := w.browser(), w.browser(), w.browser()
	for _, b := range []*browser{one, two} {
		b.signIn(avery)
		w.clock.Advance(time.Second)
	}
	other.signIn(gray)
	page, err := admin.ListSessions(t.Context(), &consolev1.ListSessionsRequest{PageSize: 2})
	if err != nil || len(page.GetSessions()) != 2 || page.GetSessions()[0].GetPerson() != gray || page.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", page, err)
	}
	rest, err := admin.ListSessions(t.Context(), &consolev1.ListSessionsRequest{PageSize: 2, PageToken: page.GetNextPageToken()})
	if err != nil || len(rest.GetSessions()) != 1 || rest.GetNextPageToken() != "" || rest.GetSessions()[0].GetEndsAt().AsTime().Before(w.clock.Now()) {
		t.Errorf("%v, %v", rest, err)
	}
	if mine, err := admin.ListSessions(t.Context(), &consolev1.ListSessionsRequest{Person: avery}); err != nil || len(mine.GetSessions()) != 2 {
		t.Errorf("%v, %v", mine, err)
	}
	if _, err := admin.ListSessions(t.Context(), &consolev1.ListSessionsRequest{PageToken: "x"}); fault.KindOf(rpc.Fault(err)) != fault.Invalid {
		t.Errorf("a made-up token: %v", err)
	}
	for _, b := range []*browser{one, two, other} {
		if _, err := w.who(b); err != nil {
			t.Fatal(err)
		}
	}
	ended, err := admin.EndSessions(t.Context(), &consolev1.EndSessionsRequest{Person: avery})
	if err != nil || ended.GetEnded() != 2 {
		t.Fatalf("%v, %v", ended, err)
	}
	for _, b := range []*browser{one, two} {
		_, err := w.who(b)
		over(t, "ended by an administrator", err)
	}
	if _, err := w.who(other); err != nil {
		t.Errorf("the other person: %v", err)
	}
	w.audited("officer:administrator.indigo session.ended-all done")
	w.audited("officer:administrator.indigo session.ended done ADMINISTRATOR")
	officer := as(identity.Caller{Kind: identity.Person, ID: gray, Roles: []string{"supervisor"}})
	if _, err := officer.EndSessions(t.Context(), &consolev1.EndSessionsRequest{Person: gray}); fault.KindOf(rpc.Fault(err)) != fault.Denied {
		t.Errorf("by a supervisor: %v", err)
	}
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	as := w.client()
	b := w.browser()
	b.signIn(avery)
	caller, err := w.who(b)
	if err != nil {
		t.Fatal(err)
	}
	me, err := as(caller).WhoAmI(t.Context(), &consolev1.WhoAmIRequest{})
	if err != nil || me.GetId() != avery || me.GetKind() != consolev1.CallerKind_CALLER_KIND_PERSON || !slices.Equal(me.GetRoles(), caller.Roles) || me.GetSession().GetSessionId() != caller.Session {
		t.Errorf("%v, %v", me, err)
	}
	caller.ID = gray // somebody else with that session's name
	if me, err := as(caller).WhoAmI(t.Context(), &consolev1.WhoAmIRequest{}); err != nil || me.GetSession() != nil {
		t.Errorf("another's session: %v, %v", me, err)
	}
	it, err := as(identity.Caller{Kind: identity.Authority, ID: "frc", CaseWorker: "jo"}).WhoAmI(t.Context(), &consolev1.WhoAmIRequest{})
	if err != nil || it.GetId() != "frc" || it.GetCaseWorker() != "jo" || it.GetSession() != nil {
		t.Errorf("%v, %v", it, err)
	}
}
