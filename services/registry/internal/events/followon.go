package events

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/outbox"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// followOns notes what a new version means for other records, and what of the
// record itself has to be looked at again.
//
// What a record repeats of another is filled in at once when it is known. The
// other may be changing at the same moment, unseen here and not seeing this:
// so the record is refreshed once more after the commit, when one sees the other.
func (b *Book) followOns(p *page, next *registryv1.Customer, changed []string) {
	refresh := func(crn string) { b.follow = append(b.follow, store.FollowOn{What: store.Refresh, CRN: crn}) }
	again := false
	if partner := next.GetPartnerCrn(); partner != "" && p.customer.GetPartnerCrn() != partner {
		again = b.unlocked(partner)
	}
	was, is := p.customer.GetNominee().GetCrn(), next.GetNominee().GetCrn()
	if was != is {
		for _, nominee := range []string{was, is} {
			if nominee != "" {
				refresh(nominee)
			}
		}
		again = again || (is != "" && b.unlocked(is))
	}
	if slices.Contains(changed, "expenses") {
		for _, e := range next.GetExpenses() {
			again = again || (e.GetProviderId() != "" && expense(p.customer, e.GetExpenseId()).GetProviderId() != e.GetProviderId())
		}
	}
	if again {
		refresh(next.GetCrn())
	}
	// Nobody can name a new record without waiting for it; the store finds those.
	if p.customer != nil && (slices.Contains(changed, "carer_allowance") ||
		(p.customer.GetDateOfDeath() == "") != (next.GetDateOfDeath() == "")) {
		b.follow = append(b.follow, store.FollowOn{What: store.Spread, CRN: next.GetCrn()})
	}
}

// unlocked reports whether a customer's record can change beside this batch.
func (b *Book) unlocked(crn string) bool {
	p := b.pages[crn]
	return b.reading.Records[crn] == nil && (p == nil || p.customer == nil)
}

// refreshBatch is how many records are refreshed in a transaction.
const refreshBatch = 500

// Follow works off what changes mean for other records, until nothing is due.
// Each transaction takes what it does out of the table: a crash leaves the rest,
// and replicas share the work. committed gets the rows after each commit.
func Follow(ctx context.Context, st *store.Store, now time.Time, zone *time.Location, room func(context.Context) error, committed func(...outbox.Row)) error {
	for {
		more, err := st.ExpandFollowOns(ctx)
		if err != nil {
			return err
		}
		if err := room(ctx); err != nil {
			return err
		}
		n, rows, err := refresh(ctx, st, Cause{At: now}, zone)
		if err != nil {
			return err
		}
		committed(rows...)
		if !more && n == 0 {
			return nil
		}
	}
}

func refresh(ctx context.Context, st *store.Store, c Cause, zone *time.Location) (taken int, rows []outbox.Row, err error) {
	err = st.InTx(ctx, func(tx pgx.Tx) error {
		taken, rows = 0, nil
		crns, again, err := st.TakeRefreshes(ctx, tx, refreshBatch)
		if err != nil || len(crns) == 0 {
			return err
		}
		b, err := Open(ctx, st, tx, store.Wanted{CRNs: crns, Linked: true, Notices: true}, c, zone)
		if err != nil {
			return err
		}
		for _, crn := range crns {
			complete, err := b.Refresh(crn)
			if err != nil {
				return err
			}
			if !complete && !again[crn] {
				b.follow = append(b.follow, store.FollowOn{What: store.Refresh, CRN: crn, Later: true})
			}
		}
		taken = len(crns)
		rows, err = b.Write(ctx, st, tx)
		return err
	})
	return taken, rows, err
}
