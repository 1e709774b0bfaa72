package catalogue

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// functions are what expressions may call beside CEL's own.
func functions(zone *time.Location) []cel.EnvOption {
	str, num, yes, dates := cel.StringType, cel.IntType, cel.BoolType, cel.ListType(cel.IntType)
	args := func(t ...*cel.Type) []*cel.Type { return t }
	unary := func(f func(ref.Val) ref.Val) cel.OverloadOpt { return cel.UnaryBinding(f) }
	binary := func(f func(a, b ref.Val) ref.Val) cel.OverloadOpt { return cel.BinaryBinding(f) }
	many := func(f func(a ...ref.Val) ref.Val) cel.OverloadOpt { return cel.FunctionBinding(f) }
	return []cel.EnvOption{
		// cause(key, value): raise once for this version of the record.
		cel.Function("cause", cel.Overload("cause_string_string", args(str, str), causeType,
			binary(func(k, v ref.Val) ref.Val { return causeOf(k, v, false) }))),
		// cause_daily(key, value): raise once for this day, however many versions it brings.
		cel.Function("cause_daily", cel.Overload("cause_daily_string_string", args(str, str), causeType,
			binary(func(k, v ref.Val) ref.Val { return causeOf(k, v, true) }))),
		// occasion(key, value, from[, until]): raise on from, and at every repeat
		// after it, but not after until.
		cel.Function("occasion",
			cel.Overload("occasion_from", args(str, str, num), occasionType,
				many(func(a ...ref.Val) ref.Val { return occasionOf(a, forever) })),
			cel.Overload("occasion_from_until", args(str, str, num, num), occasionType,
				many(func(a ...ref.Val) ref.Val { return occasionOf(a, number(a[3])) }))),
		// date_text(day): "2027-03-01".
		cel.Function("date_text", cel.Overload("date_text_int", args(num), str,
			unary(func(d ref.Val) ref.Val { return types.String(facts.Written(number(d))) }))),
		// money(cents): "3000.01".
		cel.Function("money", cel.Overload("money_int", args(num), str,
			unary(func(v ref.Val) ref.Val { return types.String(money(number(v))) }))),
		// latest(days), earliest(days): none of an empty list.
		cel.Function("latest", cel.Overload("latest_list", args(dates), num,
			unary(func(v ref.Val) ref.Val { return extreme(v, func(a, b int64) bool { return a > b }) }))),
		cel.Function("earliest", cel.Overload("earliest_list", args(dates), num,
			unary(func(v ref.Val) ref.Val { return extreme(v, func(a, b int64) bool { return a < b }) }))),
		// birthday(born, years): 1 March for one born on 29 February when there is none.
		cel.Function("birthday", cel.Overload("birthday_int_int", args(num, num), num,
			binary(func(born, years ref.Val) ref.Val {
				d := calendar.Date(number(born))
				return types.Int(calendar.DateOf(d.Year()+int(number(years)), d.Month(), d.Day()))
			}))),
		// local_day(time): the agency's day of a time in seconds.
		cel.Function("local_day", cel.Overload("local_day_int", args(num), num,
			unary(func(at ref.Val) ref.Val { return types.Int(facts.LocalDay(number(at), zone)) }))),
		// added(now, former): the list of times holds something it did not hold.
		cel.Function("added", cel.Overload("added_list_list", args(dates, dates), yes,
			binary(func(now, former ref.Val) ref.Val {
				a, b := numbers(now), numbers(former)
				return types.Bool(len(a) > 0 && !slices.Equal(a, b))
			}))),
		// count_within(times, seconds): how many lie at most so long before the newest.
		cel.Function("count_within", cel.Overload("count_within_list_int", args(dates, num), num,
			binary(func(times, seconds ref.Val) ref.Val { return types.Int(within(numbers(times), number(seconds))) }))),
		// expense.current(today): it has begun or will, and has not ceased; day of ceasing excluded.
		cel.Function("current", cel.MemberOverload("expense_current", args(expenseType, num), yes,
			binary(func(e, today ref.Val) ref.Val { return types.Bool(current(held[facts.Expense](e), number(today))) }))),
		// customer.expense(id) and the like: empty, with days none, when there is none.
		finder("expense", expenseType, func(c *facts.Customer, id string) any {
			return find(c.Expenses, func(e *facts.Expense) bool { return e.ID == id },
				facts.Expense{From: facts.None, CeasedOn: facts.None, ProviderEndsOn: facts.None})
		}),
		// customer.altered_expenses(before): those that are not as they were; all of
		// them when no measure was in force before.
		cel.Function("altered_expenses", cel.MemberOverload("customer_altered_expenses", args(customerType, customerType), cel.ListType(expenseType),
			binary(func(now, before ref.Val) ref.Val {
				list := altered(held[facts.Customer](now), held[facts.Customer](before))
				return records{record: record{at: list, kind: expenseType}, list: reflect.ValueOf(list)}
			}))),
		finder("payment", paymentType, func(c *facts.Customer, code string) any {
			return find(c.Payments, func(p *facts.Payment) bool { return p.Code == code }, facts.Payment{Since: facts.None})
		}),
		finder("penalty", penaltyType, func(c *facts.Customer, id string) any {
			return find(c.Penalties, func(p *facts.Penalty) bool { return p.ID == id }, facts.Penalty{From: facts.None, To: facts.None})
		}),
		finder("exemption", exemptionType, func(c *facts.Customer, id string) any {
			return find(c.Exemptions, func(x *facts.Exemption) bool { return x.ID == id }, facts.Exemption{
				AppliedOn: facts.None, RequestedOn: facts.None, ReceivedOn: facts.None, DecidedOn: facts.None, EndsOn: facts.None,
			})
		}),
		// customer.has_offer(id), customer.has_spell(measure, from).
		cel.Function("has_offer", cel.MemberOverload("customer_has_offer", args(customerType, str), yes,
			binary(func(c, id ref.Val) ref.Val {
				return types.Bool(slices.ContainsFunc(held[facts.Customer](c).Offers, func(o facts.Offer) bool { return o.ID == text(id) }))
			}))),
		cel.Function("has_spell", cel.MemberOverload("customer_has_spell", args(customerType, str, num), yes,
			many(func(a ...ref.Val) ref.Val {
				m, from := text(a[1]), number(a[2])
				return types.Bool(slices.ContainsFunc(held[facts.Customer](a[0]).History, func(s facts.Spell) bool { return s.Measure == m && s.From == from }))
			}))),
		// customer.peak_allocation(today): the largest sum of regular expenses a
		// fortnight on today or any later day; the Rent Deduction Scheme does not count.
		cel.Function("peak_allocation", cel.MemberOverload("customer_peak_allocation", args(customerType, num), num,
			binary(func(c, today ref.Val) ref.Val {
				return types.Int(peakAllocation(held[facts.Customer](c).Expenses, number(today)))
			}))),
		// customer.measure_since(): first day of the measure in force; none when the history does not tell.
		cel.Function("measure_since", cel.MemberOverload("customer_measure_since", args(customerType), num,
			unary(func(c ref.Val) ref.Val { return types.Int(measureSince(held[facts.Customer](c))) }))),
		// customer.managed_until(notBefore, today): the last day income management ended on, from notBefore to today; none when it did not.
		cel.Function("managed_until", cel.MemberOverload("customer_managed_until", args(customerType, num, num), num,
			many(func(a ...ref.Val) ref.Val {
				s := lastEnded(held[facts.Customer](a[0]), number(a[1]), number(a[2]))
				return types.Int(s.To)
			}))),
		// customer.home_state(): of the home address, else of the temporary one.
		cel.Function("home_state", cel.MemberOverload("customer_home_state", args(customerType), str,
			unary(func(c ref.Val) ref.Val { return types.String(homeState(held[facts.Customer](c).Addresses)) }))),
		// customer.same_children(other): the same children, in any order.
		cel.Function("same_children", cel.MemberOverload("customer_same_children", args(customerType, customerType), yes,
			binary(func(a, b ref.Val) ref.Val {
				return types.Bool(sameChildren(held[facts.Customer](a).Children, held[facts.Customer](b).Children))
			}))),
	}
}

// finder makes a member function of customers that looks an element up.
func finder(name string, kind *cel.Type, f func(c *facts.Customer, id string) any) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("customer_"+name, []*cel.Type{customerType, cel.StringType}, kind,
		cel.BinaryBinding(func(c, id ref.Val) ref.Val {
			return record{at: f(held[facts.Customer](c), text(id)), kind: kind}
		})))
}

// find returns the first element that fits, by pointer, else the blank one.
func find[T any](list []T, fits func(*T) bool, blank T) *T {
	for i := range list {
		if fits(&list[i]) {
			return &list[i]
		}
	}
	return &blank
}

// numbers returns the numbers of a list, however CEL holds it.
func numbers(v ref.Val) []int64 {
	if n, ok := v.Value().([]int64); ok {
		return n
	}
	l, ok := v.(traits.Lister)
	if !ok {
		return nil
	}
	var out []int64
	for i := range number(l.Size()) {
		out = append(out, number(l.Get(types.Int(i))))
	}
	return out
}

func extreme(v ref.Val, better func(a, b int64) bool) ref.Val {
	out, some := facts.None, false
	for _, n := range numbers(v) {
		if !some || better(n, out) {
			out, some = n, true
		}
	}
	return types.Int(out)
}

func money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}
