package operations

import (
	"context"
	"sync"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
)

// outboxLimit is how far an outbox is counted: producers are held back at 20,000.
const outboxLimit = 50_000

// gauge reads what one service has to do.
type gauge struct {
	part         *Part
	applied      map[string]*rate // by consumer
	transactions rate
	kept         memory[*reading]
}

// reading is what was read of a service.
type reading struct {
	databaseErr error
	outbox      outbox.Standing
	parked      []inbox.Count

	busErr   error
	progress map[string]bus.Progress // by consumer
}

func newGauge(p *Part) *gauge {
	g := &gauge{part: p, applied: map[string]*rate{}}
	for _, t := range p.consumes() {
		g.applied[t.Consumer] = &rate{}
	}
	return g
}

// sample notes how many events were applied in this process.
func (g *gauge) sample(at time.Time) {
	for name, r := range g.applied {
		if n, runs := inbox.Applied(g.part.Pool, name); runs {
			r.note(at, n)
		}
	}
}

// gaugeManner: an answer must come within 200 ms of the call, whatever happens; the
// rest of that is for the way. What hangs is known to hang after a second.
var gaugeManner = manner{young: 500 * time.Millisecond, patience: 150 * time.Millisecond, old: 10 * time.Second, most: time.Second}

// read is the newest reading; nil when the service has not answered in time.
func (g *gauge) read(ctx context.Context) *reading {
	r, ok := g.kept.get(ctx, gaugeManner, g.ask)
	if !ok {
		return nil
	}
	return r
}

// ask asks the database and the bus at the same time.
func (g *gauge) ask(ctx context.Context) *reading {
	var r reading
	var both sync.WaitGroup
	both.Go(func() { r.databaseErr = g.askDatabase(ctx, &r) })
	both.Go(func() { r.progress, r.busErr = g.askBus(ctx) })
	both.Wait()
	return &r
}

func (g *gauge) askDatabase(ctx context.Context, r *reading) (err error) {
	conn, err := g.part.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	// Everybody may read it; what it tells is of the whole database, which services
	// may share.
	var n int64
	if err = conn.QueryRow(ctx, `SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		return err
	}
	g.transactions.note(realNow(), n)
	if g.part.publishes() {
		if r.outbox, err = outbox.Look(ctx, conn, outboxLimit); err != nil {
			return err
		}
	}
	if g.part.parks() {
		r.parked, err = inbox.Counts(ctx, conn)
	}
	return err
}

func (g *gauge) askBus(ctx context.Context) (map[string]bus.Progress, error) {
	if g.part.Bus == nil {
		return nil, nil //nolint:nilnil // there is nothing to ask
	}
	tasks := g.part.consumes()
	if len(tasks) == 0 {
		return nil, g.part.Bus.Ready(ctx)
	}
	progress := make(map[string]bus.Progress, len(tasks))
	for _, t := range tasks {
		p, err := g.part.Bus.Progress(ctx, t.Stream, t.Consumer)
		if err != nil {
			return nil, err
		}
		progress[t.Consumer] = p
	}
	return progress, nil
}
