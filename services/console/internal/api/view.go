package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	"github.com/noticehub/noticehub/services/console/internal/view"
)

// supervisor is the role that looks after what others share.
const supervisor = "supervisor"

// looker is the person who calls, as the rules of views know them.
func (s *Server) looker(ctx context.Context) (view.Person, error) {
	c, ok := identity.From(ctx)
	switch {
	case !ok:
		return view.Person{}, identity.Missing()
	case c.Kind != identity.Person:
		return view.Person{}, fault.New(fault.Denied, "PERSON_REQUIRED", "only people have views")
	}
	return view.Person{
		ID: c.ID, Supervises: c.Has(supervisor),
		Keeps: s.methods.Check(consolev1.ViewService_PutView_FullMethodName, c) == nil,
	}, nil
}

// ListViews returns the caller's views of a screen and those others share.
func (s *Server) ListViews(ctx context.Context, r *consolev1.ListViewsRequest) (*consolev1.ListViewsResponse, error) {
	p, err := s.looker(ctx)
	if err != nil {
		return nil, err
	}
	views, err := s.Store.Views(ctx, p.ID, view.Screen(r.GetScreen()))
	if err != nil {
		return nil, err
	}
	answer := &consolev1.ListViewsResponse{}
	for _, v := range views {
		answer.Views = append(answer.Views, wireView(v, p))
	}
	return answer, nil
}

// PutView keeps a new or a changed view.
func (s *Server) PutView(ctx context.Context, r *consolev1.PutViewRequest) (*consolev1.PutViewResponse, error) {
	p, err := s.looker(ctx)
	if err != nil {
		return nil, err
	}
	id, err := viewID(r.GetViewId())
	if err != nil {
		return nil, err
	}
	asked := view.View{ID: id, Screen: view.Screen(r.GetScreen()), Query: r.GetQuery(), Shared: r.GetShared()}
	if asked.Name, err = view.Name(r.GetName()); err != nil {
		return nil, err
	}
	if err := view.Query(asked.Screen, asked.Query); err != nil {
		return nil, err
	}
	kept, err := s.Store.PutView(ctx, p.ID, id, func(before *view.View) (view.View, bool, error) {
		return p.Put(before, asked, int(r.GetVersion()), s.Business.Now().UTC().Truncate(time.Microsecond))
	})
	if err != nil {
		return nil, err
	}
	return &consolev1.PutViewResponse{View: wireView(kept, p)}, nil
}

// DeleteView deletes a view.
func (s *Server) DeleteView(ctx context.Context, r *consolev1.DeleteViewRequest) (*consolev1.DeleteViewResponse, error) {
	p, err := s.looker(ctx)
	if err != nil {
		return nil, err
	}
	id, err := viewID(r.GetViewId())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteView(ctx, id, p.Delete); err != nil {
		return nil, err
	}
	return &consolev1.DeleteViewResponse{}, nil
}

func viewID(text string) (clock.ID, error) {
	id, err := clock.ParseID(text)
	if err != nil || id.IsZero() {
		return id, fault.InvalidField("view_id", "it is not a UUID")
	}
	return id, nil
}

func wireView(v view.View, p view.Person) *consolev1.View {
	return &consolev1.View{
		ViewId: v.ID.String(), Screen: consolev1.Screen(v.Screen), Name: v.Name, Query: v.Query, Shared: v.Shared, Owner: v.Owner,
		Version: int32(v.Version), ChangedAt: timestamppb.New(v.ChangedAt), Editable: p.May(v),
	}
}
