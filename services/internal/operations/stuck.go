package operations

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/redact"
	"github.com/noticehub/noticehub/pkg/rpc"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

const (
	// outboxLate: a consumer that was away for a moment has long been back by then.
	outboxLate = 5 * time.Minute
	// waitingLate: what an event waits for comes within seconds, or after a failed
	// event's attempts, which take 6 minutes.
	waitingLate = 30 * time.Minute
	// lookFor bounds one detector.
	lookFor = 2 * time.Second
)

// stuckManner: pages ask now and then, some at the same time.
var stuckManner = manner{young: time.Second, patience: 9 * time.Second, old: 10 * time.Second, most: 9 * time.Second}

// ListStuck runs the detectors of work that stands still.
func (s *Server) ListStuck(ctx context.Context, _ *operationsv1.ListStuckRequest) (*operationsv1.ListStuckResponse, error) {
	answer, ok := s.stuck.get(ctx, stuckManner, s.look)
	if !ok {
		return nil, context.DeadlineExceeded
	}
	return answer, nil
}

// look runs the detectors of each service one after another, the services' at once.
func (s *Server) look(ctx context.Context) *operationsv1.ListStuckResponse {
	answers := make([]operationsv1.ListStuckResponse, len(s.deps.Parts))
	var all sync.WaitGroup
	for i := range s.deps.Parts {
		all.Go(func() { s.lookAt(ctx, &s.deps.Parts[i], &answers[i]) })
	}
	all.Wait()
	sum := &operationsv1.ListStuckResponse{}
	for i := range answers {
		sum.Stuck, sum.Failed = append(sum.Stuck, answers[i].GetStuck()...), append(sum.Failed, answers[i].GetFailed()...)
	}
	slices.SortStableFunc(sum.Stuck, func(a, b *operationsv1.StuckWork) int {
		return int(min(b.GetCount(), 1) - min(a.GetCount(), 1)) // what found something first
	})
	return sum
}

func (s *Server) lookAt(ctx context.Context, p *Part, answer *operationsv1.ListStuckResponse) {
	for _, d := range append(p.kit(), p.Detectors...) {
		found, err := try(ctx, d)
		if err != nil {
			s.deps.Log.Warn("a detector could not look", "service", p.Service, "what", d.Name, "error", redact.Error(err))
			answer.Failed = append(answer.Failed, &operationsv1.DetectorFailure{Detector: d.Name, Error: status.Convert(rpc.Status(err)).Proto()})
			continue
		}
		w := &operationsv1.StuckWork{
			Detector: d.Name, Service: p.Service, Title: d.Title, Fix: d.Fix, Count: found.Count,
			Examples: found.Examples[:min(len(found.Examples), stuck.Examples)], Kind: d.Kind,
		}
		if !found.Oldest.IsZero() {
			w.OldestAt = timestamppb.New(found.Oldest)
		}
		answer.Stuck = append(answer.Stuck, w)
	}
}

// try runs one detector. One that fails, hangs or panics is none of the others' trouble.
func try(ctx context.Context, d stuck.Detector) (found stuck.Found, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	defer func() {
		if recover() != nil { // its value may hold anything
			err = fault.New(fault.Internal, "DETECTOR_BROKEN", "the detector is broken")
		}
	}()
	return d.Look(ctx)
}

// kit are the detectors over what the kit keeps for every service.
func (p *Part) kit() []stuck.Detector {
	var all []stuck.Detector
	if p.publishes() {
		all = append(all, stuck.Detector{
			Name:  p.Service + "-outbox",
			Title: "Messages that not every consumer has taken after 5 minutes",
			Fix:   "They are sent until everybody has them. See whether every service runs, and whether messaging answers and has room.",
			Kind:  stuck.Nothing,
			Look: func(ctx context.Context) (stuck.Found, error) {
				late, err := outbox.LookLate(ctx, p.Pool, outboxLate, stuck.Most, 0)
				return of(late.Rows, late.Oldest, nil, err)
			},
		})
	}
	if p.parks() {
		all = append(all, stuck.Detector{
			Name:  p.Service + "-waiting",
			Title: "Events that have waited for another one for more than 30 minutes",
			Fix:   "See among the failed events of all services whether the one before them failed, and drive that again; the others follow by themselves.",
			Kind:  stuck.Event,
			Look: func(ctx context.Context) (stuck.Found, error) {
				stand, err := inbox.LongWaiting(ctx, p.Pool, waitingLate, stuck.Examples)
				return of(stand.Events, stand.Oldest, stand.Examples, err)
			},
		}, stuck.Detector{
			Name:  p.Service + "-quarantined",
			Title: "Events that failed for good and wait for somebody",
			Fix:   "See the cause, repair it, and drive the events again.",
			Kind:  stuck.Event,
			Look: func(ctx context.Context) (stuck.Found, error) {
				stand, err := inbox.InQuarantine(ctx, p.Pool, stuck.Examples)
				return of(stand.Events, stand.Oldest, stand.Examples, err)
			},
		})
	}
	return all
}

func of(count int64, oldest *time.Time, ids []clock.ID, err error) (stuck.Found, error) {
	found := stuck.Found{Count: count}
	if oldest != nil {
		found.Oldest = *oldest
	}
	for _, id := range ids {
		found.Examples = append(found.Examples, id.String())
	}
	return found, postgres.Classify(err)
}
