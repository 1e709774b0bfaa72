package events

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/measure"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// finish sets in a record what the registry keeps itself and follows from what
// changed, and from all else that is looked at.
func (b *Book) finish(p *page, next *registryv1.Customer, look scope) error {
	before := p.customer
	unkeyed(next)
	if err := b.cardAllocations(p, next); err != nil {
		return err
	}
	slices.SortStableFunc(next.GetAddresses(), func(a, b *registryv1.Address) int { return cmp.Compare(a.GetType(), b.GetType()) })
	for _, payment := range next.GetPayments() {
		if s := payment.GetStatus(); s != registryv1.PaymentStatus_PAYMENT_STATUS_UNSPECIFIED {
			payment.Stopped = s == registryv1.PaymentStatus_PAYMENT_STATUS_SUSPENDED || s == registryv1.PaymentStatus_PAYMENT_STATUS_CANCELLED
		}
	}
	b.residence(before, next)
	b.method(before, next)
	if err := b.links(before, next, look == everything); err != nil {
		return err
	}
	b.fees(before, next, look == everything)
	b.spells(p, next, look != touched)
	return nil
}

// cardHeld says that allocations to a card are prevented for now (rules 4).
func cardHeld() error {
	return fault.New(fault.Precondition, "CARD_ALLOCATIONS_HELD", "allocations to the card are held: its balance is over the limit").
		WithHelp("Complete the work item about the card's balance first, or choose another way to pay the expense.")
}

// cardAllocations refuses a new or changed allocation to a card while those are
// held. One that was there may stay as it is, or cease.
func (b *Book) cardAllocations(p *page, next *registryv1.Customer) error {
	if p.locked == nil || !p.locked.CardHeld {
		return nil
	}
	for _, e := range next.GetExpenses() {
		if e.GetKind() != registryv1.ExpenseKind_EXPENSE_KIND_CARD {
			continue
		}
		was := expense(p.customer, e.GetExpenseId())
		if was != nil {
			was = proto.CloneOf(was)
			if e.GetCeasedOn() != "" {
				was.CeasedOn = e.GetCeasedOn()
			}
			was.ConsecutiveFailures = e.GetConsecutiveFailures()
		}
		if !proto.Equal(was, e) {
			return cardHeld()
		}
	}
	return nil
}

func expense(c *registryv1.Customer, id string) *registryv1.Expense {
	for _, e := range c.GetExpenses() {
		if e.GetExpenseId() == id {
			return e
		}
	}
	return nil
}

// inDeclaredArea reports whether the home address is in the Northern Territory.
func inDeclaredArea(c *registryv1.Customer) bool {
	for _, a := range c.GetAddresses() {
		if a.GetType() == registryv1.AddressType_ADDRESS_TYPE_HOME {
			return a.GetState() == eventv1.Jurisdiction_JURISDICTION_NT
		}
	}
	return false
}

// residence notes the day the home address left the Northern Territory. A home
// address that ended there has left it too, whatever comes next.
func (b *Book) residence(before, next *registryv1.Customer) {
	switch was, is := inDeclaredArea(before), inDeclaredArea(next); {
	case is:
		next.LeftDeclaredAreaOn = ""
	case was:
		next.LeftDeclaredAreaOn = b.today.String()
	}
}

// method notes since when a card has its allocation method, and the one before.
func (b *Book) method(before, next *registryv1.Customer) {
	card := next.GetCard()
	was, is := before.GetCard().GetAllocationMethod(), card.GetAllocationMethod()
	if card != nil && was != is {
		card.PreviousMethod, card.MethodSince = was, b.today.String()
	}
}

// person is what is known of another customer, also from the batch itself.
func (b *Book) person(crn string) (store.Person, bool, error) {
	if b.reading.Records[crn] != nil || b.pages[crn] != nil {
		p, err := b.page(crn)
		if err != nil || p.customer == nil {
			return store.Person{}, false, err
		}
		return store.Person{CarerAllowance: int16(p.customer.GetCarerAllowance()), Deceased: p.customer.GetDateOfDeath() != ""}, true, nil
	}
	known, ok := b.reading.People[crn]
	return known, ok, nil
}

