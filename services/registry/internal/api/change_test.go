package api

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

var changeDay = calendar.DateOf(2026, 11, 23)

func moments(n int) *timestamppb.Timestamp {
	return timestamppb.New(time.Date(2026, 11, 22, 9, n, 0, 0, time.UTC))
}

// full is a record with something of everything.
func full() *registryv1.Customer {
	return &registryv1.Customer{
		Crn: "100000001A", Name: &registryv1.Name{FamilyName: "Example", GivenName: "Ann"}, DateOfBirth: "1980-01-31", RecordVersion: 3,
		Addresses:  []*registryv1.Address{{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Main Street"}},
		Payments:   []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 76_000}},
		Nominee:    &registryv1.Nominee{Kind: "PERSON"},
		PartnerCrn: "100000002B", Children: []*registryv1.Child{{GivenName: "Kim", DateOfBirth: "2020-02-29"}},
		Imprisonment: &registryv1.Imprisonment{FromDate: "2026-01-01"},
		Penalties:    []*registryv1.CompliancePenalty{{PenaltyId: "p1", Kind: registryv1.PenaltyKind_PENALTY_KIND_PENALTY, FromDate: "2026-12-01"}},
		Account:      &registryv1.IncomeManagementAccount{BalanceCents: 1000, LastCredit: &registryv1.AccountCredit{CreditId: "c1", Cents: 1, At: moments(5)}},
		Expenses: []*registryv1.Expense{
			{ExpenseId: "e1", Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 100, FromDate: "2026-01-01", ConsecutiveFailures: 3},
			{ExpenseId: "e2", Kind: registryv1.ExpenseKind_EXPENSE_KIND_OTHER, AllocationCents: 100, FromDate: "2026-01-01", CeasedOn: "2026-02-01"},
		},
		Card: &registryv1.Card{BalanceCents: 500}, Aliases: []*registryv1.Name{{FamilyName: "Former"}},
		Exemptions:    []*registryv1.Exemption{{ExemptionId: "x1", Status: registryv1.ExemptionStatus_EXEMPTION_STATUS_APPLIED, AppliedOn: "2026-10-01"}},
		ServiceOffers: []*registryv1.ServiceOffer{{OfferId: "o1", Kind: 1, OfferedOn: "2026-10-01", Result: 1}},
	}
}

// bare is a record with nothing but a name.
func bare() *registryv1.Customer {
	return &registryv1.Customer{Crn: "100000001A", Name: &registryv1.Name{FamilyName: "Example"}, DateOfBirth: "1980-01-31"}
}

type variantCase struct {
	name   string
	record func() *registryv1.Customer
	change *registryv1.Change
	// fits checks the record after; nil means that the change does not fit.
	fits func(c *registryv1.Customer) bool
}

