package identity

import (
	"sync"
	"time"
)

// remembered keeps what was found out about credentials, by their SHA-256 and
// until they expire. Memory is bounded: when it is full of live entries, all are
// forgotten, which costs verifying them again.
type remembered[V any] struct {
	most int

	mu    sync.Mutex
	known map[[32]byte]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

func newRemembered[V any](most int) *remembered[V] {
	return &remembered[V]{most: most, known: make(map[[32]byte]kept[V])}
}

func (r *remembered[V]) get(key [32]byte, now time.Time) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.known[key]
	if !ok || !now.Before(e.until) {
		var none V
		return none, false
	}
	return e.value, true
}

func (r *remembered[V]) put(key [32]byte, value V, until, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= r.most {
		for k, e := range r.known {
			if !now.Before(e.until) {
				delete(r.known, k)
			}
		}
		if len(r.known) >= r.most {
			clear(r.known)
		}
	}
	r.known[key] = kept[V]{value, until}
}
