package catalogue

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// forever is the last day of an occasion without end: late enough for every
// record, early enough to be written as a date.
const forever int64 = 2_900_000

// The kinds of value expressions may give beside CEL's own.
var (
	causeType    = cel.OpaqueType("cause")
	occasionType = cel.OpaqueType("occasion")
	causes       = cel.ListType(causeType)
	occasions    = cel.ListType(occasionType)
	strings_     = cel.ListType(cel.StringType)

	customerType   = cel.ObjectType("facts.Customer")
	revocationType = cel.ObjectType("facts.Revocation")
	expenseType    = cel.ObjectType("facts.Expense")
	paymentType    = cel.ObjectType("facts.Payment")
	penaltyType    = cel.ObjectType("facts.Penalty")
	exemptionType  = cel.ObjectType("facts.Exemption")
)

// cause is a reason to raise an item because of an event.
type cause struct {
	key, value string
	// daily: it counts once a day, not once a version of the record.
	daily bool
}

// occasion is a reason to raise an item on a day: due first on from, and not
// any more after until.
type occasion struct {
	key, value  string
	from, until int64
}

// opaque lets a Go value pass through expressions.
type opaque[T any] struct {
	held T
	kind *cel.Type
}

func (o opaque[T]) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot become %s", o.kind, t)
}

func (o opaque[T]) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("%s has no other type", o.kind)
}
func (o opaque[T]) Equal(ref.Val) ref.Val { return types.False }
func (o opaque[T]) Type() ref.Type        { return o.kind }
func (o opaque[T]) Value() any            { return o.held }

func causeOf(key, value ref.Val, daily bool) ref.Val {
	return opaque[cause]{held: cause{key: text(key), value: text(value), daily: daily}, kind: causeType}
}

func occasionOf(a []ref.Val, until int64) ref.Val {
	return opaque[occasion]{held: occasion{key: text(a[0]), value: text(a[1]), from: number(a[2]), until: until}, kind: occasionType}
}

func text(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}

func number(v ref.Val) int64 {
	n, _ := v.(types.Int)
	return int64(n)
}

// held returns the Go value behind a value of an expression, by pointer.
func held[T any](v ref.Val) *T {
	switch x := v.Value().(type) {
	case *T:
		return x
	case T:
		return &x
	}
	return new(T)
}

// language makes the environments expressions are compiled in: CEL with the
// facts as native structs, the limits as constants such as limit.failures, and
// the functions of functions.go. Each place sees only its own variables, so
// that an expression for dates cannot ask what day it is.
type language struct {
	// event sees before, after, changed and today; state c and today; date c;
	// revocation the revocation.
	event, state, date, revocation *cel.Env
}

func newLanguage(limits map[string]int64, zone *time.Location) (*language, error) {
	options := []cel.EnvOption{
		ext.NativeTypes(ext.ParseStructTag("cel"), reflect.TypeFor[facts.Customer](), reflect.TypeFor[facts.Revocation]()),
		readFields,
		cel.ParserExpressionSizeLimit(4000),
		cel.Constant("none", cel.IntType, types.Int(facts.None)),
		cel.Constant("forever", cel.IntType, types.Int(forever)),
	}
	for name, v := range limits {
		options = append(options, cel.Constant("limit."+name, cel.IntType, types.Int(v)))
	}
	l := &language{}
	base, err := cel.NewEnv(append(options, functions(zone)...)...)
	if err != nil {
		return nil, err
	}
	for _, x := range []struct {
		env  **cel.Env
		vars []cel.EnvOption
	}{
		{&l.event, []cel.EnvOption{
			cel.Variable("before", customerType), cel.Variable("after", customerType),
			cel.Variable("changed", strings_), cel.Variable("today", cel.IntType),
		}},
		{&l.state, []cel.EnvOption{cel.Variable("c", customerType), cel.Variable("today", cel.IntType)}},
		{&l.date, []cel.EnvOption{cel.Variable("c", customerType)}},
		{&l.revocation, []cel.EnvOption{cel.Variable("revocation", revocationType)}},
	} {
		if *x.env, err = base.Extend(x.vars...); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// view is what compiled expressions ask for the variables: one evaluator's,
// used again and again.
type view struct {
	before, after, c, revocation ref.Val
	changed                      ref.Val
	today                        types.Int
}

// ResolveName is asked by expressions.
func (v *view) ResolveName(name string) (any, bool) {
	switch name {
	case "after":
		return v.after, true
	case "before":
		return v.before, true
	case "c":
		return v.c, true
	case "today":
		return v.today, true
	case "changed":
		return v.changed, true
	case "revocation":
		return v.revocation, true
	}
	return nil, false
}

// Parent is the enclosing scope: there is none.
func (v *view) Parent() cel.Activation { return nil }

// forget drops the facts, so that an idle worker keeps none of them alive.
func (v *view) forget() { *v = view{} }
