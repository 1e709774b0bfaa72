package main

import (
	"context"
	"fmt"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

const (
	templates = 200
	// feedCustomers have records that feeds change.
	feedCustomers = 100_000
)

// today is the hub's local day, at midnight UTC.
func (h *hub) today(ctx context.Context) (time.Time, error) {
	conn, err := h.dial(administrator)
	if err != nil {
		return time.Time{}, err
	}
	defer conn.Close()
	answer, err := sandboxv1.NewClockServiceClient(conn).ShowClock(ctx, &sandboxv1.ShowClockRequest{})
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.DateOnly, answer.GetToday())
}

// seedTemplates imports the customers whose facts the others get, waits until
// they are known where work items are raised, and returns the catalogue's codes.
func (h *hub) seedTemplates(ctx context.Context, today time.Time) ([]string, error) {
	conn, err := h.dial(administrator)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	err = importCustomers(ctx, registryv1.NewRegistryServiceClient(conn), templates, func(n int) *registryv1.Customer { return template(n, today) })
	if err != nil {
		return nil, err
	}
	if err := h.settled(ctx); err != nil {
		return nil, err
	}
	officer, err := h.dial(contactOfficer)
	if err != nil {
		return nil, err
	}
	defer officer.Close()
	return codesOf(ctx, workitemv1.NewWorkItemServiceClient(officer))
}

// measured is a record of an income managed customer with what is usual on one:
// children, expenses, a card.
func measured(crn string, n int, measure eventv1.Measure) *registryv1.Customer {
	day := func(back int) string { return time.Now().AddDate(0, 0, -back).Format(time.DateOnly) }
	return &registryv1.Customer{
		Crn: crn, Name: &registryv1.Name{FamilyName: family(n), GivenName: given(n)}, DateOfBirth: born(n), OtherMeasure: measure,
		Office: fmt.Sprintf("O%03d", n%fillOffices), RentType: "PRIVATE_RENT", PaydayCode: "A1",
		Addresses: []*registryv1.Address{
			{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Bench Street", Locality: "Katherine", State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850"},
			{Type: registryv1.AddressType_ADDRESS_TYPE_POSTAL, Street: "PO Box 1", Locality: "Katherine", State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850"},
		},
		Payments: []*registryv1.Payment{
			{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 70_000, FromDate: "2024-07-01"},
			{Code: "RENT_ASSISTANCE", FortnightlyCents: 18_000, FromDate: "2024-07-01", Supplementary: true},
		},
		Children: []*registryv1.Child{{GivenName: "Kim", DateOfBirth: day(500 + n%400)}, {GivenName: "Lou", DateOfBirth: day(3500 + n%400)}},
		Account:  &registryv1.IncomeManagementAccount{BalanceCents: 20_000, ManagedCents: 49_000},
		Expenses: []*registryv1.Expense{
			{ExpenseId: "rent", Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 20_000, Regular: true, FromDate: "2024-08-01"},
			{ExpenseId: "power", Kind: registryv1.ExpenseKind_EXPENSE_KIND_UTILITIES, AllocationCents: 5_000, Regular: true, FromDate: "2024-08-01"},
		},
		Card: &registryv1.Card{BalanceCents: 4_000, LimitCents: 150_000, AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_RESIDUAL},
	}
}

// template n: every other one waits for evidence that falls due on one of the
// next days; the others have nothing due for weeks.
func template(n int, today time.Time) *registryv1.Customer {
	crn := fmt.Sprintf("9%08dA", n)
	if n%2 == 0 {
		return measured(crn, n, []eventv1.Measure{eventv1.Measure_MEASURE_VEIM, eventv1.Measure_MEASURE_VWPR, eventv1.Measure_MEASURE_DEY, eventv1.Measure_MEASURE_CPEIM}[n/2%4])
	}
	c := measured(crn, n, eventv1.Measure_MEASURE_LTWPR)
	asked := today.AddDate(0, 0, n/2%8-30).Format(time.DateOnly)
	c.Exemptions = []*registryv1.Exemption{{
		ExemptionId: "x", Status: registryv1.ExemptionStatus_EXEMPTION_STATUS_EVIDENCE_REQUESTED, AppliedOn: asked, EvidenceRequestedOn: asked,
	}}
	return c
}
