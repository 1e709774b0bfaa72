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
	// counts of all open items, or of those that are not of restricted records; as
	// the officer sees them, who must not see some records.
	counts, unrestricted bool
	officer              string
}

// seen is a thing as it is; only what belongs to it is set.
type seen struct {
	item     store.Standing
	customer store.CustomerSign
	counts   []store.Count
	// conflicts are the CRNs of the records the officer must not see.
	conflicts []string
}

func (a seen) equal(b seen) bool {
	return a.item == b.item && a.customer == b.customer && sameCounts(a.counts, b.counts) && slices.Equal(a.conflicts, b.conflicts)
}

// sameCounts mostly has counts that were not read again: those are seen at once.
func sameCounts(a, b []store.Count) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// board reads for everybody who watches. The counts are read again only when
// their sign says so.
type board struct {
	*watch.Poller[watched, seen]
	server *Server
	// counted is for the one reading at a time, by the counts' key; without an
	// officer it is for all those who may see every record.
	counted map[watched]counted

	mu     sync.Mutex
	people map[string]int
	all    int
}

type counted struct {
	sign    store.CountsSign
	without []string
	counts  []store.Count
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
			w.Counts, w.Officers = true, append(w.Officers, k.officer)
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
	return found, b.count(ctx, keys, signs, found)
}

// count adds the counts that are watched, and drops what was counted for others.
func (b *board) count(ctx context.Context, keys []watched, signs *store.Signs, found map[watched]seen) error {
	all := map[watched]counted{}
	for _, k := range keys {
		if !k.counts {
			continue
		}
		without := signs.Conflicts[k.officer]
		whose := k
		if len(without) == 0 {
			whose.officer = ""
		}
		now, done := all[whose]
		if !done {
			now, done = b.counted[whose]
			done = done && now.sign == signs.Counts && slices.Equal(now.without, without)
		}
		if !done {
			// The counts are as new as the sign at least: it was read before them.
			counts, err := b.server.Store.OpenCounts(ctx, b.server.codes, "", k.unrestricted, without...)
			if err != nil {
				return err
			}
			now = counted{signs.Counts, without, counts}
		}
		all[whose] = now
		found[k] = seen{counts: now.counts, conflicts: without}
	}
	b.counted = all
	return nil
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
// out of the counts as CountWorkItems does. It ends when the officer turns out to
// be one who must not see the customer.
func (s *Server) WatchWorkItems(r *workitemv1.WatchWorkItemsRequest, stream grpc.ServerStreamingServer[workitemv1.WatchWorkItemsResponse]) error {
	ctx := stream.Context()
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return err
	}
	if err := officer.noConflict(r.GetCrn()); err != nil {
		return err
	}
	counts := watched{counts: true, unrestricted: hidden(officer.Officer, true), officer: officer.ID}
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
		if now, told := news[counts]; told {
			if officer.conflicts = now.conflicts; officer.noConflict(r.GetCrn()) != nil {
				return officer.noConflict(r.GetCrn())
			}
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
