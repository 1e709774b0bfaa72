package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// point is a place in the code where a process can be made to die.
type point struct {
	name     string
	services []string
}

var points = []point{
	{"intake.before-insert", []string{"intake-1", "intake-2"}},
	{"intake.after-insert", []string{"intake-1", "intake-2"}},
	{"intake.before-commit", []string{"intake-1", "intake-2"}},
	{"intake.after-commit", []string{"intake-1", "intake-2"}},
	{"intake.before-reply", []string{"intake-1", "intake-2"}},
	{"outbox.before-publish", []string{"intake-1", "autoprocessing-1", "autoprocessing-2"}},
	{"outbox.after-puback", []string{"intake-2", "autoprocessing-1", "autoprocessing-2"}},
	{"outbox.before-delete", []string{"intake-1", "autoprocessing-1"}},
	{"inbox.after-fetch", []string{"autoprocessing-1", "adviceoutcome", "registry", "intake-1"}},
	{"inbox.mid-batch", []string{"autoprocessing-2", "adviceoutcome", "registry", "intake-2"}},
	{"inbox.before-commit", []string{"autoprocessing-1", "adviceoutcome", "registry", "intake-1"}},
	{"inbox.after-commit", []string{"autoprocessing-2", "adviceoutcome", "registry", "intake-2"}},
	{"inbox.after-ack", []string{"autoprocessing-1", "adviceoutcome"}},
	{"auto.before-resolve", []string{"autoprocessing-1", "autoprocessing-2"}},
	{"auto.mid-transaction", []string{"autoprocessing-1", "autoprocessing-2"}},
	{"auto.before-outcome-commit", []string{"autoprocessing-1", "autoprocessing-2"}},
	{"advice.before-commit", []string{"adviceoutcome"}},
}

// sealPoints are those of the daily report; they are hit when the day is closed.
var sealPoints = []string{"report.before-close", "report.after-close", "report.mid-render", "report.before-seal", "report.after-seal"}

// faults makes the world suffer and counts what it did.
type faults struct {
	w        *world
	r        *rand.Rand
	deadline time.Time
	kills    int
	courier  int
	database int
	hit      map[string]int
}

// suffer does one fault after the other until the time is over: every crash
// point in a random order, and between them kills, pauses, and losses of the
// courier and the database.
func (f *faults) suffer(ctx context.Context) {
	f.hit = map[string]int{}
	time.Sleep(3 * time.Second) // let the load begin
	order := f.r.Perm(len(points))
	others := []func(context.Context) error{f.killOne, f.wipeCourier, f.killOne, f.stopDatabase, f.restoreCourier, f.pauseOne, f.killAll}
	for i := 0; time.Now().Before(f.deadline) && ctx.Err() == nil; i++ {
		fault := others[(i/2)%len(others)]
		if i%2 == 0 {
			p := points[order[(i/2)%len(order)]]
			fault = func(ctx context.Context) error { return f.crashAt(ctx, p.name, p.services[f.r.IntN(len(p.services))]) }
		}
		if err := fault(ctx); err != nil {
			say("fault: %v", err)
		}
		time.Sleep(time.Duration(300+f.r.IntN(700)) * time.Millisecond)
	}
}

func (f *faults) any() *process {
	return f.w.services[replicas[f.r.IntN(len(replicas))].name]
}

func (f *faults) killOne(context.Context) error {
	p := f.any()
	say("kill -9 %s", p.name)
	p.kill()
	f.kills++
	return p.start()
}

func (f *faults) killAll(context.Context) error {
	say("kill -9 of every service at once")
	for _, p := range f.w.services {
		p.signal(syscall.SIGKILL)
	}
	for _, p := range f.w.services {
		p.kill()
		f.kills++
		if err := p.start(); err != nil {
			return err
		}
	}
	return nil
}

func (f *faults) pauseOne(context.Context) error {
	p := f.any()
	say("SIGSTOP %s for 6 s", p.name)
	p.signal(syscall.SIGSTOP)
	time.Sleep(6 * time.Second)
	p.signal(syscall.SIGCONT)
	return nil
}

// crashAt restarts a service so that it dies at a point, waits for that, and
// starts it again.
func (f *faults) crashAt(_ context.Context, name, service string) error {
	p := f.w.services[service]
	p.kill()
	if err := p.start(fmt.Sprintf("NOTICEHUB_CRASH=%s:%d", name, 1+f.r.IntN(3))); err != nil {
		return err
	}
	died := p.wait(8 * time.Second)
	if died {
		f.hit[name]++
		f.kills++
	}
	say("crash at %s in %s: %v", name, service, map[bool]string{true: "died there", false: "was not reached"}[died])
	p.kill()
	return p.start()
}

// stopDatabase stops PostgreSQL at once, without a checkpoint, and starts it again.
func (f *faults) stopDatabase(ctx context.Context) error {
	say("PostgreSQL: immediate stop")
	f.w.postgres.Kill()
	f.database++
	time.Sleep(time.Second)
	var err error
	f.w.postgres, err = f.w.startPostgres(ctx)
	return err
}

func (f *faults) store() string { return filepath.Join(f.w.dir, "nats") }

// wipeCourier kills the broker and takes its whole store away.
func (f *faults) wipeCourier(context.Context) error {
	say("NATS: killed, store wiped")
	f.w.nats.kill()
	f.courier++
	if err := os.RemoveAll(f.store()); err != nil {
		return err
	}
	return f.w.nats.start()
}

// restoreCourier puts back a copy of the broker's store made a while ago: the
// tail is lost, consumers stand where they stood.
func (f *faults) restoreCourier(context.Context) error {
	say("NATS: killed, store set back by 1.5 s")
	older := f.store() + ".older"
	if err := os.RemoveAll(older); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", f.store(), older).CombinedOutput(); err != nil && !strings.Contains(string(out), "No such file") {
		return fmt.Errorf("copy the store: %w: %s", err, out)
	}
	time.Sleep(1500 * time.Millisecond)
	f.w.nats.kill()
	f.courier++
	if err := os.RemoveAll(f.store()); err != nil {
		return err
	}
	if err := os.Rename(older, f.store()); err != nil {
		return err
	}
	return f.w.nats.start()
}