// links repeats what other customers' records say of partner and nominee.
func (b *Book) links(before, next *registryv1.Customer, all bool) error {
	if all || before.GetPartnerCrn() != next.GetPartnerCrn() {
		partner, _, err := b.person(next.GetPartnerCrn())
		if err != nil {
			return err
		}
		next.PartnerCarerAllowance = registryv1.CarerAllowanceStatus(partner.CarerAllowance)
	}
	// Without a nominee it stays known how the arrangement ended.
	if next.GetNominee() != nil && (all || !proto.Equal(before.GetNominee(), next.GetNominee())) {
		nominee, _, err := b.person(next.GetNominee().GetCrn())
		if err != nil {
			return err
		}
		next.NomineeDeceased = nominee.Deceased
	}
	if all {
		next.NomineeFor = b.reading.Principals[next.GetCrn()]
	}
	return nil
}

// fees repeats the providers' fees and ends in the expenses that name them.
func (b *Book) fees(before, next *registryv1.Customer, all bool) {
	for _, e := range next.GetExpenses() {
		was := expense(before, e.GetExpenseId())
		if !all && was != nil && was.GetProviderId() == e.GetProviderId() {
			continue
		}
		e.ProviderFeeCents, e.ProviderEndsOn = 0, ""
		if p, ok := b.reading.Providers[e.GetProviderId()]; ok {
			e.ProviderFeeCents = p.FeeCents
			if p.EndsOn != nil {
				e.ProviderEndsOn = p.EndsOn.String()
			}
		}
	}
}

// complete reports whether all that a record names was there to repeat.
func (b *Book) complete(c *registryv1.Customer) bool {
	for _, crn := range []string{c.GetPartnerCrn(), c.GetNominee().GetCrn()} {
		if _, ok, err := b.person(crn); crn != "" && (!ok || err != nil) {
			return false
		}
	}
	for _, e := range c.GetExpenses() {
		if _, ok := b.reading.Providers[e.GetProviderId()]; e.GetProviderId() != "" && !ok {
			return false
		}
	}
	return true
}

// spells makes the history of measures.
func (b *Book) spells(p *page, next *registryv1.Customer, all bool) {
	before := p.customer
	fresh := before == nil
	defer func() { next.RegisterMeasure = registerMeasure(next) }()
	if !all && !fresh && before.GetOtherMeasure() == next.GetOtherMeasure() {
		return
	}
	older := spellsOf(before)
	if before.GetOtherMeasure() != next.GetOtherMeasure() {
		older = measure.Older(older, term.Measure(next.GetOtherMeasure()), b.today)
	} else {
		older = slices.DeleteFunc(older, func(s measure.Spell) bool { return s.Register })
	}
	if !all && !fresh { // the notices were not read
		for _, s := range spellsOf(before) {
			if s.Register {
				older = append(older, s)
			}
		}
	}
	next.MeasureHistory = nil
	for _, s := range measure.History(b.reading.Notices[next.GetCrn()], older) {
		spell := &registryv1.MeasureSpell{Measure: eventv1.Measure(s.Measure), FromDate: s.From.String(), FromRegister: s.Register}
		if s.To != nil {
			spell.ToDate = s.To.String()
		}
		next.MeasureHistory = append(next.MeasureHistory, spell)
	}
}

// registerMeasure is the register's measure as a version of a record tells it:
// that of the spell that lasts. Between the end of a notice and its continuation,
// which come as events of their own, it is not told to have ended.
func registerMeasure(c *registryv1.Customer) eventv1.Measure {
	for _, s := range slices.Backward(c.GetMeasureHistory()) {
		if s.GetFromRegister() && s.GetToDate() == "" {
			return s.GetMeasure()
		}
	}
	return 0
}

func spellsOf(c *registryv1.Customer) []measure.Spell {
	spells := make([]measure.Spell, 0, len(c.GetMeasureHistory())+1)
	for _, m := range c.GetMeasureHistory() {
		s := measure.Spell{Measure: term.Measure(m.GetMeasure()), Register: m.GetFromRegister()}
		s.From, _ = calendar.ParseDate(m.GetFromDate()) // written by this package
		if to, err := calendar.ParseDate(m.GetToDate()); err == nil {
			s.To = &to
		}
		spells = append(spells, s)
	}
	return spells
}
