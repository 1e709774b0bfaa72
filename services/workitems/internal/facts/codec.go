package facts

import (
	"encoding/binary"

	"github.com/noticehub/noticehub/pkg/fault"
)

// codecVersion is the first byte of encoded facts. A new field goes to the end
// of its part under a higher version and is read only from that version on.
const codecVersion = 2

// Encode writes facts compactly: one version byte, then every field in the
// order of fields.
func Encode(c *Customer) []byte {
	w := coder{version: codecVersion, writing: true, out: make([]byte, 0, 512)}
	w.out = append(w.out, codecVersion)
	w.customer(c)
	return w.out
}

// Decode reads what Encode wrote. Anything else is refused (kind Internal):
// facts come from the service's own table, so that means a damaged row or a
// newer program.
func Decode(b []byte) (*Customer, error) {
	if len(b) == 0 {
		return nil, fault.New(fault.Internal, "FACTS_DAMAGED", "encoded facts are empty")
	}
	if b[0] == 0 || b[0] > codecVersion {
		return nil, fault.New(fault.Internal, "FACTS_VERSION_UNKNOWN", "facts were encoded by version %d; this program knows up to %d", b[0], codecVersion)
	}
	r := coder{version: b[0], in: b[1:], text: string(b[1:])}
	c := new(Customer)
	r.customer(c)
	if r.bad || len(r.in) != 0 {
		return nil, fault.New(fault.Internal, "FACTS_DAMAGED", "encoded facts are damaged")
	}
	return c, nil
}

// coder goes through the fields in one order, writing or reading them, so that
// the two can never differ.
type coder struct {
	version byte
	writing bool
	bad     bool
	out     []byte
	in      []byte
	// text is the whole input once as a string: strings are cut out of it
	// without being copied one by one.
	text string
}

func (x *coder) uint() uint64 {
	v, n := binary.Uvarint(x.in)
	if n <= 0 {
		x.bad, x.in = true, nil
		return 0
	}
	x.in = x.in[n:]
	return v
}

func (x *coder) num(v *int64) {
	if x.writing {
		x.out = binary.AppendVarint(x.out, *v)
		return
	}
	u := x.uint()
	*v = int64(u>>1) ^ -int64(u&1)
}

func (x *coder) str(s *string) {
	if x.writing {
		x.out = append(binary.AppendUvarint(x.out, uint64(len(*s))), *s...)
		return
	}
	n := x.uint()
	if n > uint64(len(x.in)) {
		x.bad, x.in = true, nil
		return
	}
	at := len(x.text) - len(x.in)
	*s = x.text[at : at+int(n)]
	x.in = x.in[n:]
}

func (x *coder) flag(b *bool) {
	if x.writing {
		v := byte(0)
		if *b {
			v = 1
		}
		x.out = append(x.out, v)
		return
	}
	switch v := x.uint(); v {
	case 0, 1:
		*b = v == 1
	default:
		x.bad = true
	}
}

// list goes through a list. An element takes at least one byte, so that a
// damaged length cannot ask for more memory than the input is long.
func list[T any](x *coder, l *[]T, each func(*coder, *T)) {
	n := uint64(len(*l))
	if x.writing {
		x.out = binary.AppendUvarint(x.out, n)
	} else {
		if n = x.uint(); n > uint64(len(x.in)) {
			x.bad, x.in = true, nil
			return
		}
		if n > 0 {
			*l = make([]T, n)
		}
	}
	for i := range *l {
		each(x, &(*l)[i])
	}
}

func (x *coder) customer(c *Customer) {
	x.flag(&c.Known)
	x.str(&c.Measure)
	x.num(&c.DateOfDeath)
	list(x, &c.Addresses, (*coder).address)
	list(x, &c.Payments, (*coder).payment)
	x.str(&c.Nominee)
	x.flag(&c.NomineeDeceased)
	list(x, &c.NomineeFor, (*coder).str)
	x.str(&c.PartnerCRN)
	list(x, &c.Children, (*coder).child)
	x.str(&c.RentType)
	x.str(&c.PaydayCode)
	x.str(&c.CarerAllowance)
	x.str(&c.PartnerCarerAllowance)
	x.flag(&c.Imprisonment.Has)
	x.num(&c.Imprisonment.From)
	x.num(&c.Imprisonment.To)
	list(x, &c.Penalties, (*coder).penalty)
	list(x, &c.History, (*coder).spell)
	x.account(&c.Account)
	list(x, &c.Expenses, (*coder).expense)
	x.card(&c.Card)
	list(x, &c.Exemptions, (*coder).exemption)
	list(x, &c.Offers, (*coder).offer)
	x.flag(&c.CashPayment)
	x.num(&c.BereavedOn)
	x.num(&c.LeftAreaOn)
}

func (x *coder) address(a *Address) {
	x.str(&a.Kind)
	x.str(&a.State)
}

func (x *coder) payment(p *Payment) {
	x.str(&p.Code)
	x.str(&p.Status)
	x.num(&p.Since)
	x.flag(&p.Supplementary)
}

func (x *coder) child(c *Child) {
	x.str(&c.GivenName)
	x.num(&c.Born)
	if x.version >= 2 {
		x.str(&c.Key)
	}
}

func (x *coder) penalty(p *Penalty) {
	x.str(&p.ID)
	x.str(&p.Kind)
	x.num(&p.From)
	x.num(&p.To)
}

func (x *coder) spell(s *Spell) {
	x.str(&s.Measure)
	x.num(&s.From)
	x.num(&s.To)
}

func (x *coder) account(a *Account) {
	x.flag(&a.Has)
	x.num(&a.BalanceCents)
	x.num(&a.ManagedCents)
	x.num(&a.DisbursedOn)
	x.str(&a.CreditID)
	x.num(&a.CreditCents)
	x.num(&a.CreditAt)
}

func (x *coder) expense(e *Expense) {
	x.str(&e.ID)
	x.str(&e.Kind)
	x.num(&e.AllocationCents)
	x.flag(&e.Regular)
	x.str(&e.Provider)
	x.num(&e.From)
	x.num(&e.CeasedOn)
	x.num(&e.Failures)
	x.num(&e.FeeCents)
	x.num(&e.ProviderEndsOn)
}

func (x *coder) card(c *Card) {
	x.flag(&c.Has)
	x.num(&c.BalanceCents)
	x.num(&c.LimitCents)
	x.str(&c.Method)
	x.num(&c.MethodSince)
	x.str(&c.PreviousMethod)
	x.flag(&c.PinBlocked)
	list(x, &c.Declined, (*coder).num)
	list(x, &c.VaryRejected, (*coder).num)
}

func (x *coder) exemption(e *Exemption) {
	x.str(&e.ID)
	x.str(&e.Status)
	x.num(&e.AppliedOn)
	x.num(&e.RequestedOn)
	x.num(&e.ReceivedOn)
	x.num(&e.DecidedOn)
	x.num(&e.EndsOn)
}

func (x *coder) offer(o *Offer) {
	x.str(&o.ID)
	x.str(&o.Kind)
	x.num(&o.OfferedOn)
	x.str(&o.Result)
}
