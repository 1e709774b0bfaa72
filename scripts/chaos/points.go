package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// point is a place in the code where a process can be made to die. pkg/crashpoint
// and the services' code say what each means.
type point struct {
	name     string
	services []string
}

var (
	intakes = []string{"intake-1", "intake-2"}
	autos   = []string{"autoprocessing-1", "autoprocessing-2"}
	advices = []string{"adviceoutcome-1", "adviceoutcome-2"}
	works   = []string{"workitems-1", "workitems-2"}
	records = []string{"registry"}
	senders = slices.Concat(intakes, autos, works, records)
	keepers = slices.Concat(advices, records)
	readers = slices.Concat(intakes, autos, works, keepers)
)

// points are reached under load, those of the inbox in the services that keep
// the outcomes as often as in all others: nothing else would notice there.
var points = []point{
	{"inbox.mid-batch", keepers},
	{"inbox.after-commit", keepers},
	{"outbox.after-puback", senders},
	{"inbox.before-commit", readers},
	{"intake.before-reply", intakes},
	{"auto.mid-transaction", autos},
	{"workitems.mid-transaction", works},
	{"outbox.before-publish", senders},
	{"intake.after-commit", intakes},
	{"inbox.after-fetch", readers},
	{"auto.before-outcome-commit", autos},
	{beforeDelete, senders},
	{"intake.before-commit", intakes},
	{"inbox.after-ack", readers},
	{"auto.before-resolve", autos},
	{"advice.before-commit", advices},
	{"intake.before-insert", intakes},
	{"inbox.mid-batch", readers},
	{"inbox.after-commit", readers},
	{"intake.after-insert", intakes},
}

// midnightPoints are reached when a day ends: those of the daily report. Those of
// the sweeps, dayRoll over notices and itemSweep over what falls due by date, are
// armed every time.
var midnightPoints = []point{
	{"report.before-close", advices},
	{"report.after-close", advices},
	{"report.mid-render", advices},
	{"report.before-seal", advices},
	{"report.after-seal", advices},
}

const (
	dayRoll   = "auto.dayroll-mid"
	itemSweep = "workitems.sweep-mid"
)

const beforeDelete = "outbox.before-delete"

// reach is how long a process may take to start and come to its point. Rows are
// only deleted when every consumer has acknowledged: one that died with messages
// is missed after 20 s.
func reach(name string) time.Duration {
	if name == beforeDelete {
		return 30 * time.Second
	}
	return 12 * time.Second
}

// missed are the points that were not hit.
func (f *faults) missed() []string {
	names := []string{}
	for _, name := range []string{dayRoll, itemSweep} {
		if f.hit[name] == 0 {
			names = append(names, name)
		}
	}
	for _, p := range slices.Concat(points, midnightPoints) {
		if f.hit[p.name] == 0 && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// arm starts a process, which must be dead, so that it dies at a point.
func (f *faults) arm(p *process, name string, hit int) error {
	return p.start(fmt.Sprintf("NOTICEHUB_CRASH=%s:%d", name, hit))
}

// collect waits for an armed process to die, and starts it again.
func (f *faults) collect(p *process, name string) error {
	died := p.wait(reach(name)) && p.said("crashpoint "+name+": ")
	f.mu.Lock()
	if died {
		f.hit[name]++
		f.kills++
	}
	f.mu.Unlock()
	say("crash at %s in %s: %s", name, p.name, map[bool]string{true: "died there", false: "not reached"}[died])
	p.kill()
	return p.start()
}

// crashAt restarts processes so that each dies at its point, all at a time.
func (f *faults) crashAt(_ context.Context, some ...point) error {
	var all sync.WaitGroup
	var taken []string
	for _, at := range some {
		free := slices.DeleteFunc(slices.Clone(at.services), func(name string) bool { return slices.Contains(taken, name) })
		if len(free) == 0 {
			continue // another point has its only process; its turn comes again
		}
		name := free[f.r.IntN(len(free))]
		taken = append(taken, name)
		p, hit := f.w.services[name], 1+f.r.IntN(3)
		p.kill()
		if err := f.arm(p, at.name, hit); err != nil {
			return err
		}
		all.Go(func() {
			if err := f.collect(p, at.name); err != nil {
				say("%s cannot be started: %v", p.name, err)
			}
		})
	}
	all.Wait()
	return nil
}