func variants() []variantCase {
	type (
		c = registryv1.Customer
		v = registryv1.Change
	)
	nothing := &registryv1.Nothing{}
	expense := func(id string) *registryv1.Expense {
		return &registryv1.Expense{ExpenseId: id, Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 200, FromDate: "2026-11-01", ConsecutiveFailures: 9, ProviderFeeCents: 9}
	}
	transaction := func(n int) *registryv1.CardTransaction {
		return &registryv1.CardTransaction{TransactionId: fmt.Sprint("t", n), At: moments(n), Cents: 10}
	}
	crowd := func() *c {
		r := full()
		for i := range 20 {
			r.Card.Declined = append(r.Card.Declined, transaction(i+10))
			r.Payments = append(r.Payments, &registryv1.Payment{Code: fmt.Sprint("PAYMENT_", i)})
			r.Aliases = append(r.Aliases, &registryv1.Name{FamilyName: fmt.Sprint("Alias", i)})
		}
		r.Payments, r.Aliases = r.Payments[:20], r.Aliases[:20]
		for i := range 48 {
			r.Expenses = append(r.Expenses, expense(fmt.Sprint("more", i)))
		}
		return r
	}
	return []variantCase{
		{"put_address", full, &v{Change: &registryv1.Change_PutAddress{PutAddress: &registryv1.Address{Type: 1, Street: "2 Side Street"}}}, func(r *c) bool {
			return len(r.GetAddresses()) == 1 && r.GetAddresses()[0].GetStreet() == "2 Side Street"
		}},
		{"put_address", bare, &v{Change: &registryv1.Change_PutAddress{PutAddress: &registryv1.Address{Type: 4}}}, func(r *c) bool { return len(r.GetAddresses()) == 1 }},
		{"end_address", full, &v{Change: &registryv1.Change_EndAddress{EndAddress: 1}}, func(r *c) bool { return len(r.GetAddresses()) == 0 }},
		{"end_address", full, &v{Change: &registryv1.Change_EndAddress{EndAddress: 2}}, nil},
		{"put_payment", full, &v{Change: &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{Code: "JOBSEEKER_PAYMENT", Status: 2}}}, func(r *c) bool {
			return len(r.GetPayments()) == 1 && r.GetPayments()[0].GetStatus() == 2
		}},
		{"put_payment", crowd, &v{Change: &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{Code: "ONE_MORE"}}}, nil},
		{"rent_type", bare, &v{Change: &registryv1.Change_RentType{RentType: "BOARD"}}, func(r *c) bool { return r.GetRentType() == "BOARD" }},
		{"set_nominee", bare, &v{Change: &registryv1.Change_SetNominee{SetNominee: &registryv1.Nominee{Kind: "PERSON", Crn: "100000003C"}}}, func(r *c) bool { return r.GetNominee().GetCrn() == "100000003C" }},
		{"set_nominee", bare, &v{Change: &registryv1.Change_SetNominee{SetNominee: &registryv1.Nominee{Kind: "PERSON", Crn: "100000001A"}}}, nil},
		{"end_nominee", full, &v{Change: &registryv1.Change_EndNominee{EndNominee: &registryv1.EndNominee{Deceased: true}}}, func(r *c) bool { return r.GetNominee() == nil && r.GetNomineeDeceased() }},
		{"end_nominee", bare, &v{Change: &registryv1.Change_EndNominee{EndNominee: &registryv1.EndNominee{}}}, nil},
		{"link_partner", full, &v{Change: &registryv1.Change_LinkPartner{LinkPartner: "100000009J"}}, func(r *c) bool { return r.GetPartnerCrn() == "100000009J" }},
		{"link_partner", full, &v{Change: &registryv1.Change_LinkPartner{LinkPartner: "100000001A"}}, nil},
		{"unlink_partner", full, &v{Change: &registryv1.Change_UnlinkPartner{UnlinkPartner: nothing}}, func(r *c) bool { return r.GetPartnerCrn() == "" }},
		{"unlink_partner", bare, &v{Change: &registryv1.Change_UnlinkPartner{UnlinkPartner: nothing}}, nil},
		{"child_entered", full, &v{Change: &registryv1.Change_ChildEntered{ChildEntered: &registryv1.Child{GivenName: "Kit", DateOfBirth: "2021-01-01"}}}, func(r *c) bool { return len(r.GetChildren()) == 2 }},
		{"child_entered", full, &v{Change: &registryv1.Change_ChildEntered{ChildEntered: &registryv1.Child{GivenName: "Kim", DateOfBirth: "2020-02-29", FamilyTaxBenefit: true}}}, func(r *c) bool {
			return len(r.GetChildren()) == 1 && r.GetChildren()[0].GetFamilyTaxBenefit()
		}},
		{"child_left", full, &v{Change: &registryv1.Change_ChildLeft{ChildLeft: &registryv1.ChildLeft{GivenName: "Kim", DateOfBirth: "2020-02-29", DiedOn: "2026-11-20"}}}, func(r *c) bool {
			return len(r.GetChildren()) == 0 && r.GetLastChildBereavement() == "2026-11-20"
		}},
		{"child_left", full, &v{Change: &registryv1.Change_ChildLeft{ChildLeft: &registryv1.ChildLeft{GivenName: "Kim", DateOfBirth: "2020-02-28"}}}, nil},
		{"put_imprisonment", bare, &v{Change: &registryv1.Change_PutImprisonment{PutImprisonment: &registryv1.Imprisonment{FromDate: "2026-11-01"}}}, func(r *c) bool { return r.GetImprisonment() != nil }},
		{"end_imprisonment", full, &v{Change: &registryv1.Change_EndImprisonment{EndImprisonment: nothing}}, func(r *c) bool { return r.GetImprisonment() == nil }},
		{"end_imprisonment", bare, &v{Change: &registryv1.Change_EndImprisonment{EndImprisonment: nothing}}, nil},
		{"date_of_death", full, &v{Change: &registryv1.Change_DateOfDeath{DateOfDeath: "2026-11-23"}}, func(r *c) bool { return r.GetDateOfDeath() == "2026-11-23" }},
		{"date_of_death", full, &v{Change: &registryv1.Change_DateOfDeath{DateOfDeath: "1980-01-30"}}, nil},
		{"put_penalty", full, &v{Change: &registryv1.Change_PutPenalty{PutPenalty: &registryv1.CompliancePenalty{PenaltyId: "p2", Kind: 2, FromDate: "2026-12-01"}}}, func(r *c) bool { return len(r.GetPenalties()) == 2 }},
		{"carer_allowance", bare, &v{Change: &registryv1.Change_CarerAllowance{CarerAllowance: 2}}, func(r *c) bool { return r.GetCarerAllowance() == 2 }},
		{"payday_code", bare, &v{Change: &registryv1.Change_PaydayCode{PaydayCode: "A1"}}, func(r *c) bool { return r.GetPaydayCode() == "A1" }},
		{"other_measure", bare, &v{Change: &registryv1.Change_OtherMeasure{OtherMeasure: eventv1.Measure_MEASURE_VWPR}}, func(r *c) bool { return r.GetOtherMeasure() == eventv1.Measure_MEASURE_VWPR }},
		{"set_account", bare, &v{Change: &registryv1.Change_SetAccount{SetAccount: &registryv1.SetAccount{ManagedCents: proto.Int64(7)}}}, func(r *c) bool { return r.GetAccount().GetManagedCents() == 7 }},
		{"set_account", full, &v{Change: &registryv1.Change_SetAccount{SetAccount: &registryv1.SetAccount{BalanceCents: proto.Int64(0)}}}, func(r *c) bool {
			return r.GetAccount().GetBalanceCents() == 0 && r.GetAccount().GetLastCredit() != nil
		}},
		{"account_credit", full, &v{Change: &registryv1.Change_AccountCredit{AccountCredit: &registryv1.AccountCredit{CreditId: "c2", Cents: 5, At: moments(9)}}}, func(r *c) bool {
			return r.GetAccount().GetBalanceCents() == 1005 && r.GetAccount().GetLastCredit().GetCreditId() == "c2"
		}},
		{"account_credit", full, &v{Change: &registryv1.Change_AccountCredit{AccountCredit: &registryv1.AccountCredit{CreditId: "c1", Cents: 5, At: moments(9)}}}, func(r *c) bool { return r.GetAccount().GetBalanceCents() == 1000 }},
		{"account_credit", bare, &v{Change: &registryv1.Change_AccountCredit{AccountCredit: &registryv1.AccountCredit{CreditId: "c2", Cents: 5, At: moments(9)}}}, nil},
		{"put_expense", full, &v{Change: &registryv1.Change_PutExpense{PutExpense: expense("e1")}}, func(r *c) bool {
			e := r.GetExpenses()[0]
			return len(r.GetExpenses()) == 2 && e.GetAllocationCents() == 200 && e.GetConsecutiveFailures() == 3 && e.GetProviderFeeCents() == 0
		}},
		{"put_expense", full, &v{Change: &registryv1.Change_PutExpense{PutExpense: expense("e3")}}, func(r *c) bool {
			return len(r.GetExpenses()) == 3 && r.GetExpenses()[2].GetConsecutiveFailures() == 0
		}},
		{"put_expense", crowd, &v{Change: &registryv1.Change_PutExpense{PutExpense: expense("e3")}}, nil},
		{"cease_expense", full, &v{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "e1", On: "2026-12-01"}}}, func(r *c) bool { return r.GetExpenses()[0].GetCeasedOn() == "2026-12-01" }},
		{"cease_expense", full, &v{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "e2", On: "2026-02-01"}}}, func(*c) bool { return true }},
		{"cease_expense", full, &v{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "e2", On: "2026-03-01"}}}, nil},
		{"cease_expense", full, &v{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "e1", On: "2025-12-31"}}}, nil},
		{"cease_expense", full, &v{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "e9", On: "2026-12-01"}}}, nil},
		{"expense_payment", full, &v{Change: &registryv1.Change_ExpensePayment{ExpensePayment: &registryv1.ExpensePayment{ExpenseId: "e1", Failed: true}}}, func(r *c) bool { return r.GetExpenses()[0].GetConsecutiveFailures() == 4 }},
		{"expense_payment", full, &v{Change: &registryv1.Change_ExpensePayment{ExpensePayment: &registryv1.ExpensePayment{ExpenseId: "e1"}}}, func(r *c) bool { return r.GetExpenses()[0].GetConsecutiveFailures() == 0 }},
		{"expense_payment", full, &v{Change: &registryv1.Change_ExpensePayment{ExpensePayment: &registryv1.ExpensePayment{ExpenseId: "e2", Failed: true}}}, nil},
		{"expense_payment", bare, &v{Change: &registryv1.Change_ExpensePayment{ExpensePayment: &registryv1.ExpensePayment{ExpenseId: "e1"}}}, nil},
		{"set_card", bare, &v{Change: &registryv1.Change_SetCard{SetCard: &registryv1.SetCard{PinBlocked: proto.Bool(true)}}}, func(r *c) bool { return r.GetCard().GetPinBlocked() }},
		{"set_card", full, &v{Change: &registryv1.Change_SetCard{SetCard: &registryv1.SetCard{LimitCents: proto.Int64(9)}}}, func(r *c) bool {
			return r.GetCard().GetLimitCents() == 9 && r.GetCard().GetBalanceCents() == 500
		}},
		{"card_declined", full, &v{Change: &registryv1.Change_CardDeclined{CardDeclined: transaction(1)}}, func(r *c) bool { return len(r.GetCard().GetDeclined()) == 1 }},
		{"card_declined", crowd, &v{Change: &registryv1.Change_CardDeclined{CardDeclined: transaction(40)}}, func(r *c) bool {
			d := r.GetCard().GetDeclined()
			return len(d) == 20 && d[0].GetTransactionId() == "t11" && d[19].GetTransactionId() == "t40"
		}},
		{"card_declined", crowd, &v{Change: &registryv1.Change_CardDeclined{CardDeclined: transaction(15)}}, func(r *c) bool {
			return len(r.GetCard().GetDeclined()) == 20 && r.GetCard().GetDeclined()[0].GetTransactionId() == "t10"
		}},
		{"card_declined", bare, &v{Change: &registryv1.Change_CardDeclined{CardDeclined: transaction(1)}}, nil},
		{"vary_balance_rejected", full, &v{Change: &registryv1.Change_VaryBalanceRejected{VaryBalanceRejected: transaction(1)}}, func(r *c) bool { return len(r.GetCard().GetVaryBalanceRejections()) == 1 }},
		{"vary_balance_rejected", bare, &v{Change: &registryv1.Change_VaryBalanceRejected{VaryBalanceRejected: transaction(1)}}, nil},
		{"put_exemption", full, &v{Change: &registryv1.Change_PutExemption{PutExemption: &registryv1.Exemption{ExemptionId: "x1", Status: 3, AppliedOn: "2026-10-01", DecidedOn: "2026-11-01"}}}, func(r *c) bool {
			return len(r.GetExemptions()) == 1 && r.GetExemptions()[0].GetStatus() == 3
		}},
		{"put_service_offer", full, &v{Change: &registryv1.Change_PutServiceOffer{PutServiceOffer: &registryv1.ServiceOffer{OfferId: "o2", Kind: 1, OfferedOn: "2026-11-01", Result: 1}}}, func(r *c) bool { return len(r.GetServiceOffers()) == 2 }},
		{"unrestricted_cash_payment_eligible", bare, &v{Change: &registryv1.Change_UnrestrictedCashPaymentEligible{UnrestrictedCashPaymentEligible: true}}, func(r *c) bool { return r.GetUnrestrictedCashPaymentEligible() }},
		{"put_name", full, &v{Change: &registryv1.Change_PutName{PutName: &registryv1.Name{FamilyName: "Former"}}}, func(r *c) bool {
			return r.GetName().GetFamilyName() == "Former" && len(r.GetAliases()) == 1 && r.GetAliases()[0].GetFamilyName() == "Example"
		}},
		{"put_name", crowd, &v{Change: &registryv1.Change_PutName{PutName: &registryv1.Name{FamilyName: "New"}}}, nil},
		{"office", bare, &v{Change: &registryv1.Change_Office{Office: "CNS"}}, func(r *c) bool { return r.GetOffice() == "CNS" }},
		{"restricted_access", bare, &v{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: true}}, nil}, // a feed's
	}
}

