package watch_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/noticehub/noticehub/pkg/watch"
)

const every = 250 * time.Millisecond

// world is what is read: values by key, and how often.
type world struct {
	mu     sync.Mutex
	values map[string]int
	asked  [][]string
	fails  error
}

func (w *world) read(_ context.Context, keys []string) (map[string]int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(keys)
	w.asked = append(w.asked, keys)
	if w.fails != nil {
		return nil, w.fails
	}
	found := map[string]int{}
	for _, k := range keys {
		if v, ok := w.values[k]; ok {
			found[k] = v
		}
	}
	return found, nil
}

func (w *world) set(key string, value int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.values[key] = value
}

func (w *world) readings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// in runs f in a bubble with a running poller.
func in(t *testing.T, w *world, f func(t *testing.T, p *watch.Poller[string, int])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := watch.New(every, w.read, func(a, b int) bool { return a == b }, slog.New(slog.DiscardHandler))
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		f(t, p)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func next(t *testing.T, w *watch.Watcher[string, int], want map[string]int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*every)
	defer cancel()
	got, err := w.Next(ctx)
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("told %v, %v; want %v", got, err, want)
	}
}

func silent(t *testing.T, w *watch.Watcher[string, int]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*every)
	defer cancel()
	if got, err := w.Next(ctx); err == nil {
		t.Errorf("told %v when nothing changed", got)
	}
}

func TestEachIsToldWhatChangedForIt(t *testing.T) {
	t.Parallel()
	w := &world{values: map[string]int{"a": 1, "b": 1}}
	in(t, w, func(t *testing.T, p *watch.Poller[string, int]) {
		one, two := p.Watch("a", "b", "c"), p.Watch("b")
		defer one.Close()
		defer two.Close()
		next(t, one, map[string]int{"a": 1, "b": 1})
		next(t, two, map[string]int{"b": 1})
		w.set("a", 2)
		next(t, one, map[string]int{"a": 2})
		silent(t, two)
		w.set("c", 7)
		next(t, one, map[string]int{"c": 7})
		w.mu.Lock()
		delete(w.values, "c")
		w.mu.Unlock()
		next(t, one, map[string]int{"c": 0})
	})
}

func TestWhatIsThereIsToldOnceAndNothingToo(t *testing.T) {
	t.Parallel()
	in(t, &world{values: map[string]int{}}, func(t *testing.T, p *watch.Poller[string, int]) {
		w := p.Watch("nobody")
		defer w.Close()
		next(t, w, map[string]int{})
		silent(t, w)
	})
}

func TestASlowCallerIsToldTheNewest(t *testing.T) {
	t.Parallel()
	w := &world{values: map[string]int{"a": 1}}
	in(t, w, func(t *testing.T, p *watch.Poller[string, int]) {
		slow := p.Watch("a")
		defer slow.Close()
		next(t, slow, map[string]int{"a": 1})
		for v := 2; v <= 5; v++ {
			w.set("a", v)
			time.Sleep(2 * every)
		}
		next(t, slow, map[string]int{"a": 5})
		w.set("a", 6)
		time.Sleep(2 * every)
		w.set("a", 5)
		time.Sleep(2 * every)
		silent(t, slow)
	})
}

func TestNothingIsReadForNobody(t *testing.T) {
	t.Parallel()
	w := &world{values: map[string]int{"a": 1}}
	in(t, w, func(t *testing.T, p *watch.Poller[string, int]) {
		time.Sleep(20 * every)
		if n := w.readings(); n != 0 {
			t.Errorf("%d readings for nobody", n)
		}
		for range 3 { // all together
			defer p.Watch("a").Close()
		}
		time.Sleep(10*every + every/2)
		if n := w.readings(); n < 8 || n > 12 {
			t.Errorf("%d readings in 10 intervals", n)
		}
	})
}

func TestAFailedReadingIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := &world{values: map[string]int{"a": 1}, fails: errors.New("away")}
	in(t, w, func(t *testing.T, p *watch.Poller[string, int]) {
		one := p.Watch("a")
		defer one.Close()
		silent(t, one)
		w.mu.Lock()
		w.fails = nil
		w.mu.Unlock()
		next(t, one, map[string]int{"a": 1})
	})
}

func TestAClosedWatcherWaitsForNothing(t *testing.T) {
	t.Parallel()
	w := &world{values: map[string]int{"a": 1}}
	in(t, w, func(t *testing.T, p *watch.Poller[string, int]) {
		one := p.Watch("a")
		next(t, one, map[string]int{"a": 1})
		one.Close()
		one.Close()
		if _, err := one.Next(t.Context()); !errors.Is(err, watch.ErrClosed) {
			t.Errorf("Next of a closed watcher: %v", err)
		}
		time.Sleep(2 * every)
		before := w.readings()
		time.Sleep(10 * every)
		if n := w.readings(); n != before {
			t.Errorf("%d readings for nobody", n-before)
		}
	})
}
