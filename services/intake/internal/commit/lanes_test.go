package commit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// TestLanesAcrossProcesses lodges for few customers through two processes with
// two committers each, so that their caches are wrong all the time.
func TestLanesAcrossProcesses(t *testing.T) {
	t.Parallel()
	pool := postgrestest.Pool(t, store.Schema())
	o := options()
	o.Committers, o.BatchMax, o.LaneCache = 2, 20, 30
	one, _ := start(t, pool, o)
	two, _ := start(t, pool, o)
	const each, callers = 40, 40
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := range each {
				crn := fmt.Sprintf("%09dA", (caller*7+i)%12)
				if i%9 == 0 {
					crn = ""
				}
				through := one
				if (caller+i)%2 == 0 {
					through = two
				}
				s := submission(fmt.Sprintf("%d/%d", caller, i), crn, "x")
				for {
					r := lodge(t, through, s)
					if r.Err == nil {
						break
					}
					if !fault.Retryable(r.Err) {
						t.Errorf("%v", r.Err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	if n := scalar[int](t, pool, "SELECT count(*) FROM submission"); n != each*callers {
		t.Errorf("%d submissions, want %d", n, each*callers)
	}
	checkLanes(t, pool)
}

// TestPoisonHurtsOnlyItself queues a submission the database refuses among good ones.
func TestPoisonHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	pool := postgrestest.Pool(t, store.Schema())
	c := commit.New(deps(t, pool, new(relay)), options())
	answers := make([]chan commit.Result, 20)
	for i := range answers {
		answers[i] = make(chan commit.Result, 1)
		s := submission(fmt.Sprint(i), "123456789A", "x")
		if i == 13 {
			s.CaseWorker = "not UTF-8: \xff"
		}
		if err := c.Offer(&commit.Lodgement{Submission: s, Answer: func(r commit.Result) { answers[i] <- r }}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, c)
	for i, a := range answers {
		if r := <-a; (r.Err != nil) != (i == 13) || (i == 13 && !fault.Is(r.Err, fault.Internal)) {
			t.Errorf("%d: %v", i, r.Err)
		}
	}
	checkLanes(t, pool)
}

// run runs a committer until the test ends.
func run(t *testing.T, c *commit.Committer) context.CancelFunc {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Run(ctx)
	}()
	stop := func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func TestFullQueueAndStop(t *testing.T) {
	t.Parallel()
	pool := postgrestest.Pool(t, store.Schema())
	o := options()
	o.QueueSize = 2
	c := commit.New(deps(t, pool, new(relay)), o)
	answers := make(chan commit.Result, 3)
	left := make(chan struct{})
	close(left)
	offer := func(reference string, givenUp <-chan struct{}) error {
		return c.Offer(&commit.Lodgement{Submission: submission(reference, "", "x"), GivenUp: givenUp, Answer: func(r commit.Result) { answers <- r }})
	}
	for reference, givenUp := range map[string]chan struct{}{"stays": nil, "left": left} {
		if err := offer(reference, givenUp); err != nil {
			t.Fatal(err)
		}
	}
	if err := offer("too many", nil); !fault.Is(err, fault.Exhausted) {
		t.Errorf("a full queue: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Enqueue(ctx, &commit.Lodgement{Submission: submission("waits", "", "x")}); !fault.Is(err, fault.Deadline) {
		t.Errorf("waiting for room: %v", err)
	}
	run(t, c)() // stops at once, but answers what is queued
	var kinds [2]fault.Kind
	for i := range kinds {
		kinds[i] = fault.KindOf((<-answers).Err)
	}
	if kinds != [2]fault.Kind{fault.Unknown, fault.Canceled} && kinds != [2]fault.Kind{fault.Canceled, fault.Unknown} {
		t.Errorf("queued at the stop: %v", kinds)
	}
	if err := offer("late", nil); !fault.Is(err, fault.Unavailable) {
		t.Errorf("after the stop: %v", err)
	}
	if n := scalar[int](t, pool, "SELECT count(*) FROM submission WHERE reference = 'stays'"); n != 1 {
		t.Errorf("%d submissions", n)
	}
}

// TestTerminatedSessions ends the committer's sessions again and again: callers
// see good answers or Unavailable, and what was answered well is there.
func TestTerminatedSessions(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t, store.Schema())
	pool, err := postgres.Open(t.Context(), address, store.Schema(), postgres.Options{ApplicationName: "victim", Scope: postgres.Everything})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	killer, err := postgres.Open(t.Context(), address, postgres.Schema{Name: "public", Role: "postgres"}, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(killer.Close)
	c, _ := start(t, pool, options())
	stop := make(chan struct{})
	var killing, all sync.WaitGroup
	killing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(15 * time.Millisecond):
				_, _ = killer.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()")
			}
		}
	})
	var good sync.Map
	for caller := range 16 {
		all.Go(func() {
			for i := range 60 {
				s := submission(fmt.Sprintf("%d/%d", caller, i), fmt.Sprintf("%09dA", caller%4), "x")
				for {
					r := lodge(t, c, s)
					if r.Err == nil {
						good.Store(r.Submission.SubmissionID.String(), true)
						break
					}
					if !fault.Is(r.Err, fault.Unavailable) {
						t.Errorf("%v", r.Err)
						return
					}
					// Lodged again under the same reference, as callers do.
					s = submission(s.Reference, s.CRN, "x")
				}
			}
		})
	}
	all.Wait()
	close(stop)
	killing.Wait()
	good.Range(func(id, _ any) bool {
		if n := scalar[int](t, killer, "SELECT count(*) FROM intake.submission WHERE id = $1::text::uuid", id); n != 1 {
			t.Errorf("submission %v was receipted and is not there", id)
		}
		return true
	})
	fresh, err := postgres.Open(t.Context(), address, store.Schema(), postgres.Options{Scope: postgres.Everything})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fresh.Close)
	checkLanes(t, fresh)
}
