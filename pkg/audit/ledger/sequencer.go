package ledger

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

const (
	// appendEntries and appendBytes end an append: half a second of the heaviest
	// load, and what may be in memory at a time.
	appendEntries = 16_384
	appendBytes   = 16 << 20
	appendRecords = 4096
	// lateness of a record makes its batch a late one.
	lateness = time.Minute
	// appendTime bounds one append, so that a connection that swallows packets does
	// not hold the sequencer.
	appendTime = 30 * time.Second
)

// Options of a sequencer.
type Options struct {
	// Every is the pause between looks for records; entries are under a signed
	// checkpoint about so long after they were written.
	Every time.Duration
	Log   *slog.Logger
	// Metrics may be nil.
	Metrics *prometheus.Registry
}

// Sequencer appends waiting records to the log and signs checkpoints.
type Sequencer struct {
	pool     *pgxpool.Pool
	key      *tree.Key
	options  Options
	measures measures

	// What the log was after this sequencer's last append; another one may have
	// appended since. Only the goroutine of Run, or the caller of Append, uses it.
	edge      *tree.Frontier
	latest    time.Time // latest recorded_at in the log
	signed    int64     // size of the last checkpoint
	watched   time.Time
	signedAt  time.Time // when this sequencer last signed
	batchSize int       // entries of an append, appendEntries but in tests
}

// NewSequencer makes a sequencer; the pool acts as the role of audit.Schema.
func NewSequencer(pool *pgxpool.Pool, key *tree.Key, o Options) *Sequencer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Sequencer{pool: pool, key: key, options: o, measures: newMeasures(o.Metrics), batchSize: appendEntries}
}

// Run appends until ctx ends. Trouble is logged and tried again.
func (s *Sequencer) Run(ctx context.Context) error {
	tick := time.NewTicker(s.options.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := s.drain(ctx); err != nil && ctx.Err() == nil {
			s.measures.failures.Inc()
			s.options.Log.Error("the audit log does not grow", "error", err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}

func (s *Sequencer) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := s.Append(ctx)
		if err != nil {
			s.edge = nil // read it again
			return err
		}
		if !more {
			break
		}
	}
	return s.watch(ctx)
}

// Append gives places to waiting records, as many as fit into one transaction,
// and says whether more are waiting. The last of them is followed by a signed
// checkpoint in the same transaction. While another sequencer appends it does
// nothing.
func (s *Sequencer) Append(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, appendTime)
	defer cancel()
	// Most of the time nothing waits; looking costs no transaction.
	var waits, behind bool
	if err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM audit.waiting),
		coalesce((SELECT first + count FROM audit.batch ORDER BY first DESC LIMIT 1), 0) > coalesce((SELECT max(size) FROM audit.checkpoint), 0)`).Scan(&waits, &behind); err != nil {
		return false, postgres.Classify(err)
	}
	if !waits && !behind {
		return false, nil
	}
	start := clock.System().Now()
	var work *work
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		work = nil
		held, err := hold(ctx, tx)
		if err != nil || !held {
			return err
		}
		if err := s.catchUp(ctx, tx); err != nil {
			return err
		}
		work, err = s.take(ctx, tx)
		if err != nil {
			return err
		}
		return s.write(ctx, tx, work)
	})
	if err != nil || work == nil {
		return false, err
	}
	s.edge, s.latest, s.signed = work.edge, work.latest, work.signed
	s.measures.appended(len(work.leaves), clock.System().Now().Sub(start))
	return work.more, nil
}

// hold makes this transaction the one that appends, if no other is.
func hold(ctx context.Context, tx pgx.Tx) (bool, error) {
	var one bool
	err := tx.QueryRow(ctx, `SELECT one FROM audit.writer FOR UPDATE SKIP LOCKED`).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return one, err
}

// catchUp reads the log's edge unless it is the one known.
func (s *Sequencer) catchUp(ctx context.Context, tx pgx.Tx) error {
	var size, signed int64
	var latest *time.Time
	err := tx.QueryRow(ctx, `SELECT coalesce(b.first + b.count, 0), b.latest, coalesce((SELECT max(size) FROM audit.checkpoint), 0)
		FROM (VALUES (1)) v LEFT JOIN (SELECT first, count, latest FROM audit.batch ORDER BY first DESC LIMIT 1) b ON true`).Scan(&size, &latest, &signed)
	if err != nil {
		return err
	}
	s.signed = signed
	if s.edge != nil && s.edge.Size() == size {
		return nil
	}
	if s.edge, err = tree.Restore(ctx, Hashes{tx}, size); err != nil {
		return err
	}
	if latest != nil {
		s.latest = *latest
	}
	return s.confirm(ctx, tx)
}

// confirm refuses to build on a log that is not the one last signed: what is wrong
// must be looked at before it is buried under new entries.
func (s *Sequencer) confirm(ctx context.Context, tx pgx.Tx) error {
	size, signed, err := Latest(ctx, tx)
	if err != nil || size == 0 {
		return err
	}
	verifier, err := s.key.Verifier()
	if err != nil {
		return err
	}
	broken := func(what string) error {
		return fault.New(fault.Internal, "AUDIT_LOG_BROKEN", "the audit log is not the one last signed: %s", what).
			WithHelp("Check the log: noticehub audit check.")
	}
	c, err := tree.OpenCheckpoint(signed, verifier)
	switch {
	case err != nil:
		return broken(err.Error())
	case c.Size > s.edge.Size():
		return broken("entries at its end are missing")
	}
	then, err := tree.Restore(ctx, Hashes{tx}, c.Size)
	if err != nil {
		return err
	}
	if then.Root() != c.Root {
		return broken("its hashes were altered")
	}
	return nil
}

// watchEvery is the pause between measurements.
const watchEvery = 2 * time.Second

// watch measures how far behind the log is.
func (s *Sequencer) watch(ctx context.Context) error {
	now := clock.System().Now()
	if s.options.Metrics == nil || now.Sub(s.watched) < watchEvery {
		return nil
	}
	s.watched = now
	backlog, oldest, err := Backlog(ctx, s.pool)
	if err != nil {
		return postgres.Classify(err)
	}
	s.measures.backlog.Set(float64(backlog))
	s.measures.oldest.Set(oldest.Seconds())
	_, signed, err := Latest(ctx, s.pool)
	if err != nil || signed == "" {
		return postgres.Classify(err)
	}
	verifier, err := s.key.Verifier()
	if err != nil {
		return err
	}
	c, err := tree.OpenCheckpoint(signed, verifier)
	if err != nil {
		return err
	}
	s.measures.age.Set(now.Sub(c.At).Seconds())
	return nil
}

// maxBacklog bounds the count of waiting records; more is as bad.
const maxBacklog = 100_000

// Backlog is the number of records without a place, counted up to 100,000, and
// the age of the oldest, 0 without any.
func Backlog(ctx context.Context, db Querier) (records int64, oldest time.Duration, err error) {
	var seconds float64
	err = db.QueryRow(ctx, `SELECT (SELECT count(*) FROM (SELECT FROM audit.waiting LIMIT $1) w),
		coalesce((SELECT extract(epoch FROM clock_timestamp() - r.recorded_at) FROM audit.waiting w JOIN audit.record r ON r.id = w.record_id ORDER BY w.record_id LIMIT 1), 0)::float8`,
		maxBacklog).Scan(&records, &seconds)
	return records, max(0, time.Duration(seconds*float64(time.Second))), err
}
