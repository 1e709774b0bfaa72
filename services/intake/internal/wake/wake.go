// Package wake lets callers of this process sleep until something they wait for
// may have changed. A ring is a hint, never a promise: whoever waits looks again
// from time to time, because changes written by other processes ring nothing here.
package wake

import (
	"sync"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Board knows who waits for what. The zero value is ready.
type Board struct {
	mu          sync.Mutex
	authorities map[string]map[*Bell]struct{}
	submissions map[clock.ID]map[*Bell]struct{}
}

// Bell rings at most once until it is heard.
type Bell struct {
	c       chan struct{}
	release func()
}

// C receives when the bell rang.
func (b *Bell) C() <-chan struct{} { return b.c }

// Release takes the bell off the board.
func (b *Bell) Release() { b.release() }

func (b *Bell) ring() {
	select {
	case b.c <- struct{}{}:
	default:
	}
}

// ForAuthority hangs up a bell that rings at changes of an authority's submissions.
func (b *Board) ForAuthority(id string) *Bell {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.authorities == nil {
		b.authorities = make(map[string]map[*Bell]struct{})
	}
	return hang(&b.mu, b.authorities, id)
}

// ForSubmission hangs up a bell that rings at changes of one submission.
func (b *Board) ForSubmission(id clock.ID) *Bell {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.submissions == nil {
		b.submissions = make(map[clock.ID]map[*Bell]struct{})
	}
	return hang(&b.mu, b.submissions, id)
}

func hang[K comparable](mu *sync.Mutex, bells map[K]map[*Bell]struct{}, key K) *Bell {
	bell := &Bell{c: make(chan struct{}, 1)}
	if bells[key] == nil {
		bells[key] = make(map[*Bell]struct{})
	}
	bells[key][bell] = struct{}{}
	bell.release = func() {
		mu.Lock()
		defer mu.Unlock()
		delete(bells[key], bell)
		if len(bells[key]) == 0 {
			delete(bells, key)
		}
	}
	return bell
}

// Changed is one change.
type Changed struct {
	// Submission that changed.
	Submission clock.ID
	// Authority it belongs to.
	Authority string
}

// Ring wakes everybody who waits for one of the changes.
func (b *Board) Ring(changes []Changed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.authorities) == 0 && len(b.submissions) == 0 {
		return
	}
	for _, c := range changes {
		for bell := range b.authorities[c.Authority] {
			bell.ring()
		}
		for bell := range b.submissions[c.Submission] {
			bell.ring()
		}
	}
}
