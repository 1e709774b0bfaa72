package main

import (
	"fmt"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Kinds of records by what they do, as their references begin with: an anew one
// changes the record whatever it was.
const (
	anew  = "anew"
	maybe = "maybe"
)

// pick returns one of some at random.
func pick[T any](f *feeder, some ...T) T { return some[f.r.IntN(len(some))] }

// changes makes something that may have happened to a customer. Homes stay in the
// Northern Territory and incomes as they are, so that what authorities lodge goes
// on being decided as before.
func (f *feeder) changes(n int) (kind string, all []*registryv1.Change) {
	c := &registryv1.Change{}
	switch dice := f.r.IntN(100); {
	case dice < 40:
		where := &registryv1.Address{
			Type: registryv1.AddressType(1 + f.r.IntN(4)), Street: fmt.Sprintf("%d %s Street", f.made, f.name), Locality: "Katherine",
			State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850",
		}
		c.Change, kind = &registryv1.Change_PutAddress{PutAddress: where}, anew
		return kind, []*registryv1.Change{c}
	case dice < 45:
		c.Change = &registryv1.Change_EndAddress{EndAddress: registryv1.AddressType(2 + f.r.IntN(3))}
	case dice < 51:
		c.Change = &registryv1.Change_RentType{RentType: pick(f, "PRIVATE_RENT", "BOARD", "PUBLIC_HOUSING")}
	case dice < 57:
		c.Change = &registryv1.Change_PaydayCode{PaydayCode: pick(f, "MON", "TUE", "WED", "THU")}
	case dice < 61:
		c.Change = &registryv1.Change_LinkPartner{LinkPartner: crn((n + 1 + f.r.IntN(known-1)) % known)}
	case dice < 63:
		c.Change = &registryv1.Change_UnlinkPartner{UnlinkPartner: &registryv1.Nothing{}}
	case dice < 66:
		c.Change = &registryv1.Change_SetNominee{SetNominee: &registryv1.Nominee{Kind: "PERSON", Crn: crn((n + 1 + f.r.IntN(known-1)) % known)}}
	case dice < 68:
		c.Change = &registryv1.Change_EndNominee{EndNominee: &registryv1.EndNominee{}}
	case dice < 75:
		f.family(n, c)
	case dice < 84:
		f.money(c)
	case dice < 88:
		c.Change = &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{
			Code: pick(f, "RENT_ASSISTANCE", "PENSION_SUPPLEMENT"), FortnightlyCents: 5_000, Supplementary: true,
			Status: registryv1.PaymentStatus(1 + f.r.IntN(4)), StatusSince: f.day(0),
		}}
	case dice < 91:
		c.Change = &registryv1.Change_CarerAllowance{CarerAllowance: registryv1.CarerAllowanceStatus(1 + f.r.IntN(4))}
	case dice < 93:
		c.Change = &registryv1.Change_PutPenalty{PutPenalty: &registryv1.CompliancePenalty{
			PenaltyId: fmt.Sprintf("p%d", f.r.IntN(8)), Kind: registryv1.PenaltyKind_PENALTY_KIND_PENALTY, FromDate: f.day(f.r.IntN(20)),
		}}
	case dice < 95:
		c.Change = &registryv1.Change_Office{Office: office(f.r.IntN(5))}
	default:
		f.exemption(n, c)
	}
	return maybe, []*registryv1.Change{c}
}

// day is so many days after today.
func (f *feeder) day(after int) string { return f.w.now().AddDate(0, 0, after).Format("2006-01-02") }

// family lets children enter and leave. Those of the customers that only feeds
// know reach school age within days.
func (f *feeder) family(n int, c *registryv1.Change) {
	name, born := fmt.Sprintf("Kid%d", f.r.IntN(5)), fmt.Sprintf("2019-%02d-%02d", 1+f.r.IntN(2), 1+n%28)
	if n >= customers {
		born = f.w.now().AddDate(-schoolAge, 0, f.r.IntN(4)).Format("2006-01-02")
	}
	if f.r.IntN(3) == 0 {
		c.Change = &registryv1.Change_ChildLeft{ChildLeft: &registryv1.ChildLeft{GivenName: name, DateOfBirth: born}}
		return
	}
	c.Change = &registryv1.Change_ChildEntered{ChildEntered: &registryv1.Child{GivenName: name, DateOfBirth: born}}
}

func (f *feeder) money(c *registryv1.Change) {
	switch f.r.IntN(3) {
	case 0:
		balance, managed := int64(f.r.IntN(600_000)), int64(50_000)
		c.Change = &registryv1.Change_SetAccount{SetAccount: &registryv1.SetAccount{BalanceCents: &balance, ManagedCents: &managed}}
	case 1:
		balance, limit := int64(f.r.IntN(200_000)), int64(100_000)
		c.Change = &registryv1.Change_SetCard{SetCard: &registryv1.SetCard{BalanceCents: &balance, LimitCents: &limit}}
	default:
		c.Change = &registryv1.Change_PutExpense{PutExpense: &registryv1.Expense{
			ExpenseId: fmt.Sprintf("e%d", f.r.IntN(6)), Kind: pick(f, registryv1.ExpenseKind_EXPENSE_KIND_CARD, registryv1.ExpenseKind_EXPENSE_KIND_RENT),
			AllocationCents: int64(1_000 + f.r.IntN(20_000)), Regular: true, FromDate: f.day(0),
		}}
	}
}

// exemption asks for evidence so long ago that it falls due within days.
func (f *feeder) exemption(n int, c *registryv1.Change) {
	if n < customers {
		c.Change = &registryv1.Change_UnrestrictedCashPaymentEligible{UnrestrictedCashPaymentEligible: f.r.IntN(2) == 0}
		return
	}
	c.Change = &registryv1.Change_PutExemption{PutExemption: &registryv1.Exemption{
		ExemptionId: fmt.Sprintf("x%d-%s", f.made, f.name), Status: registryv1.ExemptionStatus_EXEMPTION_STATUS_EVIDENCE_REQUESTED,
		AppliedOn: f.day(-evidenceDays - 5), EvidenceRequestedOn: f.day(f.r.IntN(4) - evidenceDays - 1),
	}}
}
