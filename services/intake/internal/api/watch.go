package api

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

const (
	// resumeHeader carries the token of the place a watch starts from.
	resumeHeader = "noticehub-resume-token"
	// watchBatch is the most changes read at a time.
	watchBatch = 500
	// firstPause is the first pause after news: what was committed a moment ago
	// may be held back by a transaction that is just ending.
	firstPause = 10 * time.Millisecond
)

// WatchSubmissions streams every status change of the caller's submissions.
func (s *Server) WatchSubmissions(request *intakev1.WatchSubmissionsRequest, stream grpc.ServerStreamingServer[intakev1.WatchSubmissionsResponse]) error {
	ctx := stream.Context()
	authority, err := identity.MustAuthority(ctx)
	if err != nil {
		return err
	}
	defer s.watches.Add(-1)
	if s.watches.Add(1) > int64(s.options.MaxWatches) {
		return fault.New(fault.Exhausted, "WATCHES_EXHAUSTED", "too many streams are watching").
			WithRetry(5 * time.Second).WithHelp("One stream can watch all submissions of an authority.")
	}
	only, err := s.watched(ctx, authority, request.GetSubmissionId())
	if err != nil {
		return err
	}
	// The bell hangs before the first look, so that nothing falls in between.
	bell := s.Board.ForAuthority(authority)
	defer bell.Release()
	at, err := s.startOf(ctx, authority, request.GetResumeToken())
	if err != nil {
		return err
	}
	if err := stream.SendHeader(metadata.Pairs(resumeHeader, s.tokens.resume(authority, at))); err != nil {
		return err
	}
	pause := firstPause
	for {
		changes, err := s.Store.Changes(ctx, authority, only, at, watchBatch)
		if err != nil {
			return err
		}
		for i := range changes {
			if err := stream.Send(s.changeMessage(authority, &changes[i])); err != nil {
				return err
			}
			at, pause = changes[i].Position, firstPause
		}
		if len(changes) == watchBatch {
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-bell.C():
			pause = firstPause
		case <-timer.C:
			pause = min(pause*2, s.options.Poll)
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// watched returns the one submission to watch, which must be the caller's, or zero.
func (s *Server) watched(ctx context.Context, authority, text string) (clock.ID, error) {
	if text == "" {
		return clock.ID{}, nil
	}
	id, err := parseID("submission_id", text)
	if err != nil {
		return id, err
	}
	view, err := s.Store.Get(ctx, authority, id)
	if err == nil && view == nil {
		err = absent()
	}
	return id, err
}

func (s *Server) startOf(ctx context.Context, authority, token string) (store.Position, error) {
	if token == "" {
		return s.Store.Here(ctx)
	}
	at, err := s.tokens.parseResume(authority, token)
	if err != nil {
		return at, err
	}
	ahead, err := s.Store.Ahead(ctx, at)
	if err == nil && ahead {
		err = fault.New(fault.Precondition, "RESUME_TOKEN_AHEAD", "the token names a place that has not been reached; the hub's database was put back to an earlier time").
			WithHelp("List your submissions, then watch without a token.")
	}
	return at, err
}

func (s *Server) changeMessage(authority string, c *store.Change) *intakev1.WatchSubmissionsResponse {
	return &intakev1.WatchSubmissionsResponse{
		SubmissionId: c.SubmissionID.String(), Reference: c.Reference,
		Decision: decisionMessage(&c.Status), ResumeToken: s.tokens.resume(authority, c.Position),
	}
}
