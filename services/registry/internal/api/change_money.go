package api

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/customer"
)

// money applies a change of the account, its expenses and the card.
func (a amendment) money(change *registryv1.Change) *fault.Error {
	r := a.record
	switch c := change.GetChange().(type) {
	case *registryv1.Change_SetAccount:
		a.setAccount(c.SetAccount)
	case *registryv1.Change_AccountCredit:
		return a.credit(c.AccountCredit)
	case *registryv1.Change_PutExpense:
		keepExpense(a.expense(c.PutExpense.GetExpenseId()), c.PutExpense)
		return put(&r.Expenses, c.PutExpense, (*registryv1.Expense).GetExpenseId, maxEntries, "expenses")
	case *registryv1.Change_CeaseExpense:
		return a.cease(c.CeaseExpense)
	case *registryv1.Change_ExpensePayment:
		return a.payment(c.ExpensePayment)
	case *registryv1.Change_SetCard:
		a.setCard(c.SetCard)
	case *registryv1.Change_CardDeclined:
		if r.GetCard() == nil {
			return misfit("the customer has no card")
		}
		r.Card.Declined = withTransaction(r.GetCard().GetDeclined(), c.CardDeclined)
	case *registryv1.Change_VaryBalanceRejected:
		if r.GetCard() == nil {
			return misfit("the customer has no card")
		}
		r.Card.VaryBalanceRejections = withTransaction(r.GetCard().GetVaryBalanceRejections(), c.VaryBalanceRejected)
	}
	return nil
}

func (a amendment) setAccount(set *registryv1.SetAccount) {
	if a.record.GetAccount() == nil {
		a.record.Account = &registryv1.IncomeManagementAccount{}
	}
	account := a.record.GetAccount()
	if set.BalanceCents != nil {
		account.BalanceCents = set.GetBalanceCents()
	}
	if set.ManagedCents != nil {
		account.ManagedCents = set.GetManagedCents()
	}
	if set.ResidualDisbursedOn != nil {
		account.ResidualDisbursedOn = set.GetResidualDisbursedOn()
	}
}

// credit adds money to the account. The credit last recorded adds nothing again.
func (a amendment) credit(c *registryv1.AccountCredit) *fault.Error {
	account := a.record.GetAccount()
	if account == nil {
		return misfit("the customer has no income management account")
	}
	last := account.GetLastCredit()
	if last.GetCreditId() == c.GetCreditId() {
		return nil
	}
	if account.GetBalanceCents()+c.GetCents() > customer.MaxCents {
		return misfit("the balance would be beyond %d cents", int64(customer.MaxCents))
	}
	account.BalanceCents += c.GetCents()
	if last == nil || !c.GetAt().AsTime().Before(last.GetAt().AsTime()) {
		account.LastCredit = c
	}
	return nil
}

func (a amendment) expense(id string) *registryv1.Expense {
	for _, e := range a.record.GetExpenses() {
		if e.GetExpenseId() == id {
			return e
		}
	}
	return nil
}

func (a amendment) cease(c *registryv1.CeaseExpense) *fault.Error {
	e := a.expense(c.GetExpenseId())
	switch {
	case e == nil:
		return misfit("the record has no such expense")
	case e.GetCeasedOn() != "" && e.GetCeasedOn() != c.GetOn():
		return misfit("the expense ceased on another day")
	case c.GetOn() < e.GetFromDate():
		return misfit("the expense began later")
	}
	e.CeasedOn = c.GetOn()
	return nil
}

// payment counts an attempt to pay an expense, up to the day the expense ceased.
func (a amendment) payment(p *registryv1.ExpensePayment) *fault.Error {
	e := a.expense(p.GetExpenseId())
	switch {
	case e == nil:
		return misfit("the record has no such expense")
	case e.GetCeasedOn() != "" && e.GetCeasedOn() < a.today.String():
		return misfit("the expense has ceased")
	case !p.GetFailed():
		e.ConsecutiveFailures = 0
	default:
		e.ConsecutiveFailures++
	}
	return nil
}

func (a amendment) setCard(set *registryv1.SetCard) {
	if a.record.GetCard() == nil {
		a.record.Card = &registryv1.Card{}
	}
	card := a.record.GetCard()
	if set.BalanceCents != nil {
		card.BalanceCents = set.GetBalanceCents()
	}
	if set.LimitCents != nil {
		card.LimitCents = set.GetLimitCents()
	}
	if set.AllocationMethod != nil {
		card.AllocationMethod = set.GetAllocationMethod()
	}
	if set.PinBlocked != nil {
		card.PinBlocked = set.GetPinBlocked()
	}
}

// withTransaction adds a transaction to a card's list, once and in order of time,
// and keeps the last ones.
func withTransaction(list []*registryv1.CardTransaction, t *registryv1.CardTransaction) []*registryv1.CardTransaction {
	if slices.ContainsFunc(list, func(x *registryv1.CardTransaction) bool { return x.GetTransactionId() == t.GetTransactionId() }) {
		return list
	}
	i := len(list)
	for i > 0 && t.GetAt().AsTime().Before(list[i-1].GetAt().AsTime()) {
		i--
	}
	list = slices.Insert(list, i, t)
	return list[max(0, len(list)-lastOfCard):]
}
