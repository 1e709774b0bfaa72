package api

import (
	"context"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// relock ends the submission's open case before it finishes, and reports whether
// the outcome is recorded under a lift. It returns the customer as the outcome
// may see the record: open under a lift for this officer and this customer,
// else as it is. A live lift is refused unless it is to be reinstated: a
// submission cannot finish while access is lifted.
func (q *Queue) relock(ctx context.Context, a *acting, customer *decision.Customer, reinstate bool) (lifted bool, _ *decision.Customer, err error) {
	c, open, err := store.OpenAccess(ctx, a.tx, a.submission.ID)
	if err != nil || !open {
		return false, customer, err
	}
	live := c.Live(a.at.At)
	if live && !reinstate {
		return false, nil, stillLifted()
	}
	if live && c.Requester == a.officer.ID {
		conflicts, err := store.Conflicts(ctx, a.tx, a.officer.ID)
		if err != nil {
			return false, nil, err
		}
		see := sight{lifted: []string{c.CRN}, conflicts: conflicts}
		switch {
		case customer == nil:
			lifted = see.may(c.CRN)
		case see.may(customer.CRN):
			opened := *customer
			opened.Restricted = false
			customer, lifted = &opened, true
		}
	}
	if lifted {
		a.liftUntil = c.Until
	}
	return lifted, customer, q.p.EndAccess(ctx, a.tx, a.out, events.Ending{
		Submission: a.submission.ID, Actor: a.officer.Actor(), At: a.at.At, Used: lifted,
	})
}

func stillLifted() error {
	return fault.New(fault.Precondition, "ACCESS_LIFTED", "access to the customer's record is lifted").
		WithHelp("Set reinstate_access, or reinstate access first: the submission cannot finish while it is lifted.")
}

// refuseLifted refuses what may finish the submission while access is lifted.
func (a *acting) refuseLifted(ctx context.Context) error {
	c, open, err := store.OpenAccess(ctx, a.tx, a.submission.ID)
	if err == nil && open && c.Live(a.at.At) {
		err = stillLifted()
	}
	return err
}
