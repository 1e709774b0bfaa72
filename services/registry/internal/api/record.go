package api

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/customer"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// admit checks a record that is put, without what the registry keeps itself. It
// changes c: that is taken out.
func (s *Server) admit(c *registryv1.Customer) error {
	if c == nil {
		return fault.InvalidField("customer", "must be given")
	}
	keepOwn(nil, c)
	return customer.Check("customer", particulars(c), s.today())
}

// particulars of a record, as the rules look at them.
func particulars(c *registryv1.Customer) customer.Record {
	r := customer.Record{
		CRN: c.GetCrn(), PartnerCRN: c.GetPartnerCrn(), NomineeCRN: c.GetNominee().GetCrn(), Born: c.GetDateOfBirth(), Died: c.GetDateOfDeath(),
	}
	r.Past("last_child_bereavement", c.GetLastChildBereavement())
	for i, a := range c.GetAddresses() {
		r.Key(fmt.Sprintf("addresses[%d].type", i), "address", a.GetType().String())
	}
	for i, p := range c.GetPayments() {
		paymentParticulars(&r, fmt.Sprintf("payments[%d]", i), p)
	}
	for i, ch := range c.GetChildren() {
		r.MustPast(fmt.Sprintf("children[%d].date_of_birth", i), ch.GetDateOfBirth())
	}
	if in := c.GetImprisonment(); in != nil {
		r.Period("imprisonment.from_date", in.GetFromDate(), "imprisonment.to_date", in.GetToDate())
	}
	for i, p := range c.GetPenalties() {
		penaltyParticulars(&r, fmt.Sprintf("penalties[%d]", i), p)
	}
	accountParticulars(&r, c.GetAccount())
	for i, e := range c.GetExpenses() {
		expenseParticulars(&r, fmt.Sprintf("expenses[%d]", i), e)
	}
	r.Amount("card.balance_cents", c.GetCard().GetBalanceCents())
	r.Amount("card.limit_cents", c.GetCard().GetLimitCents())
	for i, e := range c.GetExemptions() {
		exemptionParticulars(&r, fmt.Sprintf("exemptions[%d]", i), e)
	}
	for i, o := range c.GetServiceOffers() {
		offerParticulars(&r, fmt.Sprintf("service_offers[%d]", i), o)
	}
	return r
}

func paymentParticulars(r *customer.Record, path string, p *registryv1.Payment) {
	r.Key(path+".code", "payment", p.GetCode())
	r.Day(path+".from_date", p.GetFromDate())
	r.Day(path+".status_since", p.GetStatusSince())
	r.Amount(path+".fortnightly_cents", p.GetFortnightlyCents())
}

func penaltyParticulars(r *customer.Record, path string, p *registryv1.CompliancePenalty) {
	r.Key(path+".penalty_id", "penalty", p.GetPenaltyId())
	r.Period(path+".from_date", p.GetFromDate(), path+".to_date", p.GetToDate())
}

func accountParticulars(r *customer.Record, a *registryv1.IncomeManagementAccount) {
	if a == nil {
		return
	}
	r.Amount("account.balance_cents", a.GetBalanceCents())
	r.Amount("account.managed_cents", a.GetManagedCents())
	r.Past("account.residual_disbursed_on", a.GetResidualDisbursedOn())
	if credit := a.GetLastCredit(); credit != nil {
		creditParticulars(r, "account.last_credit", credit)
	}
}

func creditParticulars(r *customer.Record, path string, c *registryv1.AccountCredit) {
	r.Amount(path+".cents", c.GetCents())
	r.Moment(path+".at", moment(c.GetAt()))
}

func expenseParticulars(r *customer.Record, path string, e *registryv1.Expense) {
	r.Key(path+".expense_id", "expense", e.GetExpenseId())
	r.Period(path+".from_date", e.GetFromDate(), path+".ceased_on", e.GetCeasedOn())
	r.Amount(path+".allocation_cents", e.GetAllocationCents())
	if e.GetProviderId() != "" && e.GetKind() != registryv1.ExpenseKind_EXPENSE_KIND_SCHOOL_MEALS {
		r.Wrong(path+".provider_id", "must be empty unless the expense is for school meals")
	}
}

func exemptionParticulars(r *customer.Record, path string, e *registryv1.Exemption) {
	r.Key(path+".exemption_id", "exemption", e.GetExemptionId())
	r.MustPast(path+".applied_on", e.GetAppliedOn())
	r.Past(path+".evidence_requested_on", e.GetEvidenceRequestedOn())
	r.Past(path+".evidence_received_on", e.GetEvidenceReceivedOn())
	r.Past(path+".decided_on", e.GetDecidedOn())
	r.Period(path+".applied_on", e.GetAppliedOn(), path+".evidence_requested_on", e.GetEvidenceRequestedOn())
	r.Period(path+".applied_on", e.GetAppliedOn(), path+".evidence_received_on", e.GetEvidenceReceivedOn())
	r.Period(path+".applied_on", e.GetAppliedOn(), path+".decided_on", e.GetDecidedOn())
	r.Period(path+".applied_on", e.GetAppliedOn(), path+".ends_on", e.GetEndsOn())
	if e.GetStatus() == registryv1.ExemptionStatus_EXEMPTION_STATUS_EVIDENCE_REQUESTED && e.GetEvidenceRequestedOn() == "" {
		r.Wrong(path+".evidence_requested_on", "must be given when evidence was asked for")
	}
}

func offerParticulars(r *customer.Record, path string, o *registryv1.ServiceOffer) {
	r.Key(path+".offer_id", "service offer", o.GetOfferId())
	r.MustPast(path+".offered_on", o.GetOfferedOn())
}

// moment is a time as it travels; nil when it is none.
func moment(t *timestamppb.Timestamp) *time.Time {
	if t.CheckValid() != nil {
		return nil
	}
	at := t.AsTime()
	return &at
}

// decode turns a kept record into the contract's.
func decode(r store.Record) (*registryv1.Customer, error) {
	c := new(registryv1.Customer)
	if err := proto.Unmarshal(r.Body, c); err != nil {
		return nil, fmt.Errorf("decode a customer's record: %w", err)
	}
	c.RegisterMeasure, c.RecordVersion = eventv1.Measure(r.Measure), r.Version
	return c, nil
}

// endOf is the moment a local day ends: the next one begins.
func (s *Server) endOf(day calendar.Date) time.Time { return day.Add(1).Start(s.Zone) }
