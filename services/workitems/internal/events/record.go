package events

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/internal/childkey"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// words are the names of an enum's values without their prefix, by number; the
// unset value is "". A number not known here is "" as well.
type words []string

func wordsOf(d protoreflect.EnumDescriptor, prefix string) words {
	values := d.Values()
	out := make(words, 0, values.Len())
	for i := range values.Len() {
		n := int(values.Get(i).Number())
		for len(out) <= n {
			out = append(out, "")
		}
		if n > 0 {
			out[n] = strings.TrimPrefix(string(values.Get(i).Name()), prefix)
		}
	}
	return out
}

func word[E ~int32](w words, v E) string {
	if v < 0 || int(v) >= len(w) {
		return ""
	}
	return w[v]
}

var (
	statusWords    = wordsOf(registryv1.PaymentStatus(0).Descriptor(), "PAYMENT_STATUS_")
	carerWords     = wordsOf(registryv1.CarerAllowanceStatus(0).Descriptor(), "CARER_ALLOWANCE_STATUS_")
	expenseWords   = wordsOf(registryv1.ExpenseKind(0).Descriptor(), "EXPENSE_KIND_")
	methodWords    = wordsOf(registryv1.AllocationMethod(0).Descriptor(), "ALLOCATION_METHOD_")
	exemptionWords = wordsOf(registryv1.ExemptionStatus(0).Descriptor(), "EXEMPTION_STATUS_")
	offerWords     = wordsOf(registryv1.ServiceOfferKind(0).Descriptor(), "SERVICE_OFFER_KIND_")
	resultWords    = wordsOf(registryv1.ServiceOfferResult(0).Descriptor(), "SERVICE_OFFER_RESULT_")
	penaltyWords   = wordsOf(registryv1.PenaltyKind(0).Descriptor(), "PENALTY_KIND_")
	stateWords     = wordsOf(eventv1.Jurisdiction(0).Descriptor(), "JURISDICTION_")
	// The short names officers use.
	addressWords = words{"", "HOM", "TEM", "TER", "POS"}
)

// reader reads days; the first one that is impossible is remembered.
type reader struct{ err error }

func (r *reader) day(s string) int64 {
	d, err := facts.Day(s)
	if err != nil && r.err == nil {
		r.err = err
	}
	return d
}

func seconds(t *timestamppb.Timestamp) int64 { return t.GetSeconds() }

func measureWord(m eventv1.Measure) string { return term.Measure(m).String() }

// FromProto takes out of a record what triggers look at, and no name when it is
// restricted. An impossible date is an error. The writer makes keys of children
// whose names are told.
func FromProto(c *registryv1.Customer, w *audit.Writer) (facts.Customer, error) {
	r := &reader{}
	f := facts.Blank()
	f.Known = true
	if f.Measure = measureWord(c.GetRegisterMeasure()); f.Measure == "" {
		f.Measure = measureWord(c.GetOtherMeasure())
	}
	f.DateOfDeath = r.day(c.GetDateOfDeath())
	f.Addresses = each(c.GetAddresses(), func(a *registryv1.Address) facts.Address {
		return facts.Address{Kind: word(addressWords, a.GetType()), State: word(stateWords, a.GetState())}
	})
	f.Payments = each(c.GetPayments(), r.payment)
	if n := c.GetNominee(); n != nil {
		f.Nominee = n.GetKind() + "/" + n.GetCrn()
	}
	f.NomineeDeceased, f.NomineeFor, f.PartnerCRN = c.GetNomineeDeceased(), c.GetNomineeFor(), c.GetPartnerCrn()
	f.Children = each(c.GetChildren(), func(x *registryv1.Child) facts.Child {
		k := facts.Child{GivenName: x.GetGivenName(), Born: r.day(x.GetDateOfBirth()), Key: x.GetKey()}
		if k.Key == "" {
			k.Key = childkey.Of(w, c.GetCrn(), x.GetGivenName(), x.GetDateOfBirth())
		}
		if c.GetRestrictedAccess() {
			k.GivenName = ""
		}
		return k
	})
	f.RentType, f.PaydayCode = c.GetRentType(), c.GetPaydayCode()
	f.CarerAllowance, f.PartnerCarerAllowance = word(carerWords, c.GetCarerAllowance()), word(carerWords, c.GetPartnerCarerAllowance())
	if p := c.GetImprisonment(); p != nil {
		f.Imprisonment = facts.Imprisonment{Has: true, From: r.day(p.GetFromDate()), To: r.day(p.GetToDate())}
	}
	f.Penalties = each(c.GetPenalties(), func(p *registryv1.CompliancePenalty) facts.Penalty {
		return facts.Penalty{ID: p.GetPenaltyId(), Kind: word(penaltyWords, p.GetKind()), From: r.day(p.GetFromDate()), To: r.day(p.GetToDate())}
	})
	f.History = each(c.GetMeasureHistory(), func(s *registryv1.MeasureSpell) facts.Spell {
		return facts.Spell{Measure: measureWord(s.GetMeasure()), From: r.day(s.GetFromDate()), To: r.day(s.GetToDate())}
	})
	f.Account = r.account(c.GetAccount())
	f.Expenses = each(c.GetExpenses(), r.expense)
	f.Card = r.card(c.GetCard())
	f.Exemptions = each(c.GetExemptions(), r.exemption)
	f.Offers = each(c.GetServiceOffers(), func(o *registryv1.ServiceOffer) facts.Offer {
		return facts.Offer{ID: o.GetOfferId(), Kind: word(offerWords, o.GetKind()), OfferedOn: r.day(o.GetOfferedOn()), Result: word(resultWords, o.GetResult())}
	})
	f.CashPayment = c.GetUnrestrictedCashPaymentEligible()
	f.BereavedOn, f.LeftAreaOn = r.day(c.GetLastChildBereavement()), r.day(c.GetLeftDeclaredAreaOn())
	return f, r.err
}

