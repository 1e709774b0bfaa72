package api

import (
	"context"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// listed is whose open cases an officer is told of, "" for everybody's: contact
// officers see their own.
func listed(o identity.Caller) string {
	if o.Has(RestrictedOfficer) || o.Has(Supervisor) || o.Has(Auditor) {
		return ""
	}
	return o.ID
}

// Run reads what is watched until ctx ends.
func (s *Restricted) Run(ctx context.Context) error { return s.watched.Run(ctx) }

// read reads the signs of all lists that anybody watches, in one go.
func (s *Restricted) read(ctx context.Context, requesters []string) (map[string]store.AccessSign, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	return store.AccessSigns(ctx, s.q.p.Pool, requesters)
}

// WatchAccessCases tells how many cases the caller's list has and a sign of how
// they stand, at once and whenever it changes.
func (s *Restricted) WatchAccessCases(_ *processingv1.WatchAccessCasesRequest, stream grpc.ServerStreamingServer[processingv1.WatchAccessCasesResponse]) error {
	ctx := stream.Context()
	officer, err := officerOf(ctx)
	if err != nil {
		return err
	}
	key := listed(officer)
	w := s.watched.Watch(key)
	defer w.Close()
	for {
		news, err := w.Next(ctx)
		if err != nil {
			return err
		}
		now := news[key]
		if err := stream.Send(&processingv1.WatchAccessCasesResponse{Open: now.Open, Sign: now.Sign}); err != nil {
			return err
		}
	}
}
