package events

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// turn is a change with the place of its event in the batch.
type turn struct {
	*change
	at int
}

// applyChanges applies changed records: one round trip to lock the customers and
// read what is known of them, the changes of each in the order of versions in
// memory, one round trip to write.
//
// A version that is known already changes nothing. One beyond the next waits
// until those between have come; they may be on their way in another message.
func (g *Generator) applyChanges(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	turns, question, err := inTurn(events)
	if err != nil || len(turns) == 0 {
		return inbox.Effects{}, err
	}
	answer, err := g.Store.Ask(ctx, tx, question)
	if err != nil {
		return inbox.Effects{}, err
	}
	// The moment is after the locks: whatever they waited for happened before it.
	l := newLedger(g.now(), answer)
	var effects inbox.Effects
	for len(turns) > 0 {
		n := 1
		for n < len(turns) && turns[n].crn == turns[0].crn {
			n++
		}
		early := l.follow(answer, turns[:n])
		for _, t := range early {
			effects.Defer = append(effects.Defer, events[t.at])
		}
		if crn := turns[0].crn; answer.Waiting[crn] && len(early) < n {
			effects.Ready = append(effects.Ready, crn)
		}
		turns = turns[n:]
	}
	crashpoint.Here("workitems.mid-transaction")
	closed, err := g.Store.Write(ctx, tx, &l.work)
	if err != nil {
		return inbox.Effects{}, err
	}
	effects.Outbox = l.rows(closed)
	today := g.localDay(l.work.At)
	if slices.ContainsFunc(l.work.Records, func(r store.Record) bool { return r.NextDue != nil && *r.NextDue <= today }) {
		effects.After = g.due.Kick
	}
	return effects, nil
}

// inTurn sorts the changes of a batch by customer and version, and says what must
// be known to apply them. A change that cannot be acted on fails the batch; the
// inbox finds and parks it.
func inTurn(events []inbox.Event) ([]turn, *store.Question, error) {
	turns := make([]turn, 0, len(events))
	for i := range events {
		c, ok := events[i].Value.(*change)
		switch {
		case !ok:
			return nil, nil, fmt.Errorf("event %v was not decoded", events[i].ID)
		case c.problem != nil:
			return nil, nil, c.problem
		case !c.ignored:
			turns = append(turns, turn{c, i})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int {
		if d := strings.Compare(a.crn, b.crn); d != 0 {
			return d
		}
		return int(min(max(a.version-b.version, -1), 1))
	})
	q := &store.Question{Consumer: subject.WorkItemCircumstances}
	for _, t := range turns {
		if n := len(q.CRNs); n == 0 || q.CRNs[n-1] != t.crn {
			q.CRNs = append(q.CRNs, t.crn)
		}
		// Occurrences of a version are new when the version is; those of a day may
		// have been seen to by the sweep or under an earlier version.
		own := "v" + strconv.FormatInt(t.version, 10)
		for i := range t.raises {
			if t.raises[i].Occurrence != own {
				q.Occurrences = append(q.Occurrences, keyOfRaise(t.crn, &t.raises[i]))
			}
		}
		for i := range t.due {
			q.Occurrences = append(q.Occurrences, keyOfRaise(t.crn, &t.due[i]))
		}
	}
	return turns, q, nil
}

// follow applies the changes of one customer and returns those that are too early.
func (l *ledger) follow(a *store.Answer, turns []turn) (early []turn) {
	known := a.Customers[turns[0].crn]
	record := store.Record{CRN: turns[0].crn, Version: known.Version, Office: known.Office, CheckedOn: known.CheckedOn}
	first, last := len(l.work.Items), (*change)(nil)
	for _, t := range turns {
		switch {
		case t.version <= record.Version:
			continue
		case t.version > record.Version+1:
			early = append(early, t)
			continue
		}
		last = t.change
		by := cause{crn: t.crn, office: t.office, event: t.id, trace: t.trace}
		record.Version = t.version
		for _, c := range t.closes {
			l.close(by, c)
		}
		for i := range t.raises {
			l.raise(by, &t.raises[i])
		}
		if record.NextDue = t.next; record.CheckedOn != nil && *record.CheckedOn > t.day {
			// The sweep has looked at a later day than the event's; what is due by
			// now is for it to say, at once.
			day := t.day
			record.NextDue = &day
			continue
		}
		for i := range t.due {
			l.raise(by, &t.due[i])
		}
		day := t.day
		record.CheckedOn = &day
	}
	if last == nil {
		return early
	}
	l.follows(cause{crn: record.CRN, office: last.office, event: last.id}, known.Office, first)
	record.Office, record.Restricted, record.Facts = last.office, last.restricted, last.facts
	l.work.Records = append(l.work.Records, record)
	return early
}