func TestEachChange(t *testing.T) {
	t.Parallel()
	tried := make(map[string]bool)
	for i, c := range variants() {
		tried[c.name] = true
		if got := variant(c.change); got != c.name {
			t.Errorf("case %d is a %s, not a %s", i, got, c.name)
		}
		record, before := c.record(), proto.CloneOf(c.change)
		err := applyChanges(record, []*registryv1.Change{c.change}, changeDay)
		var f *fault.Error
		switch {
		case c.fits != nil && err != nil:
			t.Errorf("case %d, %s: %v", i, c.name, err)
		case c.fits != nil && !c.fits(record):
			t.Errorf("case %d, %s leaves %v", i, c.name, record)
		case c.fits == nil && (!errors.As(err, &f) || f.Kind != fault.Precondition || f.Reason != "NOT_APPLICABLE" || f.Fields[0].Path != "changes[0]."+c.name):
			t.Errorf("case %d, %s: %v", i, c.name, err)
		}
		if !proto.Equal(before, c.change) {
			t.Errorf("case %d: the change itself was changed", i)
		}
	}
	all := (&registryv1.Change{}).ProtoReflect().Descriptor().Oneofs().ByName("change").Fields()
	for i := range all.Len() {
		if name := string(all.Get(i).Name()); !tried[name] {
			t.Errorf("%s was not tried", name)
		}
	}
	restricted := amendment{record: bare(), today: changeDay, mayRestrict: true}
	err := restricted.apply([]*registryv1.Change{{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: true}}})
	if err != nil || !restricted.record.GetRestrictedAccess() {
		t.Errorf("restricting: %v", err)
	}
}

