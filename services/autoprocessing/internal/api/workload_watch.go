package api

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

const (
	// watchEvery is the pause between readings of what is watched: a change shows
	// well within the second that officers are promised.
	watchEvery = 250 * time.Millisecond
	// watchTime bounds one reading.
	watchTime = 10 * time.Second
)

// wholeQueue is the key by which the counts of the queue are watched, beside the
// submissions by their ids: one reader, and one thing to wait for.
var wholeQueue clock.ID

// watchedState is what is watched: the counts of the queue, or a submission as it
// is to whoever looks at it now.
type watchedState struct {
	counts     *processingv1.CountQueueResponse
	submission seen
}

// seen is a submission as it shows: expired claims and holds that are over are gone.
type seen struct {
	store.Watched
	// until and hold stand for the times the holding points to.
	until time.Time
	hold  string
}

func sameState(a, b watchedState) bool {
	return a.submission == b.submission && proto.Equal(a.counts, b.counts)
}

// read reads what is watched by anybody, in one go.
func (l *Workload) read(ctx context.Context, keys []clock.ID) (map[clock.ID]watchedState, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	at := l.q.p.Moment()
	out := make(map[clock.ID]watchedState, len(keys))
	ids := make([]clock.ID, 0, len(keys))
	for _, key := range keys {
		if key != wholeQueue {
			ids = append(ids, key)
			continue
		}
		c, err := store.CountOpen(ctx, l.q.p.Pool, at.At, at.Today)
		if err != nil {
			return nil, err
		}
		out[key] = watchedState{counts: countsOf(&c)}
	}
	if len(ids) == 0 {
		return out, nil
	}
	all, err := store.Watch(ctx, l.q.p.Pool, ids)
	for id, w := range all {
		w.Holding = w.Holding.At(at.At, at.Today)
		s := seen{Watched: w, until: w.Holding.Until.UTC()}
		if w.Holding.HoldUntil != nil {
			s.hold = w.Holding.HoldUntil.String()
		}
		s.Holding.HoldUntil, s.Holding.Until = nil, time.Time{} // to be compared by what they say
		out[id] = watchedState{submission: s}
	}
	return out, err
}

// WatchQueue tells the counts at once, and then what changed. It waits between two
// messages as long as between two readings, for what changes together.
func (l *Workload) WatchQueue(r *processingv1.WatchQueueRequest, stream grpc.ServerStreamingServer[processingv1.WatchQueueResponse]) error {
	ids, err := parseIDs("submission_ids", r.GetSubmissionIds())
	if err != nil {
		return err
	}
	w := l.watched.Watch(append([]clock.ID{wholeQueue}, ids...)...)
	defer w.Close()
	ctx := stream.Context()
	for first := true; ; first = false {
		news, err := w.Next(ctx)
		if err != nil {
			return err
		}
		response := &processingv1.WatchQueueResponse{Counts: news[wholeQueue].counts}
		for _, id := range ids {
			if s, changed := news[id]; changed && !first {
				response.Changed = append(response.Changed, changedOf(id, &s.submission))
			}
		}
		if err := stream.Send(response); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchEvery):
		}
	}
}

func changedOf(id clock.ID, s *seen) *processingv1.ChangedSubmission {
	return &processingv1.ChangedSubmission{
		SubmissionId: id.String(), Version: int32(s.Version), Status: eventv1.SubmissionStatus(s.Status), HeldBy: s.Holding.HeldBy,
	}
}
