package api

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/watch"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// watchEvery is how often the versions of watched records are read, for everybody
// who watches together.
const watchEvery = 250 * time.Millisecond

func watching(d Deps) *watch.Poller[string, int64] {
	return watch.New(watchEvery, d.Store.CurrentVersions, func(a, b int64) bool { return a == b }, d.Log)
}

// Run reads for those who watch until ctx ends.
func (s *Server) Run(ctx context.Context) error { return s.watched.Run(ctx) }

// WatchCustomer tells the version of a record at once and whenever it changes, to
// whoever may read it. That is asked again before each: a record may become
// restricted, or a lift may end, while somebody watches.
func (s *Server) WatchCustomer(req *registryv1.WatchCustomerRequest, stream grpc.ServerStreamingServer[registryv1.WatchCustomerResponse]) error {
	ctx := stream.Context()
	r, err := s.open(ctx, req.GetCrn())
	if err != nil {
		return err
	}
	told := r.Version
	if err := stream.Send(&registryv1.WatchCustomerResponse{Version: told}); err != nil {
		return err
	}
	w := s.watched.Watch(req.GetCrn())
	defer w.Close()
	for {
		news, err := w.Next(ctx)
		if err != nil {
			return err
		}
		if v, found := news[req.GetCrn()]; found && v == told {
			continue // the first reading found what was told already
		}
		if r, err = s.open(ctx, req.GetCrn()); err != nil {
			return err
		}
		if r.Version == told {
			continue
		}
		told = r.Version
		if err := stream.Send(&registryv1.WatchCustomerResponse{Version: told}); err != nil {
			return err
		}
	}
}
