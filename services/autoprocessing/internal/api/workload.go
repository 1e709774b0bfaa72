package api

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/watch"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Workload serves WorkloadService: the queue as a whole, and many entries at once.
type Workload struct {
	processingv1.UnimplementedWorkloadServiceServer
	q       *Queue
	watched *watch.Poller[clock.ID, watchedState]
}

// NewWorkload serves the workload of a queue; watching needs Run.
func NewWorkload(q *Queue) *Workload {
	l := &Workload{q: q}
	l.watched = watch.New(watchEvery, l.read, sameState, q.p.Telemetry.Log)
	return l
}

// Run reads what is watched until ctx ends.
func (l *Workload) Run(ctx context.Context) error { return l.watched.Run(ctx) }

// maxCounted is the most CountSubmissions counts to.
const maxCounted = 10_000

// CountSubmissions counts what a search finds.
func (l *Workload) CountSubmissions(ctx context.Context, r *processingv1.CountSubmissionsRequest) (*processingv1.CountSubmissionsResponse, error) {
	at := l.q.p.Moment()
	f, err := l.q.all(ctx, r.GetSearch(), at, 1)
	if err != nil {
		return nil, err
	}
	n, err := f.count(ctx, maxCounted+1)
	if err != nil {
		return nil, err
	}
	return &processingv1.CountSubmissionsResponse{Total: int64(min(n, maxCounted)), More: n > maxCounted, AsAt: timestamppb.New(at.At)}, nil
}

// maxOfficers bounds the officers of CountTeamLoad.
const maxOfficers = 200

// CountTeamLoad counts what every officer holds, and how old the queue is.
func (l *Workload) CountTeamLoad(ctx context.Context, _ *processingv1.CountTeamLoadRequest) (*processingv1.CountTeamLoadResponse, error) {
	at := l.q.p.Moment()
	load, err := store.CountLoad(ctx, l.q.p.Pool, at.At, at.Today, maxOfficers)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	r := &processingv1.CountTeamLoadResponse{}
	for _, o := range load.Officers {
		r.Officers = append(r.Officers, &processingv1.OfficerLoad{
			OfficerId: o.OfficerID, Held: o.Held, OnHold: o.OnHold, Assigned: o.Assigned, OldestSince: timestamppb.New(o.OldestSince),
		})
	}
	for i, g := range load.Ages {
		band := &processingv1.AgeBand{FromDays: int32(g.FromDays), Held: g.Held, Unassigned: g.Unassigned}
		if i+1 < len(load.Ages) {
			band.ToDays = int32(load.Ages[i+1].FromDays) - 1
		}
		r.Ages = append(r.Ages, band)
	}
	return r, nil
}

// parseIDs reads ids, each once.
func parseIDs(field string, texts []string) ([]clock.ID, error) {
	ids, seen := make([]clock.ID, 0, len(texts)), make(map[clock.ID]bool, len(texts))
	for i, text := range texts {
		id, err := clock.ParseID(text)
		if err != nil || id.IsZero() {
			return nil, notID(fmt.Sprintf("%s[%d]", field, i))
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}
