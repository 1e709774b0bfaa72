package api

import (
	"bytes"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// fate is what became of a record.
type fate int

const (
	unchanged fate = iota
	created
	changed
)

// kept is a record after a batch.
type kept struct {
	fate   fate
	record store.Record
}

// keep writes a batch of records, no CRN twice, with the events that tell of
// it, in one transaction. allow judges each record against the current one
// (exists is false when there is none) and fails the batch with its error.
func (s *Server) keep(ctx context.Context, batch []incoming, allow func(in incoming, current store.Record, exists bool) error) ([]kept, error) {
	crns := make([]string, len(batch))
	for i, in := range batch {
		crns[i] = in.customer.GetCrn()
	}
	var results []kept
	var rows []outbox.Row
	err := s.Store.InTx(ctx, func(tx pgx.Tx) error {
		current, err := s.Store.LockCustomers(ctx, tx, crns)
		if err != nil {
			return err
		}
		p := plan{results: make([]kept, 0, len(batch))}
		for _, in := range batch {
			now, exists := current[in.customer.GetCrn()]
			if err := allow(in, now, exists); err != nil {
				return err
			}
			if err := p.add(in, now, exists); err != nil {
				return err
			}
		}
		results, rows = p.results, events.Customers(s.cause(ctx), p.changes)
		return s.Store.WriteCustomers(ctx, tx, p.created, p.replaced, rows)
	})
	if err != nil {
		return nil, err
	}
	s.Outbox.Committed(rows...)
	return results, nil
}

// plan is what a batch will write and announce.
type plan struct {
	results           []kept
	created, replaced []store.Write
	changes           []events.CustomerChange
}

func (p *plan) add(in incoming, current store.Record, exists bool) error {
	next := store.Record{CRN: in.customer.GetCrn(), Version: 1, Measure: current.Measure, Restricted: in.customer.GetRestrictedAccess(), Body: in.body}
	change := events.CustomerChange{CRN: next.CRN}
	switch {
	case !exists:
		change.Changed = events.Changed(nil, in.customer)
		p.created = append(p.created, in.write(1, true))
		p.results = append(p.results, kept{created, next})
	case bytes.Equal(current.Body, in.body):
		p.results = append(p.results, kept{unchanged, current})
		return nil
	default:
		before, err := decode(current)
		if err != nil {
			return err
		}
		// The same content may be encoded differently by another build.
		if change.Changed = events.Changed(before, in.customer); len(change.Changed) == 0 {
			p.results = append(p.results, kept{unchanged, current})
			return nil
		}
		next.Version = current.Version + 1
		renamed := slices.ContainsFunc(change.Changed, func(part string) bool {
			return part == "name" || part == "aliases" || part == "date_of_birth"
		})
		p.replaced = append(p.replaced, in.write(next.Version, renamed))
		p.results = append(p.results, kept{changed, next})
		change.Before = appendRecord(nil, current.Body, current.Measure, current.Version)
	}
	change.Version = next.Version
	change.After = appendRecord(nil, next.Body, next.Measure, next.Version)
	p.changes = append(p.changes, change)
	return nil
}
