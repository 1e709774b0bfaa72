package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Hand-batched: still a job per submission, but calls and workers share group
// commits, and jobs are inserted with InsertManyFastTx.

type sharedDecider struct {
	river.WorkerDefaults[decideJob]
	commit *groupCommit
}

func (w *sharedDecider) Work(ctx context.Context, job *river.Job[decideJob]) error {
	return w.commit.do(ctx, job.Args.Row)
}

type sharedAdviser struct {
	river.WorkerDefaults[adviseJob]
	commit *groupCommit
}

func (w *sharedAdviser) Work(ctx context.Context, job *river.Job[adviseJob]) error {
	return w.commit.do(ctx, job.Args.Row)
}

type riverBatched struct {
	*riverPeer
	front *groupCommit
}

func newRiverBatched(ctx context.Context, s *server) (subject, error) {
	r := &riverBatched{}
	p, err := startRiver(ctx, s, 40, 1000, func(p *riverPeer, w *river.Workers) {
		river.AddWorker(w, &sharedDecider{commit: newGroupCommit(ctx, func(ctx context.Context, rows []row) error {
			return p.write(ctx, unnestDecisions, columnsOf(rows).decisions(), jobs(rows, func(r row) river.JobArgs { return adviseJob{r} }))
		})})
		river.AddWorker(w, &sharedAdviser{commit: newGroupCommit(ctx, func(ctx context.Context, rows []row) error {
			return p.write(ctx, unnestOutcomes, columnsOf(rows).outcomes(), nil)
		})})
	})
	if err != nil {
		return nil, err
	}
	r.riverPeer = p
	r.front = newGroupCommit(ctx, func(ctx context.Context, rows []row) error {
		return p.write(ctx, unnestSubmissions, columnsOf(rows).submissions(), jobs(rows, func(r row) river.JobArgs { return decideJob{r} }))
	})
	return r, nil
}

func jobs(rows []row, of func(row) river.JobArgs) []river.InsertManyParams {
	params := make([]river.InsertManyParams, len(rows))
	for i, r := range rows {
		params[i] = river.InsertManyParams{Args: of(r)}
	}
	return params
}

func (p *riverPeer) write(ctx context.Context, statement string, args []any, next []river.InsertManyParams) error {
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, statement, args...); err != nil || len(next) == 0 {
			return err
		}
		_, err := p.client.InsertManyFastTx(ctx, tx, next)
		return err
	})
}

func (r *riverBatched) submit(ctx context.Context, i int) error { return r.front.do(ctx, makeRow(i)) }

// A queue of batches: one job per group commit, completed in its transaction.

type decideBatch struct{ Rows []row }

func (decideBatch) Kind() string { return "decide-batch" }

type adviseBatch struct{ Rows []row }

func (adviseBatch) Kind() string { return "advise-batch" }

type batchDecider struct {
	river.WorkerDefaults[decideBatch]
	p *riverPeer
}

func (w *batchDecider) Work(ctx context.Context, job *river.Job[decideBatch]) error {
	return pgx.BeginFunc(ctx, w.p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, unnestDecisions, columnsOf(job.Args.Rows).decisions()...); err != nil {
			return err
		}
		if _, err := w.p.client.InsertTx(ctx, tx, adviseBatch(job.Args), nil); err != nil {
			return err
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}

type batchAdviser struct {
	river.WorkerDefaults[adviseBatch]
	p *riverPeer
}

func (w *batchAdviser) Work(ctx context.Context, job *river.Job[adviseBatch]) error {
	return pgx.BeginFunc(ctx, w.p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, unnestOutcomes, columnsOf(job.Args.Rows).outcomes()...); err != nil {
			return err
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}

type riverQueue struct {
	*riverPeer
	front *groupCommit
}

func newRiverQueue(ctx context.Context, s *server) (subject, error) {
	p, err := startRiver(ctx, s, 40, 100, func(p *riverPeer, w *river.Workers) {
		river.AddWorker(w, &batchDecider{p: p})
		river.AddWorker(w, &batchAdviser{p: p})
	})
	if err != nil {
		return nil, err
	}
	return &riverQueue{p, newGroupCommit(ctx, func(ctx context.Context, rows []row) error {
		return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, unnestSubmissions, columnsOf(rows).submissions()...); err != nil {
				return err
			}
			_, err := p.client.InsertTx(ctx, tx, decideBatch{rows}, nil)
			return err
		})
	})}, nil
}

func (r *riverQueue) submit(ctx context.Context, i int) error { return r.front.do(ctx, makeRow(i)) }
