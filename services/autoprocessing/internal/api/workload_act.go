package api

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/redact"
	"github.com/noticehub/noticehub/pkg/rpc"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

const (
	// actTogether is how many entries are acted on at a time: enough to keep the
	// database busy, few enough that single calls beside it are not held up.
	actTogether = 4
	// actTime bounds the action on one entry, which goes on when its caller went away.
	actTime = 30 * time.Second
	// maxMatching is the most entries a search may name.
	maxMatching = 1000
)

// target is a submission to act on.
type target struct {
	id        clock.ID
	reference string
}

// one does the action to one submission.
type one func(ctx context.Context, id string) (*processingv1.SubmissionSummary, error)

// ActOnSubmissions does one action to each of many submissions. What was begun when
// the caller goes away is finished; nothing else is begun.
func (l *Workload) ActOnSubmissions(r *processingv1.ActOnSubmissionsRequest, stream grpc.ServerStreamingServer[processingv1.ActOnSubmissionsResponse]) error {
	ctx := stream.Context()
	do, err := l.action(ctx, r)
	if err != nil {
		return err
	}
	targets, err := l.targets(ctx, r)
	if err != nil {
		return err
	}
	if err := stream.Send(&processingv1.ActOnSubmissionsResponse{Total: int64(len(targets))}); err != nil {
		return err
	}
	return l.each(ctx, targets, do, func(results []*processingv1.ActionResult) error {
		return stream.Send(&processingv1.ActOnSubmissionsResponse{Results: results})
	})
}

// action is what to do to each, by the code of the single call. An entry of the
// list of actions done makes a repetition of the whole call find it done.
func (l *Workload) action(ctx context.Context, r *processingv1.ActOnSubmissionsRequest) (one, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	q, once := l.q, "bulk:"+r.GetActionId()
	switch a := r.GetAction().(type) {
	case *processingv1.ActOnSubmissionsRequest_Claim:
		return func(ctx context.Context, id string) (*processingv1.SubmissionSummary, error) {
			return q.claimOnce(ctx, &processingv1.ClaimRequest{SubmissionId: id}, once)
		}, nil
	case *processingv1.ActOnSubmissionsRequest_Release:
		return func(ctx context.Context, id string) (*processingv1.SubmissionSummary, error) {
			return q.releaseOnce(ctx, &processingv1.ReleaseRequest{SubmissionId: id}, once)
		}, nil
	case *processingv1.ActOnSubmissionsRequest_Assign:
		return func(ctx context.Context, id string) (*processingv1.SubmissionSummary, error) {
			return q.assignOnce(ctx, &processingv1.AssignRequest{SubmissionId: id, OfficerId: a.Assign.GetOfficerId(), Reason: a.Assign.GetReason()}, once)
		}, mayAssign(officer)
	case *processingv1.ActOnSubmissionsRequest_Hold:
		until, err := holdDay("hold.until", a.Hold.GetUntil())
		if err != nil {
			return nil, err
		}
		if today := q.p.Moment().Today; until != nil && *until <= today {
			return nil, fault.InvalidField("hold.until", "%s is not after today, %s", *until, today)
		}
		return func(ctx context.Context, id string) (*processingv1.SubmissionSummary, error) {
			return q.holdOnce(ctx, &processingv1.HoldRequest{SubmissionId: id, Until: a.Hold.GetUntil(), Note: a.Hold.GetNote()}, once)
		}, nil
	case *processingv1.ActOnSubmissionsRequest_Reprocess:
		return func(ctx context.Context, id string) (*processingv1.SubmissionSummary, error) {
			s, err := q.reprocessOnce(ctx, &processingv1.ReprocessRequest{SubmissionId: id}, once)
			if err == nil && s.GetError() != nil {
				err = status.ErrorProto(s.GetError())
			}
			return s.GetSubmission(), err
		}, nil
	}
	return nil, fault.InvalidField("action", "say what to do")
}

// targets are the submissions to act on, each once.
func (l *Workload) targets(ctx context.Context, r *processingv1.ActOnSubmissionsRequest) ([]target, error) {
	if m := r.GetMatching(); m != nil {
		return l.matching(ctx, m)
	}
	ids, err := parseIDs("named.submission_ids", r.GetNamed().GetSubmissionIds())
	if err != nil {
		return nil, err
	}
	references, err := store.References(ctx, l.q.p.Pool, ids)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	targets := make([]target, len(ids))
	for i, id := range ids {
		targets[i] = target{id, references[id]}
	}
	return targets, nil
}

