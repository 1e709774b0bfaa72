package api

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/watch"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// watchEvery is how often the number of changes is read while somebody watches it.
const watchEvery = 250 * time.Millisecond

// all is what everybody watches: the changes of all authorities' reports.
type all struct{}

func (s *Server) watching() *watch.Poller[all, int64] {
	return watch.New(watchEvery, func(ctx context.Context, _ []all) (map[all]int64, error) {
		n, err := s.Store.Changes(ctx)
		return map[all]int64{{}: n}, err
	}, func(a, b int64) bool { return a == b }, s.Log)
}

// Run reads for those who watch until ctx ends.
func (s *Server) Run(ctx context.Context) error { return s.changes.Run(ctx) }

// WatchReports tells the number of changes at once and whenever it grew.
func (s *Server) WatchReports(_ *advicev1.WatchReportsRequest, stream grpc.ServerStreamingServer[advicev1.WatchReportsResponse]) error {
	ctx := stream.Context()
	if _, err := person(ctx, ""); err != nil {
		return err
	}
	w := s.changes.Watch(all{})
	defer w.Close()
	for {
		news, err := w.Next(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&advicev1.WatchReportsResponse{Changes: news[all{}]}); err != nil {
			return err
		}
	}
}
