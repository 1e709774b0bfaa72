package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/customer"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// PutSchoolMealsProvider creates or replaces a provider. The records of customers
// whose expenses name it follow after the commit.
func (s *Server) PutSchoolMealsProvider(ctx context.Context, req *registryv1.PutSchoolMealsProviderRequest) (*registryv1.PutSchoolMealsProviderResponse, error) {
	in := req.GetProvider()
	var r customer.Record
	r.Amount("fee_cents", in.GetFeeCents())
	r.Day("ends_on", in.GetEndsOn())
	if err := customer.CheckParts("provider", r, s.today()); err != nil {
		return nil, err
	}
	next := store.Provider{ID: in.GetProviderId(), Name: in.GetName(), FeeCents: in.GetFeeCents()}
	if ends, err := calendar.ParseDate(in.GetEndsOn()); err == nil {
		next.EndsOn = &ends
	}
	if next.ID == "" {
		return nil, fault.InvalidField("provider.provider_id", "must be given")
	}
	written := false
	err := s.Store.InTx(ctx, func(tx pgx.Tx) error {
		current, exists, err := s.Store.LockProvider(ctx, tx, next.ID)
		if err != nil {
			return err
		}
		next.Version = current.Version
		if written = !exists || !current.Same(next); !written {
			return nil
		}
		next.Version++
		return s.Store.WriteProvider(ctx, tx, next)
	})
	if err != nil {
		return nil, err
	}
	if written {
		s.FollowOn()
	}
	return &registryv1.PutSchoolMealsProviderResponse{Provider: providerOf(next)}, nil
}

// ListSchoolMealsProviders returns all providers by id.
func (s *Server) ListSchoolMealsProviders(ctx context.Context, _ *registryv1.ListSchoolMealsProvidersRequest) (*registryv1.ListSchoolMealsProvidersResponse, error) {
	found, err := s.Store.Providers(ctx)
	if err != nil {
		return nil, err
	}
	list := &registryv1.ListSchoolMealsProvidersResponse{}
	for _, p := range found {
		list.Providers = append(list.Providers, providerOf(p))
	}
	return list, nil
}

func providerOf(p store.Provider) *registryv1.SchoolMealsProvider {
	out := &registryv1.SchoolMealsProvider{ProviderId: p.ID, Name: p.Name, FeeCents: p.FeeCents, RecordVersion: p.Version}
	if p.EndsOn != nil {
		out.EndsOn = p.EndsOn.String()
	}
	return out
}
