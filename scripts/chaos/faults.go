package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// faults makes the world suffer and counts what it did.
type faults struct {
	w        *world
	oracles  *oracles
	r        *rand.Rand
	deadline time.Time
	turn     int // of the points
	nights   int

	pauses sync.WaitGroup

	mu       sync.Mutex
	kills    int
	courier  int
	database int
	hit      map[string]int
}

func newFaults(w *world, o *oracles) *faults {
	return &faults{w: w, oracles: o, r: w.random(1), hit: map[string]int{}, deadline: time.Now().Add(time.Duration(w.minutes * float64(time.Minute)))}
}

// overtime lets a run on a busy machine come to every point: half as long again.
const overtime = 0.5

// suffer does one fault after the other until the time is over. Every other one
// is a death of two processes at crash points; between them come all the rest.
// It ends early when an oracle has found what was planted.
func (f *faults) suffer(ctx context.Context) {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { f.oracles.watch(watching) })
	defer watch.Wait()
	defer f.pauses.Wait()
	defer stop()
	sleep(ctx, 2*time.Second) // let the load begin
	rest := []func(context.Context) error{
		f.wipeCourier, f.killOne, f.midnight, f.stopDatabase, f.copyCourier, f.pauseOne, f.midnight, f.killAll,
		f.restoreCourier, f.midnight, f.killDatabase, f.killCourier, f.midnight, f.cutSessions, f.killBackend, f.midnight,
		f.pauseCourier, f.copyCourier, f.killOne,
	}
	for i := 0; ctx.Err() == nil && f.goOn(); i++ {
		fault := rest[(i/2)%len(rest)]
		if i%2 == 0 {
			fault = f.crashSome
		}
		if err := fault(ctx); err != nil && ctx.Err() == nil {
			say("fault: %v", err)
		}
		sleep(ctx, time.Duration(200+f.r.IntN(600))*time.Millisecond)
	}
}

func (f *faults) goOn() bool {
	switch now := time.Now(); {
	case f.w.planted != "" && f.oracles.found.any():
		return false
	case now.Before(f.deadline):
		return true
	default:
		over := time.Duration(overtime * f.w.minutes * float64(time.Minute))
		return f.w.planted == "" && len(f.missed()) > 0 && now.Before(f.deadline.Add(over))
	}
}

// calm lets the load run for a while without faults, with everything up.
func (f *faults) calm(ctx context.Context) {
	if f.w.planted != "" && f.oracles.found.any() {
		return
	}
	say("faults stop; load goes on")
	sleep(ctx, 5*time.Second)
}

// crashSome takes the next two points, those that were never hit first.
func (f *faults) crashSome(ctx context.Context) error {
	var some []point
	for tries := 0; len(some) < 2 && tries < 2*len(points); tries++ {
		p := points[f.turn%len(points)]
		f.turn++
		if tries < len(points) && f.turn > len(points) && f.hit[p.name] > 0 {
			continue
		}
		some = append(some, p)
	}
	return f.crashAt(ctx, some...)
}

func (f *faults) any() *process { return f.w.services[replicas[f.r.IntN(len(replicas))].name] }

func (f *faults) killOne(context.Context) error {
	p := f.any()
	say("kill -9 %s", p.name)
	p.kill()
	f.kills++
	return p.start()
}

// fell kills every service at once.
func (f *faults) fell() {
	for _, p := range f.w.services {
		p.strike()
	}
	for _, p := range f.w.services {
		p.kill()
		f.kills++
	}
}

func (f *faults) raise(except ...string) error {
	for _, r := range replicas {
		if slices.Contains(except, r.name) {
			continue
		}
		if err := f.w.services[r.name].start(); err != nil {
			return err
		}
	}
	return nil
}

func (f *faults) killAll(context.Context) error {
	say("kill -9 of every service at once")
	f.fell()
	return f.raise()
}

// pauseOne stops a process that keeps its locks, claims and connections, and lets
// it go on when others have done its work: up to beyond the 20 s after which
// its messages are given to others. Faults go on meanwhile and may kill it.
func (f *faults) pauseOne(ctx context.Context) error {
	p := f.any()
	f.pause(ctx, p, time.Duration(5+f.r.IntN(25))*time.Second)
	return nil
}

// pauseCourier makes the broker a black hole for long enough that clients notice.
func (f *faults) pauseCourier(ctx context.Context) error {
	f.pause(ctx, f.w.nats, 12*time.Second)
	return nil
}

func (f *faults) pause(ctx context.Context, p *process, d time.Duration) {
	say("SIGSTOP %s for %v", p.name, d)
	p.signal(syscall.SIGSTOP)
	f.pauses.Go(func() {
		sleep(ctx, d)
		p.signal(syscall.SIGCONT)
	})
}

// stopDatabase is PostgreSQL's immediate stop: no checkpoint, no goodbye.
func (f *faults) stopDatabase(ctx context.Context) error {
	say("PostgreSQL: immediate stop")
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.w.postgres.Stop(over); err != nil {
		return err
	}
	return f.reopen(ctx)
}

func (f *faults) killDatabase(ctx context.Context) error {
	say("PostgreSQL: kill -9 of the server")
	f.w.postgres.Kill()
	return f.reopen(ctx)
}

func (f *faults) reopen(ctx context.Context) error {
	f.database++
	sleep(ctx, time.Second)
	return f.w.startPostgres(ctx)
}

// killBackend makes PostgreSQL end all sessions and recover.
func (f *faults) killBackend(ctx context.Context) error {
	say("PostgreSQL: kill -9 of one session")
	pid, err := f.oracles.count(ctx, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`)
	if err != nil {
		return err
	}
	f.database++
	return syscall.Kill(pid, syscall.SIGKILL)
}

func (f *faults) cutSessions(ctx context.Context) error {
	say("PostgreSQL: random sessions ended, for 3 s")
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && ctx.Err() == nil; sleep(ctx, 100*time.Millisecond) {
		if _, err := f.oracles.count(ctx, `SELECT count(pg_terminate_backend(pid)) FROM (
			SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2) x`); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
	}
	return nil
}

func (f *faults) killCourier(ctx context.Context) error {
	say("NATS: kill -9")
	f.w.nats.kill()
	f.kills++
	return f.w.startBroker(ctx)
}

func (f *faults) wipeCourier(ctx context.Context) error {
	say("NATS: killed, store wiped")
	f.courier++
	return f.w.wipe(ctx)
}

func (f *faults) copyCourier(context.Context) error { return f.w.copyStore() }

func (f *faults) restoreCourier(ctx context.Context) error {
	say("NATS: killed, store set back to a copy")
	f.courier++
	return f.w.putBack(ctx)
}
