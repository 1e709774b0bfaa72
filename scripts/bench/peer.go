package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// peer is what all peers share: their database and how completion is read.
type peer struct {
	pool *pgxpool.Pool
	url  string
	drop func()
}

func newPeer(ctx context.Context, s *server, conns int32) (*peer, error) {
	url, drop, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	if err := createPeerTables(ctx, url); err != nil {
		return nil, err
	}
	p, err := pool(ctx, url, conns)
	return &peer{p, url, drop}, err
}

func (p *peer) reference(i int) string { return reference(i) }

func (p *peer) done(ctx context.Context) (int, error) {
	var n int
	err := p.pool.QueryRow(ctx, "SELECT count(*) FROM outcome").Scan(&n)
	return n, err
}

func (p *peer) committed(ctx context.Context) (map[string]time.Time, error) {
	return commitTimes(ctx, p.pool, "SELECT reference, pg_xact_commit_timestamp(xmin) FROM outcome")
}

func (p *peer) close() {
	p.pool.Close()
	p.drop()
}

func commitTimes(ctx context.Context, pool *pgxpool.Pool, query string) (map[string]time.Time, error) {
	rows, err := pool.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	times := map[string]time.Time{}
	var reference string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&reference, &at}, func() error {
		times[reference] = at
		return nil
	})
	return times, err
}

// groupCommit gathers rows of many callers into one transaction: it drains what
// is queued, without a timer, as the hub's own committer does.
type groupCommit struct {
	queue chan waiting
	flush func(ctx context.Context, rows []row) error
}

type waiting struct {
	row  row
	done chan error
}

func newGroupCommit(ctx context.Context, flush func(context.Context, []row) error) *groupCommit {
	g := &groupCommit{queue: make(chan waiting, 1024), flush: flush}
	go g.run(ctx)
	return g
}

func (g *groupCommit) run(ctx context.Context) {
	for {
		var batch []waiting
		select {
		case <-ctx.Done():
			return
		case w := <-g.queue:
			batch = append(batch, w)
		}
		for more := true; more && len(batch) < 500; {
			select {
			case w := <-g.queue:
				batch = append(batch, w)
			default:
				more = false
			}
		}
		rows := make([]row, len(batch))
		for i, w := range batch {
			rows[i] = w.row
		}
		err := g.flush(ctx, rows)
		for _, w := range batch {
			w.done <- err
		}
	}
}

func (g *groupCommit) do(ctx context.Context, r row) error {
	w := waiting{r, make(chan error, 1)}
	select {
	case g.queue <- w:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
