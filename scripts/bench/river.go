package main

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverPeer is what the three River pipelines share.
type riverPeer struct {
	*peer
	client *river.Client[pgx.Tx]
	cancel context.CancelFunc
}

func (p *riverPeer) close() {
	p.cancel()
	<-p.client.Stopped()
	p.peer.close()
}

func startRiver(ctx context.Context, s *server, conns int32, maxWorkers int, register func(*riverPeer, *river.Workers)) (*riverPeer, error) {
	base, err := newPeer(ctx, s, conns)
	if err != nil {
		return nil, err
	}
	p := &riverPeer{peer: base}
	driver := riverpgxv5.New(base.pool)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	register(p, workers)
	p.client, err = river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: maxWorkers}}, Workers: workers, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	return p, p.client.Start(running)
}

// Plain: a job per step and submission, a transaction per step, as River's
// documentation shows it.

type decideJob struct{ Row row }

func (decideJob) Kind() string { return "decide" }

type adviseJob struct{ Row row }

func (adviseJob) Kind() string { return "advise" }

type plainDecider struct {
	river.WorkerDefaults[decideJob]
	p *riverPeer
}

func (w *plainDecider) Work(ctx context.Context, job *river.Job[decideJob]) error {
	return pgx.BeginFunc(ctx, w.p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertDecision, job.Args.Row.decision()...); err != nil {
			return err
		}
		_, err := w.p.client.InsertTx(ctx, tx, adviseJob(job.Args), nil)
		return err
	})
}

type plainAdviser struct {
	river.WorkerDefaults[adviseJob]
	p *riverPeer
}

func (w *plainAdviser) Work(ctx context.Context, job *river.Job[adviseJob]) error {
	_, err := w.p.pool.Exec(ctx, insertOutcome, job.Args.Row.outcome()...)
	return err
}

type riverPlain struct{ *riverPeer }

func newRiverPlain(ctx context.Context, s *server) (subject, error) {
	p, err := startRiver(ctx, s, 40, 100, func(p *riverPeer, w *river.Workers) {
		river.AddWorker(w, &plainDecider{p: p})
		river.AddWorker(w, &plainAdviser{p: p})
	})
	return &riverPlain{p}, err
}

func (r *riverPlain) submit(ctx context.Context, i int) error {
	row := makeRow(i)
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertSubmission, row.submission()...); err != nil {
			return err
		}
		_, err := r.client.InsertTx(ctx, tx, decideJob{row}, nil)
		return err
	})
}
