package api

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

// ListPeople returns to whom work can be given.
func (s *Server) ListPeople(ctx context.Context, r *consolev1.ListPeopleRequest) (*consolev1.ListPeopleResponse, error) {
	for i, role := range r.GetRoles() {
		if len(session.Known([]string{role})) == 0 {
			return nil, fault.InvalidField(fmt.Sprintf("roles[%d]", i), "there is no role %q", role)
		}
	}
	people, err := s.Store.People(ctx, r.GetRoles(), s.Lifetimes, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	answer := &consolev1.ListPeopleResponse{}
	for _, p := range people {
		answer.People = append(answer.People, &consolev1.Person{Person: p.ID, Roles: p.Roles, SignedInAt: timestamppb.New(p.SignedIn), Present: p.Present})
	}
	return answer, nil
}
