package events

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// sweepBatch is how many customers or entries one transaction of a sweep takes:
// locks are held for milliseconds only.
const sweepBatch = 500

// moment of a sweep, with its local date.
func (p *Processor) moment(now time.Time) decision.Moment {
	now = now.UTC().Truncate(time.Microsecond)
	return decision.Moment{At: now, Today: calendar.FromTime(now, p.zone)}
}

// DayRoll brings the register to today: notices past their end become ENDED,
// then those whose start has come become ACTIVE, each from the start of its
// day, however late this runs. Several replicas share the customers.
func (p *Processor) DayRoll(ctx context.Context, now time.Time) error {
	at := p.moment(now)
	return p.repeat(ctx, func(tx pgx.Tx, out *Assembly) (int, error) {
		crns, err := store.Due(ctx, tx, at.Today, sweepBatch)
		if err != nil || len(crns) == 0 {
			return 0, err
		}
		notices, err := store.LockNotices(ctx, tx, crns...)
		if err != nil {
			return 0, err
		}
		changed := 0
		for _, crn := range crns {
			if changes := register.Roll(notices[crn], at.Today); len(changes) > 0 {
				changed++
				out.Changes(changes, System, at, "")
			}
		}
		crashpoint.Here("auto.dayroll-mid")
		return changed, nil
	})
}

// Withdrawals sees to requests that came while their submission was on its way
// to an officer in another transaction.
func (p *Processor) Withdrawals(ctx context.Context, _ time.Time) error {
	return p.repeat(ctx, func(tx pgx.Tx, out *Assembly) (int, error) {
		open, err := store.OpenWithdrawals(ctx, tx, sweepBatch)
		if err != nil || len(open) == 0 {
			return 0, err
		}
		refs := make([]store.Ref, len(open))
		for i, w := range open {
			refs[i] = w.Ref
			open[i].Settled = true
		}
		submissions, err := store.LockByRef(ctx, tx, refs)
		if err != nil {
			return 0, err
		}
		at := p.Moment() // after the locks, so that a history runs forward
		for i := range submissions {
			if s := &submissions[i]; s.Status == term.Unprocessed {
				if err := p.takeBack(ctx, tx, out, s, at, telemetry.Traceparent(ctx)); err != nil {
					return 0, err
				}
			}
		}
		out.Work.Withdrawals = open
		return len(open), nil
	})
}

// Claims gives entries back whose claim has expired, and wakes those whose day
// has come, and sums up the kept counts. All of it counts at once without it;
// this keeps what is stored tidy.
func (p *Processor) Claims(ctx context.Context, now time.Time) error {
	at := p.moment(now)
	if err := store.SumCounts(ctx, p.Pool); err != nil {
		return err
	}
	return p.repeat(ctx, func(tx pgx.Tx, out *Assembly) (int, error) {
		expired, err := store.ExpireClaims(ctx, tx, at.At, sweepBatch)
		if err != nil {
			return 0, err
		}
		for _, id := range expired {
			out.Done = append(out.Done, Entry("queue.claim-expired", id))
		}
		woken, err := store.WakeHolds(ctx, tx, at.Today, sweepBatch)
		for _, id := range woken {
			out.Done = append(out.Done, Entry("queue.hold-ended", id))
		}
		return len(expired) + len(woken), err
	})
}

// repeat runs transactions until one finds nothing to do.
func (p *Processor) repeat(ctx context.Context, f func(pgx.Tx, *Assembly) (int, error)) error {
	for {
		if err := p.Relay.Room(ctx); err != nil {
			return err
		}
		var n int
		err := p.Commit(ctx, func(tx pgx.Tx, out *Assembly) (err error) {
			n, err = f(tx, out)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// Commit runs f in a transaction, writes what it gathered with the events that
// tell of it, and hands these to the relay once they are committed.
func (p *Processor) Commit(ctx context.Context, f func(pgx.Tx, *Assembly) error) error {
	var rows []outbox.Row
	err := postgres.InTx(ctx, p.Pool, func(tx pgx.Tx) error {
		out := NewAssembly(p.zone)
		if err := f(tx, out); err != nil {
			return err
		}
		if err := p.write(ctx, tx, out); err != nil {
			return err
		}
		rows = Rows(out)
		if err := outbox.Insert(ctx, tx, rows...); err != nil {
			return err
		}
		if out.Point != "" {
			crashpoint.Here(out.Point)
		}
		return nil
	})
	if err == nil && len(rows) > 0 {
		p.Relay.Committed(rows...)
	}
	return err
}
