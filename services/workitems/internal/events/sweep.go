package events

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/run"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/childkey"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

const (
	// dueChunk and endingChunk are how many customers or notices one transaction
	// takes: locks are held for a fraction of a second.
	dueChunk    = 500
	endingChunk = 2000
)

// earliest lies before every day that is kept.
var earliest = calendar.DateOf(1, time.January, 1)

// share runs the chunks of a sweep in several workers until none of them finds
// any more. Each worker walks the whole order; what another one or another
// replica has locked is passed over.
func (g *Generator) share(ctx context.Context, chunks func() func(context.Context) (int, error)) error {
	workers := make([]func(context.Context) error, g.SweepWorkers)
	for i := range workers {
		next := chunks()
		workers[i] = func(ctx context.Context) error {
			for {
				// What the sweep raises has to be told; it waits while nobody listens.
				if err := g.Relay.Room(ctx); err != nil {
					return err
				}
				if n, err := next(ctx); err != nil || n == 0 {
					return err
				}
			}
		}
	}
	return run.All(ctx, workers...)
}

// commit runs f in a transaction with the rows it returns, and hands these over.
func (g *Generator) commit(ctx context.Context, f func(pgx.Tx) ([]outbox.Row, error)) error {
	var rows []outbox.Row
	err := g.Store.InTx(ctx, func(tx pgx.Tx) (err error) {
		if rows, err = f(tx); err != nil {
			return err
		}
		crashpoint.Here("workitems.sweep-mid")
		return outbox.Insert(ctx, tx, rows...)
	})
	if err == nil {
		g.Relay.Committed(rows...)
	}
	return err
}

// DueCustomers raises what date triggers say of customers for whom something is
// due by now. Of the occurrences of a repeat that were missed only the latest is
// raised.
func (g *Generator) DueCustomers(ctx context.Context, now time.Time) error {
	today := g.localDay(now)
	return g.share(ctx, func() func(context.Context) (int, error) {
		after := store.CustomerPlace{Due: earliest}
		return func(ctx context.Context) (n int, err error) {
			var last store.CustomerPlace
			err = g.commit(ctx, func(tx pgx.Tx) ([]outbox.Row, error) {
				due, err := g.Store.DueBy(ctx, tx, today, after, dueChunk)
				if n = len(due); err != nil || n == 0 {
					return nil, err
				}
				last = store.CustomerPlace{Due: due[n-1].NextDue, CRN: due[n-1].CRN}
				return g.raiseDue(ctx, tx, today, due)
			})
			after = last
			return n, err
		}
	})
}

// dated is what date triggers say of one customer.
type dated struct {
	by     cause
	raises []catalogue.Raise
}

func (g *Generator) raiseDue(ctx context.Context, tx pgx.Tx, today calendar.Date, due []store.DueCustomer) ([]outbox.Row, error) {
	q := &store.Question{Locked: true}
	checked, all := make([]store.Checked, len(due)), make([]dated, 0, len(due))
	for i := range due {
		c := &due[i]
		checked[i] = store.Checked{CRN: c.CRN}
		d := dated{by: cause{crn: c.CRN, office: c.Office}}
		if err := g.dueOf(c, today, &d, &checked[i]); err != nil {
			// One damaged record does not keep the others; it is tried again every day.
			g.Telemetry.Log.Error("date triggers failed for a customer", "record_version", c.Version, "error", err.Error())
			tomorrow := today.Add(1)
			checked[i].NextDue = &tomorrow
			continue
		}
		if len(d.raises) == 0 {
			continue
		}
		all, q.CRNs = append(all, d), append(q.CRNs, c.CRN)
		for j := range d.raises {
			q.Occurrences = append(q.Occurrences, keyOfRaise(c.CRN, &d.raises[j]))
		}
	}
	answer, err := g.Store.Ask(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	l := newLedger(g.now(), answer)
	for i := range all {
		for j := range all[i].raises {
			l.raise(all[i].by, &all[i].raises[j])
		}
	}
	if _, err := g.Store.Write(ctx, tx, &l.work); err != nil {
		return nil, err
	}
	if err := g.Store.SaveChecked(ctx, tx, today, checked); err != nil {
		return nil, err
	}
	return l.rows(nil), nil
}

func (g *Generator) dueOf(c *store.DueCustomer, today calendar.Date, d *dated, checked *store.Checked) error {
	f, err := facts.Decode(c.Facts)
	if err != nil {
		return err
	}
	for i := range f.Children {
		if k := &f.Children[i]; k.Key == "" { // of version 1 of the facts
			k.Key = childkey.Of(g.Audit, c.CRN, k.GivenName, facts.Written(k.Born))
		}
	}
	return g.withEvaluator(func(ev *catalogue.Evaluator) (err error) {
		d.raises, checked.NextDue, err = ev.Due(f, today)
		return err
	})
}

// EndingNotices raises the warning for every child protection notice in force
// that ends within the catalogue's days, whatever the customer's income
// management status; also when the day was missed.
func (g *Generator) EndingNotices(ctx context.Context, now time.Time) error {
	until := g.localDay(now).Add(g.Catalogue.EndingDays())
	return g.share(ctx, func() func(context.Context) (int, error) {
		after := store.NoticePlace{End: earliest}
		return func(ctx context.Context) (n int, err error) {
			var last store.NoticePlace
			err = g.commit(ctx, func(tx pgx.Tx) ([]outbox.Row, error) {
				endings, err := g.Store.EndingBy(ctx, tx, until, after, endingChunk)
				if n = len(endings); err != nil || n == 0 {
					return nil, err
				}
				last = store.NoticePlace{End: endings[n-1].End, ID: endings[n-1].NoticeID}
				return g.warn(ctx, tx, endings)
			})
			after = last
			return n, err
		}
	})
}

func (g *Generator) warn(ctx context.Context, tx pgx.Tx, endings []store.Ending) ([]outbox.Row, error) {
	at, items := g.now(), make([]store.NewItem, 0, len(endings))
	err := g.withEvaluator(func(ev *catalogue.Evaluator) error {
		for i := range endings {
			e := &endings[i]
			r := ev.Ending(&facts.Ending{NoticeID: e.NoticeID.String(), CRN: e.CRN, Measure: "CPEIM", EndOn: int64(e.End)})
			items = append(items, newItem(keyOfRaise(e.CRN, &r), &r, e.Office, at))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	raised, err := g.Store.Warned(ctx, tx, at, endings, items)
	if err != nil {
		return nil, err
	}
	events := make([]*eventv1.Event, 0, len(items))
	for i := range items {
		if raised[items[i].ID] {
			events = append(events, raisedEvent(&items[i], ""))
		}
	}
	return packet.Rows(subject.WorkItem, events, packed), nil
}
