package outbox

import (
	"sync"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
)

// lane is what a relay remembers of one stream, all of it worth nothing outside
// the epoch it belongs to.
type lane struct {
	stream    bus.Stream
	consumers []string
	republish chan struct{} // a request

	mu sync.Mutex
	// epoch of the floors; 0 until the first reading: nothing is published before,
	// since nothing could be remembered.
	epoch uint64
	base  uint64
	// known are the rows that are being published or were, in this epoch.
	known map[clock.ID]struct{}
	// published are the rows with the sequence they got, in the order of answers.
	published []remembered
	// done may be deleted: rows of a stream without consumers that were stored.
	done []clock.ID
	// failing tells that the last publication did not get through.
	failing bool
}

type remembered struct {
	id       clock.ID
	sequence uint64
	at       time.Time // stored by the broker, in real time
}

// waiting is for how long the oldest row that was published has not been consumed.
func (l *lane) waiting(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.published) == 0 {
		return 0
	}
	return now.Sub(l.published[0].at)
}

func newLane(s bus.Stream) *lane {
	l := &lane{stream: s, republish: make(chan struct{}, 1), known: map[clock.ID]struct{}{}}
	for _, c := range s.Consumers {
		l.consumers = append(l.consumers, c.Name)
	}
	return l
}

// begin takes those of the rows that nobody here publishes yet, and the epoch
// they are published in. None can be taken before the first epoch.
func (l *lane) begin(rows []Row) (fresh []Row, epoch uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch == 0 {
		return nil, 0
	}
	for _, row := range rows {
		if _, known := l.known[row.ID]; !known {
			l.known[row.ID] = struct{}{}
			fresh = append(fresh, row)
		}
	}
	return fresh, l.epoch
}

// unknown returns those of the rows that are not known in the present epoch.
func (l *lane) unknown(rows []brief) []brief {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch == 0 {
		return nil
	}
	var fresh []brief
	for _, row := range rows {
		if _, known := l.known[row.ID]; !known {
			fresh = append(fresh, row)
		}
	}
	return fresh
}

// end takes the broker's answers to what begin gave out in an epoch. If the
// epoch is over, they mean nothing: whatever began the new one has asked for
// everything to be published again. It returns the failures.
func (l *lane) end(rows []Row, acks []bus.Ack, epoch uint64) (failed int, cause error) {
	now := clock.System().Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, ack := range acks {
		switch {
		case ack.Err != nil:
			failed, cause = failed+1, ack.Err
			if l.epoch == epoch {
				delete(l.known, rows[i].ID)
			}
		case len(l.consumers) == 0:
			l.done = append(l.done, rows[i].ID)
		case l.epoch != epoch:
		case ack.Sequence <= l.base:
			// Not given out in this epoch, so it cannot be compared with floors.
			delete(l.known, rows[i].ID)
		default:
			l.published = append(l.published, remembered{rows[i].ID, ack.Sequence, now})
		}
	}
	switch {
	case failed > 0:
		l.failing = true
	case l.failing && len(acks) > 0:
		// It works again: what failed meanwhile need not wait for its lease.
		l.failing = false
		signal(l.republish)
	}
	return failed, cause
}

// mark notes what is remembered before floors are read.
func (l *lane) mark() (published int, busy bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.published), len(l.published)+len(l.done) > 0
}

// compare takes a reading of floors that began after mark; it returns the rows
// that are consumed. A new epoch makes the lane forget everything and ask for
// republication.
func (l *lane) compare(floor bus.Floor, marked int) (consumed []clock.ID, forgotten bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if floor.Epoch != l.epoch {
		l.epoch, l.base, l.published, l.failing = floor.Epoch, floor.Base, nil, false
		l.known = map[clock.ID]struct{}{}
		signal(l.republish)
		return nil, true
	}
	for _, p := range l.published[:marked] {
		if p.sequence <= floor.Sequence {
			consumed = append(consumed, p.id)
		}
	}
	return append(consumed, l.done...), false
}

// forget drops rows that were deleted.
func (l *lane) forget(ids []clock.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := make(map[clock.ID]struct{}, len(ids))
	for _, id := range ids {
		gone[id] = struct{}{}
		delete(l.known, id)
	}
	kept := l.published[:0]
	for _, p := range l.published {
		if _, is := gone[p.id]; !is {
			kept = append(kept, p)
		}
	}
	l.published = kept
	waiting := l.done[:0]
	for _, id := range l.done {
		if _, is := gone[id]; !is {
			waiting = append(waiting, id)
		}
	}
	l.done = waiting
}
