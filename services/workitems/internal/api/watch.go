package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/watch"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

const (
	// lookEvery is the pause between looks at what is watched.
	lookEvery = 250 * time.Millisecond
	// maxWatches and maxOwnWatches bound the streams, of all people and of one, by
	// what one reading of all they watch may cost.
	maxWatches, maxOwnWatches = 1000, 20
)

// watched is a thing that is watched: an item, a customer's items and activities,
// or the counts of open items.
type watched struct {
	item clock.ID
	crn  string
	// counts of all open items, or of those that are not of restricted records.
	counts, unrestricted bool
}

// seen is a thing as it is; only what belongs to it is set.
type seen struct {
	item     store.Standing
	customer store.CustomerSign
	counts   []store.Count
}

func (a seen) equal(b seen) bool {
	return a.item == b.item && a.customer == b.customer && slices.Equal(a.counts, b.counts)
}

// board reads for everybody who watches. The counts are read again only when
// their sign says so.
type board struct {
	*watch.Poller[watched, seen]
	server *Server
	// counted is for the one reading at a time, by the counts' key.
	counted map[watched]counted

	mu     sync.Mutex
	people map[string]int
	all    int
}

type counted struct {
	sign   store.CountsSign
	counts []store.Count
}

func newBoard(s *Server) *board {
	b := &board{server: s, counted: map[watched]counted{}, people: map[string]int{}}
	b.Poller = watch.New(lookEvery, b.read, seen.equal, s.Log)
	return b
}

func (b *board) read(ctx context.Context, keys []watched) (map[watched]seen, error) {
	var w store.Watched
	for _, k := range keys {
		switch {
		case k.counts:
			w.Counts = true
		case k.crn != "":
			w.CRNs = append(w.CRNs, k.crn)
		default:
			w.Items = append(w.Items, k.item)
		}
	}
	signs, err := b.server.Store.Signs(ctx, &w)
	if err != nil {
		return nil, err
	}
	found := make(map[watched]seen, len(keys))
	for id, standing := range signs.Items {
		found[watched{item: id}] = seen{item: standing}
	}
	for crn, sign := range signs.Customers {
		found[watched{crn: crn}] = seen{customer: sign}
	}
	for _, k := range keys {
		if !k.counts {
			continue
		}
		// The counts are as new as the sign at least: it was read before them.
		if was, known := b.counted[k]; !known || was.sign != signs.Counts {
			counts, err := b.server.Store.OpenCounts(ctx, b.server.codes, "", k.unrestricted)
			if err != nil {
				return nil, err
			}
			b.counted[k] = counted{signs.Counts, counts}
		}
		found[k] = seen{counts: b.counted[k].counts}
	}
	return found, nil
}

// enter counts a stream of a person; leave must be called when it ends.
func (b *board) enter(person string) (leave func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= maxWatches || b.people[person] >= maxOwnWatches {
		return nil, fault.New(fault.Exhausted, "WATCHES_EXHAUSTED", "too many streams are watching").
			WithRetry(5 * time.Second).WithHelp("Close screens that are not looked at; one stream can watch 200 items.")
	}
	b.all++
	b.people[person]++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.all--
		if b.people[person]--; b.people[person] == 0 {
			delete(b.people, person)
		}
	}, nil
}

// WatchWorkItems tells the counts, and what changed of what the request names. Of
// a restricted record it tells what lists show of its items too, and leaves them
// out of the counts as CountWorkItems does.
func (s *Server) WatchWorkItems(r *workitemv1.WatchWorkItemsRequest, stream grpc.ServerStreamingServer[workitemv1.WatchWorkItemsResponse]) error {
	ctx := stream.Context()
	officer, err := officerOf(ctx)
	if err != nil {
		return err
	}
	counts := watched{counts: true, unrestricted: hidden(officer, true)}
	keys := []watched{counts}
	for _, text := range r.GetWorkItemIds() {
		id, err := parseID("work_item_ids", text)
		if err != nil {
			return err
		}
		keys = append(keys, watched{item: id})
	}
	if r.GetCrn() != "" {
		keys = append(keys, watched{crn: r.GetCrn()})
	}
	leave, err := s.board.enter(officer.ID)
	if err != nil {
		return err
	}
	defer leave()
	watcher := s.board.Watch(keys...)
	defer watcher.Close()
	for first := true; ; first = false {
		news, err := watcher.Next(ctx)
		if err != nil {
			return err
		}
		response := &workitemv1.WatchWorkItemsResponse{}
		for key, now := range news {
			switch {
			case key.counts:
				response.Counts = countsOf(now.counts)
			case first: // as they were when the call began
			case key.crn != "":
				response.CustomerChanged = true
			default:
				response.Changed = append(response.Changed, &workitemv1.ChangedWorkItem{
					WorkItemId: key.item.String(), Version: int32(now.item.Version), Status: workitemv1.WorkItemStatus(now.item.Status), Assignee: now.item.Assignee,
				})
			}
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}
