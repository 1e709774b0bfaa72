package api

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/customer"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// ChangeCustomer applies an officer's changes to a record: all of them or none.
func (s *Server) ChangeCustomer(ctx context.Context, req *registryv1.ChangeCustomerRequest) (*registryv1.ChangeCustomerResponse, error) {
	src, err := sourceOf(ctx, req.GetReason())
	if err != nil {
		return nil, err
	}
	if err := mayRestrict(ctx, req.GetChanges()); err != nil {
		return nil, err
	}
	if err := s.noConflict(ctx, req.GetCrn()); err != nil {
		return nil, err
	}
	v, err := s.sightOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Outbox.Room(ctx); err != nil {
		return nil, err
	}
	w := store.Wanted{CRNs: []string{req.GetCrn()}}
	wants(&w, req.GetChanges())
	var kept *registryv1.Customer
	err = s.change(ctx, w, func(_ pgx.Tx, b *events.Book) error {
		_, err := b.Change(req.GetCrn(), src, func(c *registryv1.Customer) (*registryv1.Customer, error) {
			if c == nil {
				return nil, unknownCustomer()
			}
			if err := mayAmend(ctx, v, c, req); err != nil {
				return nil, err
			}
			if err := expected(req.GetExpectedVersion(), c.GetRecordVersion(), true); err != nil {
				return nil, err
			}
			return c, amendment{record: c, today: b.Today(), mayRestrict: true}.apply(req.GetChanges())
		})
		if err != nil {
			return err
		}
		kept, err = b.Customer(req.GetCrn())
		return err
	})
	if err != nil {
		return nil, err
	}
	kept, err = s.veiled(ctx, kept)
	return &registryv1.ChangeCustomerResponse{Customer: kept}, err
}

// mayRestrict refuses changes of the restriction of a record to all but the
// Restricted Access officer.
func mayRestrict(ctx context.Context, changes []*registryv1.Change) error {
	for i, c := range changes {
		if _, ok := c.GetChange().(*registryv1.Change_RestrictedAccess); !ok {
			continue
		}
		if caller, known := identity.From(ctx); !known || !caller.Has(restrictedRole) {
			return fault.New(fault.Denied, "RESTRICTED_ACCESS", "changes[%d]: only the Restricted Access officer restricts a record or lifts it", i).
				WithHelp("Ask the Restricted Access officer.")
		}
	}
	return nil
}

// applyChanges applies changes to a record in their order. What is malformed is
// Invalid with the field's path, such as changes[2].cease_expense.on; what does
// not fit the record is Precondition NOT_APPLICABLE. After an error c is of no
// use. Feeds cannot restrict a record or lift that.
func applyChanges(c *registryv1.Customer, changes []*registryv1.Change, today calendar.Date) error {
	return amendment{record: c, today: today}.apply(changes)
}

// amendment applies changes to a record on a day.
type amendment struct {
	record      *registryv1.Customer
	today       calendar.Date
	mayRestrict bool
}

func (a amendment) apply(changes []*registryv1.Change) error {
	if err := checkChanges("changes", changes, a.today); err != nil {
		return err
	}
	for i, change := range changes {
		// The record takes what the change holds; the change stays the caller's.
		if err := a.one(proto.CloneOf(change)); err != nil {
			return at(fmt.Sprintf("changes[%d].%s", i, variant(change)), err)
		}
	}
	// Each change may be right and the record still not, such as a death before birth.
	if err := customer.Check("", particulars(a.record), a.today); err != nil {
		return at("changes", misfit("the record would have what cannot be: %s", err.Error()))
	}
	return nil
}

// misfit is a change that does not fit the record.
func misfit(format string, args ...any) *fault.Error {
	return fault.New(fault.Precondition, "NOT_APPLICABLE", format, args...).
		WithHelp("Read the record and send changes that fit it.")
}

// at tells which change does not fit.
func at(path string, err *fault.Error) error {
	description := err.Message
	err.Message = path + ": " + description
	return err.WithField(path, description)
}

// variant is the name of a change in the contract.
func variant(c *registryv1.Change) string {
	m := c.ProtoReflect()
	if f := m.WhichOneof(m.Descriptor().Oneofs().ByName("change")); f != nil {
		return string(f.Name())
	}
	return "change"
}

func (a amendment) one(change *registryv1.Change) *fault.Error {
	r := a.record
	switch c := change.GetChange().(type) {
	case *registryv1.Change_PutAddress, *registryv1.Change_EndAddress, *registryv1.Change_PutName, *registryv1.Change_DateOfDeath,
		*registryv1.Change_SetNominee, *registryv1.Change_EndNominee, *registryv1.Change_LinkPartner, *registryv1.Change_UnlinkPartner,
		*registryv1.Change_ChildEntered, *registryv1.Change_ChildLeft, *registryv1.Change_RestrictedAccess:
		return a.person(change)
	case *registryv1.Change_SetAccount, *registryv1.Change_AccountCredit, *registryv1.Change_PutExpense, *registryv1.Change_CeaseExpense,
		*registryv1.Change_ExpensePayment, *registryv1.Change_SetCard, *registryv1.Change_CardDeclined, *registryv1.Change_VaryBalanceRejected:
		return a.money(change)
	case *registryv1.Change_PutPayment:
		return put(&r.Payments, c.PutPayment, (*registryv1.Payment).GetCode, maxPayments, "payments")
	case *registryv1.Change_PutPenalty:
		return put(&r.Penalties, c.PutPenalty, (*registryv1.CompliancePenalty).GetPenaltyId, maxEntries, "penalties")
	case *registryv1.Change_PutExemption:
		return put(&r.Exemptions, c.PutExemption, (*registryv1.Exemption).GetExemptionId, maxEntries, "exemptions")
	case *registryv1.Change_PutServiceOffer:
		return put(&r.ServiceOffers, c.PutServiceOffer, (*registryv1.ServiceOffer).GetOfferId, maxEntries, "service offers")
	case *registryv1.Change_RentType:
		r.RentType = c.RentType
	case *registryv1.Change_PutImprisonment:
		r.Imprisonment = c.PutImprisonment
	case *registryv1.Change_EndImprisonment:
		if r.GetImprisonment() == nil {
			return misfit("no imprisonment is recorded")
		}
		r.Imprisonment = nil
	case *registryv1.Change_CarerAllowance:
		r.CarerAllowance = c.CarerAllowance
	case *registryv1.Change_PaydayCode:
		r.PaydayCode = c.PaydayCode
	case *registryv1.Change_OtherMeasure:
		r.OtherMeasure = c.OtherMeasure
	case *registryv1.Change_UnrestrictedCashPaymentEligible:
		r.UnrestrictedCashPaymentEligible = c.UnrestrictedCashPaymentEligible
	case *registryv1.Change_Office:
		r.Office = c.Office
	}
	return nil
}

// How many a record holds, as the contract says.
const (
	maxPayments = 20
	maxEntries  = 50
	maxAliases  = 20
	maxChildren = 30
	// lastOfCard are kept of each list of a card's transactions.
	lastOfCard = 20
)

// put records an entry in the place of the one with the same id, else at the end.
func put[T any](list *[]T, entry T, id func(T) string, most int, what string) *fault.Error {
	for i, e := range *list {
		if id(e) == id(entry) {
			(*list)[i] = entry
			return nil
		}
	}
	if len(*list) >= most {
		return misfit("the record holds %d %s already, which is the most", most, what)
	}
	*list = append(*list, entry)
	return nil
}
