package commit

import (
	"context"
	"sync"

	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// crn is a CRN as a map key without pointers: the collector skips such maps.
type crn [10]byte

// laneCache remembers the last lane of CRNs seen lately, to spare a look-up per
// batch. It may be behind what other processes wrote: the unique index finds
// that out, and the CRNs concerned are forgotten and read again. It is never
// ahead: lanes are kept only after COMMIT, and all are forgotten after any
// trouble with the database.
type laneCache struct {
	mu   sync.Mutex
	last map[crn]int64
	most int
}

func newLaneCache(most int) *laneCache { return &laneCache{last: make(map[crn]int64), most: most} }

func keyOf(s string) (k crn) {
	copy(k[:], s)
	return k
}

// number gives every lodgement that names a CRN the next lane of it, in order.
func (c *laneCache) number(ctx context.Context, s *store.Store, batch []*Lodgement) error {
	next, unknown := c.known(batch)
	if len(unknown) > 0 {
		found, err := s.Lanes(ctx, unknown)
		if err != nil {
			return err
		}
		for _, u := range unknown {
			next[keyOf(u)] = found[u] // 0 for a CRN that nobody named yet
		}
	}
	for _, l := range batch {
		if l.Submission.CRN == "" {
			continue
		}
		k := keyOf(l.Submission.CRN)
		next[k]++
		l.Submission.Lane = next[k]
	}
	return nil
}

// known returns the remembered lanes of the batch and the CRNs to look up.
func (c *laneCache) known(batch []*Lodgement) (map[crn]int64, []string) {
	lanes := make(map[crn]int64, len(batch))
	var unknown []string
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range batch {
		k := keyOf(l.Submission.CRN)
		if _, twice := lanes[k]; twice || l.Submission.CRN == "" {
			continue
		}
		last, ok := c.last[k]
		if !ok {
			unknown = append(unknown, l.Submission.CRN)
		}
		lanes[k] = last
	}
	return lanes, unknown
}

// keep remembers the lanes of a committed batch.
func (c *laneCache) keep(batch []*Lodgement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last)+len(batch) > c.most {
		clear(c.last)
	}
	for _, l := range batch {
		if l.Submission.Lane > 0 {
			k := keyOf(l.Submission.CRN)
			c.last[k] = max(c.last[k], l.Submission.Lane)
		}
	}
}

// forget drops the CRNs of a batch that lost a race.
func (c *laneCache) forget(batch []*Lodgement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range batch {
		delete(c.last, keyOf(l.Submission.CRN))
	}
}

// clear forgets everything.
func (c *laneCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.last)
}
