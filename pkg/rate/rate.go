// Package rate bounds how often something may be done, by key: calls of an
// authority, submissions about one customer.
//
// It guarantees that no key gets more than its burst and then its rate, and that
// memory is bounded: beyond the most keys the one that was idle longest is
// forgotten, which gives it a full bucket again. It counts in this process only;
// replicas each have their own.
package rate

import (
	"container/list"
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Keyed holds a token bucket for each key. It is safe for concurrent use; a nil
// Keyed refuses nothing.
type Keyed struct {
	perSecond rate.Limit
	burst     int
	most      int

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of *bucket, the last used first
}

type bucket struct {
	key    string
	tokens *rate.Limiter
}

// NewKeyed makes buckets that hold burst tokens and get perSecond new ones each
// second, for at most maxKeys keys. It is nil, which refuses nothing, unless
// perSecond is above 0; burst and maxKeys are at least 1.
func NewKeyed(perSecond float64, burst, maxKeys int) *Keyed {
	if !(perSecond > 0) || math.IsInf(perSecond, 0) {
		return nil
	}
	return &Keyed{
		perSecond: rate.Limit(perSecond), burst: max(burst, 1), most: max(maxKeys, 1),
		byKey: make(map[string]*list.Element), recent: list.New(),
	}
}

// Allow takes n tokens of the key's bucket at now, or none: then retryAfter says
// when they will be there. More tokens than the burst are never there; the
// answer is then the time that many take to come.
func (k *Keyed) Allow(key string, n int, now time.Time) (ok bool, retryAfter time.Duration) {
	wait, ok := k.reserve(key, n, now, 0)
	return ok, wait
}

// Wait takes n tokens, waiting for them up to most. It returns 0 when they were
// taken, else how long they would have taken; then none is taken. The end of ctx
// ends the waiting with its error.
func (k *Keyed) Wait(ctx context.Context, key string, n int, now time.Time, most time.Duration) (retryAfter time.Duration, err error) {
	wait, ok := k.reserve(key, n, now, most)
	switch {
	case !ok:
		return wait, nil
	case wait == 0:
		return 0, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// reserve takes n tokens if they are there within most; wait says when.
func (k *Keyed) reserve(key string, n int, now time.Time, most time.Duration) (wait time.Duration, ok bool) {
	if k == nil || n <= 0 {
		return 0, true
	}
	tokens := k.bucket(key)
	if n > k.burst {
		return time.Duration(float64(n) / float64(k.perSecond) * float64(time.Second)), false
	}
	taken := tokens.ReserveN(now, n)
	wait = taken.DelayFrom(now)
	if wait > most {
		taken.CancelAt(now)
		return wait, false
	}
	return wait, true
}

func (k *Keyed) bucket(key string) *rate.Limiter {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, known := k.byKey[key]; known {
		k.recent.MoveToFront(e)
		return e.Value.(*bucket).tokens
	}
	if k.recent.Len() >= k.most {
		oldest := k.recent.Back()
		delete(k.byKey, k.recent.Remove(oldest).(*bucket).key)
	}
	b := &bucket{key: key, tokens: rate.NewLimiter(k.perSecond, k.burst)}
	k.byKey[key] = k.recent.PushFront(b)
	return b.tokens
}

// Keys is how many keys are remembered.
func (k *Keyed) Keys() int {
	if k == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.recent.Len()
}
