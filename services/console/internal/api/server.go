// Package api serves the contract of sessions and views: who the caller is, whose
// sessions live, who works here, and the filters people gave a name.
package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	"github.com/noticehub/noticehub/services/console/internal/guard"
	"github.com/noticehub/noticehub/services/console/internal/session"
	"github.com/noticehub/noticehub/services/console/internal/store"
	"github.com/noticehub/noticehub/services/internal/access"
)

// defaultPage is the page size when none is asked for.
const defaultPage = 50

// Deps are what the server works with; all are required.
type Deps struct {
	Store     *store.Store
	Guard     *guard.Guard
	Lifetimes session.Lifetimes
	// Clock of sessions, and the business clock of what people keep.
	Clock, Business clock.Clock
}

// Methods says who may call what.
func Methods() identity.Table {
	return access.Table(consolev1.SessionService_ServiceDesc.ServiceName, consolev1.ViewService_ServiceDesc.ServiceName)
}

// Server implements consolev1.SessionServiceServer and ViewServiceServer.
type Server struct {
	consolev1.UnimplementedSessionServiceServer
	consolev1.UnimplementedViewServiceServer
	Deps
	methods identity.Table
}

// New makes a server.
func New(d Deps) *Server { return &Server{Deps: d, methods: Methods()} }

var kinds = map[identity.Kind]consolev1.CallerKind{
	identity.Authority: consolev1.CallerKind_CALLER_KIND_AUTHORITY,
	identity.Person:    consolev1.CallerKind_CALLER_KIND_PERSON,
	identity.Service:   consolev1.CallerKind_CALLER_KIND_SERVICE,
}

// WhoAmI tells the caller who it is taken for.
func (s *Server) WhoAmI(ctx context.Context, _ *consolev1.WhoAmIRequest) (*consolev1.WhoAmIResponse, error) {
	c, ok := identity.From(ctx)
	if !ok {
		return nil, identity.Missing()
	}
	answer := &consolev1.WhoAmIResponse{Kind: kinds[c.Kind], Id: c.ID, Roles: c.Roles, CaseWorker: c.CaseWorker}
	// The name of a token's sign-in is no session of a browser, or not this person's.
	if id, err := clock.ParseID(c.Session); err == nil && c.Kind == identity.Person {
		x, lives, err := s.Store.ByID(ctx, id)
		if err != nil {
			return nil, err
		}
		if lives && x.Person == c.ID {
			answer.Session = s.wire(x)
		}
	}
	return answer, nil
}

// ListSessions returns a page of the living sessions.
func (s *Server) ListSessions(ctx context.Context, r *consolev1.ListSessionsRequest) (*consolev1.ListSessionsResponse, error) {
	size := int(r.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	var before clock.ID
	if r.GetPageToken() != "" {
		var err error
		if before, err = clock.ParseID(r.GetPageToken()); err != nil || before.IsZero() {
			return nil, fault.InvalidField("page_token", "it is not a token of this list")
		}
	}
	list, err := s.Store.List(ctx, r.GetPerson(), before, size+1)
	if err != nil {
		return nil, err
	}
	answer := &consolev1.ListSessionsResponse{}
	if len(list) > size {
		list = list[:size]
		answer.NextPageToken = list[size-1].ID.String()
	}
	for _, x := range list {
		answer.Sessions = append(answer.Sessions, s.wire(x))
	}
	return answer, nil
}

// EndSessions ends all sessions of a person.
func (s *Server) EndSessions(ctx context.Context, r *consolev1.EndSessionsRequest) (*consolev1.EndSessionsResponse, error) {
	ended, err := s.Store.EndAll(ctx, r.GetPerson())
	if err != nil {
		return nil, err
	}
	s.Guard.Forget(ended...)
	return &consolev1.EndSessionsResponse{Ended: int32(len(ended))}, nil
}

func (s *Server) wire(x session.Session) *consolev1.Session {
	return &consolev1.Session{
		SessionId: x.ID.String(), Person: x.Person, Roles: x.Roles,
		StartedAt: timestamppb.New(x.Started), UsedAt: timestamppb.New(x.Used), CheckedAt: timestamppb.New(x.Checked),
		IdleEndsAt: timestamppb.New(s.Lifetimes.IdleEnd(x)), EndsAt: timestamppb.New(s.Lifetimes.End(x)),
	}
}
