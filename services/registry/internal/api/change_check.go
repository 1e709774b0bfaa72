package api

import (
	"fmt"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/customer"
)

// checkChanges reports what is wrong with changes whatever the record, as one
// Invalid fault with the paths of all fields, below path.
func checkChanges(path string, changes []*registryv1.Change, today calendar.Date) error {
	var all *fault.Error
	for i, change := range changes {
		err := checkChange(fmt.Sprintf("%s[%d]", path, i), change, today)
		if err == nil {
			continue
		}
		found, ok := err.(*fault.Error) //nolint:errorlint // made just now, never wrapped
		switch {
		case !ok:
			return err
		case all == nil:
			all = found
		default:
			all.Fields = append(all.Fields, found.Fields...)
		}
	}
	if all != nil {
		return all
	}
	return nil
}

func checkChange(path string, change *registryv1.Change, today calendar.Date) error {
	if change.GetChange() == nil {
		return fault.InvalidField(path, "must say what changes")
	}
	path += "." + variant(change)
	var r customer.Record
	switch c := change.GetChange().(type) {
	case *registryv1.Change_PutPayment:
		paymentParticulars(&r, "", c.PutPayment)
	case *registryv1.Change_ChildEntered:
		r.MustPast("date_of_birth", c.ChildEntered.GetDateOfBirth())
	case *registryv1.Change_ChildLeft:
		r.MustPast("date_of_birth", c.ChildLeft.GetDateOfBirth())
		r.Past("died_on", c.ChildLeft.GetDiedOn())
		r.Period("date_of_birth", c.ChildLeft.GetDateOfBirth(), "died_on", c.ChildLeft.GetDiedOn())
	case *registryv1.Change_PutImprisonment:
		r.Period("from_date", c.PutImprisonment.GetFromDate(), "to_date", c.PutImprisonment.GetToDate())
	case *registryv1.Change_DateOfDeath:
		r.MustPast("", c.DateOfDeath)
	case *registryv1.Change_PutPenalty:
		penaltyParticulars(&r, "", c.PutPenalty)
	case *registryv1.Change_SetAccount:
		a := c.SetAccount
		r.Amount("balance_cents", a.GetBalanceCents())
		r.Amount("managed_cents", a.GetManagedCents())
		r.Past("residual_disbursed_on", a.GetResidualDisbursedOn())
		if a.BalanceCents == nil && a.ManagedCents == nil && a.ResidualDisbursedOn == nil {
			r.Wrong("", "must set one of the figures")
		}
	case *registryv1.Change_AccountCredit:
		creditParticulars(&r, "", c.AccountCredit)
	case *registryv1.Change_PutExpense:
		expenseParticulars(&r, "", c.PutExpense)
	case *registryv1.Change_CeaseExpense:
		r.Period("on", c.CeaseExpense.GetOn(), "", "")
	case *registryv1.Change_SetCard:
		s := c.SetCard
		r.Amount("balance_cents", s.GetBalanceCents())
		r.Amount("limit_cents", s.GetLimitCents())
		if s.BalanceCents == nil && s.LimitCents == nil && s.AllocationMethod == nil && s.PinBlocked == nil {
			r.Wrong("", "must set one of the figures")
		}
	case *registryv1.Change_CardDeclined:
		transactionParticulars(&r, c.CardDeclined)
	case *registryv1.Change_VaryBalanceRejected:
		transactionParticulars(&r, c.VaryBalanceRejected)
	case *registryv1.Change_PutExemption:
		exemptionParticulars(&r, "", c.PutExemption)
	case *registryv1.Change_PutServiceOffer:
		offerParticulars(&r, "", c.PutServiceOffer)
	}
	return customer.CheckParts(path, r, today)
}

func transactionParticulars(r *customer.Record, t *registryv1.CardTransaction) {
	r.Amount("cents", t.GetCents())
	r.Moment("at", moment(t.GetAt()))
}