func each[A, B any](list []A, of func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	out := make([]B, len(list))
	for i, x := range list {
		out[i] = of(x)
	}
	return out
}

// payment reads a status left open as the registry does.
func (r *reader) payment(p *registryv1.Payment) facts.Payment {
	status := word(statusWords, p.GetStatus())
	switch {
	case status != "":
	case p.GetStopped():
		status = "CANCELLED"
	default:
		status = "CURRENT"
	}
	return facts.Payment{Code: p.GetCode(), Status: status, Since: r.day(p.GetStatusSince()), Supplementary: p.GetSupplementary()}
}

func (r *reader) account(a *registryv1.IncomeManagementAccount) facts.Account {
	if a == nil {
		return facts.Account{DisbursedOn: facts.None}
	}
	f := facts.Account{Has: true, BalanceCents: a.GetBalanceCents(), ManagedCents: a.GetManagedCents(), DisbursedOn: r.day(a.GetResidualDisbursedOn())}
	if credit := a.GetLastCredit(); credit != nil {
		f.CreditID, f.CreditCents, f.CreditAt = credit.GetCreditId(), credit.GetCents(), seconds(credit.GetAt())
	}
	return f
}

func (r *reader) expense(e *registryv1.Expense) facts.Expense {
	return facts.Expense{
		ID: e.GetExpenseId(), Kind: word(expenseWords, e.GetKind()), AllocationCents: e.GetAllocationCents(), Regular: e.GetRegular(),
		Provider: e.GetProviderId(), From: r.day(e.GetFromDate()), CeasedOn: r.day(e.GetCeasedOn()),
		Failures: int64(e.GetConsecutiveFailures()), FeeCents: e.GetProviderFeeCents(), ProviderEndsOn: r.day(e.GetProviderEndsOn()),
	}
}

func (r *reader) card(c *registryv1.Card) facts.Card {
	if c == nil {
		return facts.Card{MethodSince: facts.None}
	}
	at := func(t *registryv1.CardTransaction) int64 { return seconds(t.GetAt()) }
	return facts.Card{
		Has: true, BalanceCents: c.GetBalanceCents(), LimitCents: c.GetLimitCents(),
		Method: word(methodWords, c.GetAllocationMethod()), MethodSince: r.day(c.GetMethodSince()), PreviousMethod: word(methodWords, c.GetPreviousMethod()),
		PinBlocked: c.GetPinBlocked(), Declined: each(c.GetDeclined(), at), VaryRejected: each(c.GetVaryBalanceRejections(), at),
	}
}

func (r *reader) exemption(e *registryv1.Exemption) facts.Exemption {
	return facts.Exemption{
		ID: e.GetExemptionId(), Status: word(exemptionWords, e.GetStatus()), AppliedOn: r.day(e.GetAppliedOn()),
		RequestedOn: r.day(e.GetEvidenceRequestedOn()), ReceivedOn: r.day(e.GetEvidenceReceivedOn()),
		DecidedOn: r.day(e.GetDecidedOn()), EndsOn: r.day(e.GetEndsOn()),
	}
}
