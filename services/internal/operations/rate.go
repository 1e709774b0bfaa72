package operations

import (
	"sync"
	"time"
)

// rateWindow is what rates are over.
const rateWindow = time.Minute

// rate is how fast a count grows, over the last minute or as long as it is known.
// A count that goes back, or was not noted for a minute, is a new one.
type rate struct {
	mu   sync.Mutex
	seen []counted // in order of time; the first is at most a minute old, or the last before
}

type counted struct {
	at time.Time
	n  int64
}

// note takes the count at a time.
func (r *rate) note(at time.Time, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.seen) - 1; last >= 0 && (n < r.seen[last].n || at.Sub(r.seen[last].at) > rateWindow) {
		r.seen = r.seen[:0]
	}
	r.seen = append(r.seen, counted{at, n})
	for len(r.seen) > 1 && at.Sub(r.seen[1].at) >= rateWindow {
		r.seen = r.seen[1:]
	}
}

// perSecond is 0 until a second is known.
func (r *rate) perSecond() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) < 2 {
		return 0
	}
	first, last := r.seen[0], r.seen[len(r.seen)-1]
	passed := last.at.Sub(first.at)
	if passed < time.Second {
		return 0
	}
	return float64(last.n-first.n) / passed.Seconds()
}
