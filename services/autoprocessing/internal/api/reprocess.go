package api

import (
	"context"

	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/rpc"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Reprocess sends a submission to automatic processing again, at once.
func (q *Queue) Reprocess(ctx context.Context, r *processingv1.ReprocessRequest) (*processingv1.ReprocessResponse, error) {
	return q.reprocessOnce(ctx, r, "")
}

func (q *Queue) reprocessOnce(ctx context.Context, r *processingv1.ReprocessRequest, action string) (*processingv1.ReprocessResponse, error) {
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	seen, known, err := store.GetSubmission(ctx, q.p.Pool, id)
	if err != nil || !known {
		return nil, orNotFound(err)
	}
	entry, _, err := store.GetEntry(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	var lodged *events.Lodged
	if seen.Status == term.Unprocessed {
		if lodged, err = events.Reread(&seen, entry.Lodged, q.p.Zone); err == nil {
			err = events.Resolve(ctx, q.p.Registry, lodged)
		}
		if err != nil {
			return q.undecided(ctx, id, err)
		}
	}
	concerned := ""
	if lodged != nil {
		concerned = events.Concerned(lodged)
	}
	technical := false
	s, err := q.act(ctx, request{id: id, version: r.GetVersion(), crn: concerned, does: "queue.reprocessed", action: action, content: r}, func(a *acting) error {
		if err := a.holding.MayTouch(a.officer.ID); err != nil {
			return err
		}
		if err := a.refuseLifted(ctx); err != nil {
			return err
		}
		if err := a.note(ctx, "reprocess", "Sent to automatic processing again."); err != nil {
			return err
		}
		err := q.p.Again(ctx, a.tx, a.out, &a.submission, lodged, a.notices, a.at, a.trace)
		technical = err != nil
		a.done.Detail = map[string]string{"status": a.submission.Status.String()}
		for _, t := range a.out.Work.Transitions {
			a.done.Version = int64(t.Version)
			a.done.Detail = map[string]string{"status": t.To.String(), "outcome": t.Outcome.String(), "policy": t.PolicyVersion}
		}
		return err
	})
	if err != nil {
		if technical {
			return q.undecided(ctx, id, err)
		}
		return nil, err
	}
	return &processingv1.ReprocessResponse{Submission: s}, nil
}

// undecided answers that it could not be decided, with the row as it is.
func (q *Queue) undecided(ctx context.Context, id clock.ID, cause error) (*processingv1.ReprocessResponse, error) {
	s, err := q.summary(ctx, id)
	if err != nil {
		return nil, err
	}
	return &processingv1.ReprocessResponse{Submission: s, Error: status.Convert(rpc.Status(cause)).Proto()}, nil
}
