// Package watch tells many callers what changed, at the cost of one reader.
//
// Duty: while somebody watches, it reads the present values of all that is
// watched, once in an interval for everybody together, and tells each caller what
// differs from what the caller was told last.
//
// Guarantees: a change that lasts is told to everyone who watches it, not later
// than an interval and a reading after it; a caller that is slow to ask is told
// the newest value once, not every one between; nothing is read while nobody
// watches; a failed reading ends nothing, callers wait for the next. Not here:
// values that came and went between two readings, and the order of changes to
// different keys.
package watch

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

// ErrClosed is what Next answers once the watcher is closed.
var ErrClosed = errors.New("watch: the watcher is closed")

// Poller reads for all its watchers. Its zero value is not usable: see New.
type Poller[K comparable, V any] struct {
	every time.Duration
	read  func(ctx context.Context, keys []K) (map[K]V, error)
	equal func(a, b V) bool
	log   *slog.Logger

	mu       sync.Mutex
	watchers map[*Watcher[K, V]]struct{}
	wake     chan struct{}
}

// New makes a poller that reads at most once in every. read returns the present
// value of each of the keys that exist, which are at least one and come without
// repetition; equal says that two values are one to whoever watches.
func New[K comparable, V any](every time.Duration, read func(ctx context.Context, keys []K) (map[K]V, error), equal func(a, b V) bool, log *slog.Logger) *Poller[K, V] {
	return &Poller[K, V]{every: every, read: read, equal: equal, log: log, watchers: map[*Watcher[K, V]]struct{}{}, wake: make(chan struct{}, 1)}
}

// Run reads until ctx ends.
func (p *Poller[K, V]) Run(ctx context.Context) error {
	var failing bool
	for {
		watching, keys := p.watched()
		if len(keys) == 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-p.wake:
				continue
			}
		}
		// Whoever comes from here on is no part of this reading, and waits for the next.
		began := clock.System().Now()
		values, err := p.read(ctx, keys)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if !failing {
				p.log.WarnContext(ctx, "what is watched cannot be read; trying again", "error", err)
			}
			failing = true
		default:
			failing = false
			for _, w := range watching {
				w.take(values, p.equal)
			}
		}
		if !p.rest(ctx, began) {
			return ctx.Err()
		}
	}
}

// rest waits for the next reading; it says no when ctx ended. Somebody who begins
// to watch is not kept waiting for an interval, unless readings take long.
func (p *Poller[K, V]) rest(ctx context.Context, began time.Time) bool {
	took := clock.System().Now().Sub(began)
	timer := time.NewTimer(max(p.every-took, took))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-p.wake:
			if clock.System().Now().Sub(began) >= 2*took+p.every/10 {
				return true
			}
			timer.Reset(max(0, 2*took+p.every/10-clock.System().Now().Sub(began)))
		}
	}
}

// watched is who watches, and all that they watch.
func (p *Poller[K, V]) watched() ([]*Watcher[K, V], []K) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[K]struct{}{}
	for w := range p.watchers {
		for _, k := range w.keys {
			all[k] = struct{}{}
		}
	}
	return slices.Collect(maps.Keys(p.watchers)), slices.Collect(maps.Keys(all))
}

// Watch begins to watch keys. The caller must Close what it returns.
func (p *Poller[K, V]) Watch(keys ...K) *Watcher[K, V] {
	w := &Watcher[K, V]{poller: p, keys: slices.Clone(keys), now: map[K]V{}, told: map[K]V{}, changed: make(chan struct{}, 1), closed: make(chan struct{})}
	p.mu.Lock()
	p.watchers[w] = struct{}{}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return w
}

// Watcher is one caller's view of what it watches. Next is for one goroutine;
// Close may be called by any, more than once.
type Watcher[K comparable, V any] struct {
	poller *Poller[K, V]
	keys   []K

	mu      sync.Mutex
	read    bool // at least one reading is in now
	begun   bool // something, or nothing, was told
	now     map[K]V
	told    map[K]V
	changed chan struct{}

	once   sync.Once
	closed chan struct{}
}

// take has the values of a reading.
func (w *Watcher[K, V]) take(values map[K]V, equal func(a, b V) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := !w.read
	w.read = true
	for _, k := range w.keys {
		v, exists := values[k]
		before, existed := w.told[k]
		if exists {
			w.now[k] = v
		} else {
			delete(w.now, k)
		}
		news = news || exists != existed || exists && !equal(v, before)
	}
	if news {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

// Next waits until something differs from what was told and returns that: first
// all that exists, perhaps nothing; then what changed, with the zero value for
// what is gone. It fails with ctx's error, or ErrClosed.
func (w *Watcher[K, V]) Next(ctx context.Context) (map[K]V, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-w.closed:
			return nil, ErrClosed
		case <-w.changed:
		}
		if news, ok := w.news(); ok {
			return news, nil
		}
	}
}

// news is what differs from what was told, which it is from now on. It says no
// when all is as it was told after all.
func (w *Watcher[K, V]) news() (map[K]V, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := map[K]V{}
	for k, v := range w.now {
		if before, told := w.told[k]; !told || !w.poller.equal(v, before) {
			news[k] = v
		}
	}
	for k := range w.told {
		if _, exists := w.now[k]; !exists {
			var gone V
			news[k] = gone
		}
	}
	first := !w.begun
	w.begun = true
	w.told = maps.Clone(w.now)
	return news, first || len(news) > 0
}

// Close ends watching.
func (w *Watcher[K, V]) Close() {
	w.once.Do(func() {
		w.poller.mu.Lock()
		delete(w.poller.watchers, w)
		w.poller.mu.Unlock()
		close(w.closed)
	})
}