// matching are the open entries a search finds that had come when it was counted.
// More than were confirmed are refused.
func (l *Workload) matching(ctx context.Context, m *processingv1.Matching) ([]target, error) {
	f, err := l.q.all(ctx, m.GetSearch(), l.q.p.Moment(), maxMatching+1)
	if err != nil {
		return nil, err
	}
	if statuses := f.search.Statuses; len(statuses) > 0 && !slices.Contains(statuses, term.Unprocessed) {
		return nil, nil
	}
	f.search.Statuses = []term.Status{term.Unprocessed}
	asAt := m.GetAsAt().AsTime()
	if days := m.GetSearch().GetMinAgeDays(); days > 0 {
		asAt = asAt.AddDate(0, 0, -int(days)) // as old as that when it was counted
	}
	f.search.EnteredBefore = asAt
	var targets []target
	end, err := f.read(ctx, maxReads, func(found *store.Found, row *processingv1.SubmissionSummary) bool {
		targets = append(targets, target{found.ID, row.GetReference()})
		return len(targets) <= maxMatching
	})
	switch confirmed := m.GetConfirmedTotal(); {
	case err != nil:
		return nil, err
	case end != nil:
		return nil, masked()
	case int64(len(targets)) > confirmed:
		return nil, fault.New(fault.Precondition, "TOTAL_CHANGED", "%d submissions match now, %d were confirmed; nothing was done", len(targets), confirmed).
			WithHelp("Count again and confirm the new total.").
			WithMeta("found", strconv.Itoa(len(targets))).WithMeta("confirmed", strconv.FormatInt(confirmed, 10))
	}
	return targets, nil
}

// each acts on all targets, some at a time, and tells results as they come. It
// returns after everything it began has ended.
func (l *Workload) each(ctx context.Context, targets []target, do one, tell func([]*processingv1.ActionResult) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work, results := make(chan target), make(chan *processingv1.ActionResult, actTogether)
	var wait sync.WaitGroup
	for range min(actTogether, len(targets)) {
		wait.Go(func() {
			for t := range work {
				results <- l.result(ctx, t, do)
			}
		})
	}
	go func() {
		defer func() { close(work); wait.Wait(); close(results) }()
		for _, t := range targets {
			select {
			case <-ctx.Done():
				return
			case work <- t:
			}
		}
	}()
	var failed error
	for r := range results {
		if failed != nil {
			continue // nobody listens any more
		}
		if failed = tell(together(r, results)); failed != nil {
			cancel()
		}
	}
	return cmp.Or(failed, ctx.Err())
}

// together are a result and those that wait behind it.
func together(first *processingv1.ActionResult, more <-chan *processingv1.ActionResult) []*processingv1.ActionResult {
	all := []*processingv1.ActionResult{first}
	for {
		select {
		case r, open := <-more:
			if !open {
				return all
			}
			all = append(all, r)
		default:
			return all
		}
	}
}

func (l *Workload) result(ctx context.Context, t target, do one) *processingv1.ActionResult {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actTime)
	defer cancel()
	r := &processingv1.ActionResult{SubmissionId: t.id.String(), Reference: t.reference}
	s, err := guarded(ctx, r.GetSubmissionId(), do)
	if err != nil {
		st := status.Convert(rpc.Status(err))
		if st.Code() == codes.Internal { // the caller learns nothing of a defect
			l.q.p.Telemetry.Log.ErrorContext(ctx, "an action on one of many submissions failed", slog.String("submission", r.GetSubmissionId()), slog.String("error", err.Error()))
		}
		r.Error = st.Proto()
		return r
	}
	r.Submission, r.Reference = s, s.GetReference()
	return r
}

// guarded turns a panic into the failure of one entry: outside the handler's own
// goroutine it would end the process.
func guarded(ctx context.Context, id string, do one) (s *processingv1.SubmissionSummary, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, fault.New(fault.Internal, "PANIC", "panic: %s at %s", redact.Panic(p), redact.Stack())
		}
	}()
	return do(ctx, id)
}
