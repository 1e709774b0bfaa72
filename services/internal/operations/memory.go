package operations

import (
	"context"
	"sync"
	"time"
)

// memory keeps the newest answer to a question that takes a while, for everybody
// who asks: it is asked again when it is old, once at a time, and whoever does not
// want to wait longer takes the last one. The zero value is ready.
type memory[T any] struct {
	mu    sync.Mutex
	value T
	known bool
	at    time.Time     // when it was known
	took  time.Duration // how long that had taken
	done  chan struct{} // closed at the end of the question under way; nil without one
}

// How a question is asked.
type manner struct {
	// young is for how long an answer is good. One that took long is good for ten
	// times as long as it took, so that asking never fills the day.
	young time.Duration
	// patience is how long to wait for a new one.
	patience time.Duration
	// old is until when the last one is still told.
	old time.Duration
	// most ends the question.
	most time.Duration
}

// get returns an answer; false when there is none that is not too old.
func (m *memory[T]) get(ctx context.Context, how manner, ask func(context.Context) T) (T, bool) {
	m.mu.Lock()
	if m.known && realNow().Sub(m.at) < max(how.young, 10*m.took) {
		defer m.mu.Unlock()
		return m.value, true
	}
	if m.done == nil {
		m.done = make(chan struct{})
		go m.ask(context.WithoutCancel(ctx), how.most, ask) // who asked first may go; others wait
	}
	done := m.done
	m.mu.Unlock()

	timer := time.NewTimer(how.patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value, m.known && realNow().Sub(m.at) < max(how.old, 10*m.took)
}

func (m *memory[T]) ask(ctx context.Context, most time.Duration, ask func(context.Context) T) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	began := realNow()
	value := ask(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value, m.known, m.at = value, true, realNow()
	m.took = min(m.at.Sub(began), maxTook)
	close(m.done)
	m.done = nil
}

// maxTook bounds how long a slow answer is good for: a database that hung must not
// look so long after it is back.
const maxTook = 300 * time.Millisecond
