package inbox

import (
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/sweep"
)

// running are the consumers at work in this process, so that those who keep the
// hub running reach them without each service handing them over.
var running = struct {
	sync.Mutex
	by map[place]*replicas
}{by: map[place]*replicas{}}

// place is where a consumer works.
type place struct {
	pool *pgxpool.Pool
	name string
}

// replicas are the runs of one consumer in this process.
type replicas struct {
	applied atomic.Int64
	loops   map[*sweep.Loop]bool // over parked events; under running's lock
}

// enter makes a runner known until leave is called. A consumer's count begins
// again when its last run in the process has ended.
func (r *runner) enter() (leave func()) {
	at := place{r.Pool, r.Name}
	running.Lock()
	defer running.Unlock()
	all := running.by[at]
	if all == nil {
		all = &replicas{loops: map[*sweep.Loop]bool{}}
		running.by[at] = all
	}
	all.loops[&r.parked] = true
	r.all.Store(all)
	return func() {
		running.Lock()
		defer running.Unlock()
		if delete(all.loops, &r.parked); len(all.loops) == 0 {
			delete(running.by, at)
		}
	}
}

// Kick has a consumer's parked events that are due tried at once instead of at
// the next look, within a second. It does nothing for one that runs elsewhere.
func Kick(pool *pgxpool.Pool, consumer string) {
	running.Lock()
	defer running.Unlock()
	if all := running.by[place{pool, consumer}]; all != nil {
		for loop := range all.loops {
			loop.Kick()
		}
	}
}

// Applied is how many events a consumer has applied in this process since it
// started; false when it does not run here.
func Applied(pool *pgxpool.Pool, consumer string) (events int64, runs bool) {
	running.Lock()
	defer running.Unlock()
	all := running.by[place{pool, consumer}]
	if all == nil {
		return 0, false
	}
	return all.applied.Load(), true
}
