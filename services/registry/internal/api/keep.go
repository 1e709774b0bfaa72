package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/outbox"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// source is who changes a record and why, as the history tells it, such as
// {Actor: "officer:alice"} or {Actor: "feed:payments"}.
type source = events.Source

// sourceOf is the caller as a source.
func sourceOf(ctx context.Context, reason string) (source, error) {
	caller, ok := identity.From(ctx)
	if !ok {
		return source{}, fault.New(fault.Unauthenticated, "CALLER_UNKNOWN", "nobody is known to be calling")
	}
	return source{Actor: caller.Actor(), Reason: reason}, nil
}

// change runs a batch of changes in one transaction. f makes them in the book,
// which then is written; it may run several times. The transaction is also for
// what f has to keep beside the records.
func (s *Server) change(ctx context.Context, w store.Wanted, f func(tx pgx.Tx, b *events.Book) error) error {
	var rows []outbox.Row
	follow := false
	err := s.Store.InTx(ctx, func(tx pgx.Tx) error {
		b, err := events.Open(ctx, s.Store, tx, w, s.cause(ctx), s.Zone)
		if err != nil {
			return err
		}
		if err := f(tx, b); err != nil {
			return err
		}
		follow = b.FollowOns()
		rows, err = b.Write(ctx, s.Store, tx)
		return err
	})
	if err != nil {
		return err
	}
	s.Outbox.Committed(rows...)
	if follow {
		s.FollowOn()
	}
	return nil
}

// wantedFor adds what putting a record must know.
func wantedFor(w *store.Wanted, c *registryv1.Customer) {
	w.CRNs = append(w.CRNs, c.GetCrn())
	name(w, c.GetPartnerCrn(), c.GetNominee().GetCrn())
	for _, e := range c.GetExpenses() {
		if e.GetProviderId() != "" {
			w.Providers = append(w.Providers, e.GetProviderId())
		}
	}
}

// wants adds what changes of a record must know.
func wants(w *store.Wanted, changes []*registryv1.Change) {
	for _, c := range changes {
		name(w, c.GetLinkPartner(), c.GetSetNominee().GetCrn())
		if id := c.GetPutExpense().GetProviderId(); id != "" {
			w.Providers = append(w.Providers, id)
		}
	}
}

func name(w *store.Wanted, crns ...string) {
	for _, crn := range crns {
		if crn != "" {
			w.People = append(w.People, crn)
		}
	}
}

// replace makes in what the record of its CRN becomes; it keeps what the
// registry keeps itself. allow judges it against the current one, nil when
// there is none.
func replace(b *events.Book, in *registryv1.Customer, src source, allow func(current *registryv1.Customer) error) (events.Fate, error) {
	return b.Change(in.GetCrn(), src, func(current *registryv1.Customer) (*registryv1.Customer, error) {
		if err := allow(current); err != nil {
			return nil, err
		}
		keepOwn(current, in)
		return in, nil
	})
}

// keepOwn gives a record that is put what the registry keeps itself of the
// current one, whatever came with it.
func keepOwn(current, in *registryv1.Customer) {
	in.RegisterMeasure, in.RecordVersion = 0, 0
	in.NomineeFor, in.NomineeDeceased = current.GetNomineeFor(), current.GetNomineeDeceased()
	in.PartnerCarerAllowance = current.GetPartnerCarerAllowance()
	in.MeasureHistory, in.LeftDeclaredAreaOn = current.GetMeasureHistory(), current.GetLeftDeclaredAreaOn()
	if card, was := in.GetCard(), current.GetCard(); card != nil {
		card.MethodSince, card.PreviousMethod = was.GetMethodSince(), was.GetPreviousMethod()
		card.Declined, card.VaryBalanceRejections = was.GetDeclined(), was.GetVaryBalanceRejections()
	}
	for _, e := range in.GetExpenses() {
		var was *registryv1.Expense
		for _, c := range current.GetExpenses() {
			if c.GetExpenseId() == e.GetExpenseId() {
				was = c
			}
		}
		keepExpense(was, e)
	}
}

func keepExpense(was, e *registryv1.Expense) {
	e.ConsecutiveFailures = was.GetConsecutiveFailures()
	e.ProviderFeeCents, e.ProviderEndsOn = was.GetProviderFeeCents(), was.GetProviderEndsOn()
}
