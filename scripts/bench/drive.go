package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// subject is a pipeline under measurement: submit returns when the submission
// is durable, outcomes tells when each outcome was committed.
type subject interface {
	// submit lodges submission i.
	submit(ctx context.Context, i int) error
	// committed returns the commit time of each submission's outcome row.
	committed(ctx context.Context) (map[string]time.Time, error)
	// done reports how many submissions have all their rows.
	done(ctx context.Context) (int, error)
	// reference is what committed calls submission i.
	reference(i int) string
	close()
}

type result struct {
	rate        float64 // submissions/s, from the first call to the last consumer's commit
	submit, e2e []time.Duration
}

type load struct {
	mu      sync.Mutex
	started map[int]time.Time
	submit  []time.Duration
}

func (l *load) note(i int, from time.Time, took time.Duration) {
	l.mu.Lock()
	l.started[i] = from
	l.submit = append(l.submit, took)
	l.mu.Unlock()
}

// closedLoop keeps callers busy for a while and waits until everything is through.
func closedLoop(ctx context.Context, s subject, callers int, d time.Duration) (result, error) {
	l := &load{started: map[int]time.Time{}}
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, callers)
	begin := time.Now()
	if p, ok := s.(*pipeline); ok && len(p.streams) > 0 {
		if err := p.keepOutstanding(ctx, l, callers, begin.Add(d)); err != nil {
			return result{}, err
		}
		return l.finish(ctx, s, begin, errs)
	}
	for range callers {
		wait.Go(func() {
			for time.Since(begin) < d {
				i, from := int(next.Add(1)-1), time.Now()
				if err := s.submit(ctx, i); err != nil {
					errs <- err
					return
				}
				l.note(i, from, time.Since(from))
			}
		})
	}
	wait.Wait()
	return l.finish(ctx, s, begin, errs)
}

// openLoop submits at a fixed rate; latency counts from the scheduled time, so
// that a stall is not hidden by submitting less.
func openLoop(ctx context.Context, s subject, perSecond float64, d time.Duration) (result, error) {
	l := &load{started: map[int]time.Time{}}
	var wait sync.WaitGroup
	total := int(perSecond * d.Seconds())
	errs := make(chan error, total+1)
	begin := time.Now()
	for i := range total {
		due := begin.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
		if pause := time.Until(due); pause > 0 {
			time.Sleep(pause)
		}
		wait.Go(func() {
			if err := s.submit(ctx, i); err != nil {
				errs <- err
				return
			}
			l.note(i, due, time.Since(due))
		})
	}
	wait.Wait()
	return l.finish(ctx, s, begin, errs)
}

func (l *load) finish(ctx context.Context, s subject, begin time.Time, errs chan error) (result, error) {
	close(errs)
	for err := range errs {
		return result{}, err
	}
	wait, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		n, err := s.done(ctx)
		if err != nil {
			return result{}, err
		}
		if n >= len(l.started) {
			break
		}
		select {
		case <-wait.Done():
			if e, ok := s.(interface{ explain() string }); ok {
				say("%s", e.explain())
			}
			return result{}, fmt.Errorf("of %d submitted %d came through", len(l.started), n)
		case <-time.After(100 * time.Millisecond):
		}
	}
	committed, err := s.committed(ctx)
	if err != nil {
		return result{}, err
	}
	r := result{submit: l.submit}
	var last time.Time
	if all, ok := s.(interface{ finished() time.Time }); ok {
		last = all.finished() // the other consumers' last commit
	}
	for i, from := range l.started {
		at, ok := committed[s.reference(i)]
		if !ok {
			return result{}, errors.New(s.reference(i) + " has no outcome")
		}
		if at.After(last) {
			last = at
		}
		r.e2e = append(r.e2e, at.Sub(from))
	}
	r.rate = float64(len(l.started)) / last.Sub(begin).Seconds()
	slices.Sort(r.submit)
	slices.Sort(r.e2e)
	return r, nil
}

// quantile of sorted durations, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]) / float64(time.Millisecond)
}

func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