func TestMalformedChanges(t *testing.T) {
	t.Parallel()
	type v = registryv1.Change
	changes := []*v{
		{},
		{Change: &registryv1.Change_CeaseExpense{CeaseExpense: &registryv1.CeaseExpense{ExpenseId: "e1", On: "2026-02-30"}}},
		{Change: &registryv1.Change_Office{Office: "CNS"}},
		{Change: &registryv1.Change_PutPayment{PutPayment: &registryv1.Payment{Code: "A", FromDate: "2026-13-01", StatusSince: "x"}}},
		{Change: &registryv1.Change_ChildLeft{ChildLeft: &registryv1.ChildLeft{DateOfBirth: "2026-11-01", DiedOn: "2026-10-01"}}},
		{Change: &registryv1.Change_DateOfDeath{DateOfDeath: "2026-11-24"}},
		{Change: &registryv1.Change_SetCard{SetCard: &registryv1.SetCard{}}},
		{Change: &registryv1.Change_SetAccount{SetAccount: &registryv1.SetAccount{}}},
		{Change: &registryv1.Change_CardDeclined{CardDeclined: &registryv1.CardTransaction{TransactionId: "t"}}},
		{Change: &registryv1.Change_PutExpense{PutExpense: &registryv1.Expense{ExpenseId: "e", Kind: 2, FromDate: "2026-02-02", CeasedOn: "2026-02-01", ProviderId: "p"}}},
		{Change: &registryv1.Change_PutExemption{PutExemption: &registryv1.Exemption{ExemptionId: "x", Status: 2, AppliedOn: "2026-11-01"}}},
	}
	err := applyChanges(full(), changes, changeDay)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.Path)
	}
	want := []string{
		"changes[0]", "changes[1].cease_expense.on", "changes[3].put_payment.from_date", "changes[3].put_payment.status_since",
		"changes[4].child_left.died_on", "changes[5].date_of_death", "changes[6].set_card", "changes[7].set_account",
		"changes[8].card_declined.at", "changes[9].put_expense.provider_id", "changes[9].put_expense.ceased_on",
		"changes[10].put_exemption.evidence_requested_on",
	}
	if !slices.Equal(got, want) {
		t.Errorf("fields\n%q, want\n%q", got, want)
	}
}
