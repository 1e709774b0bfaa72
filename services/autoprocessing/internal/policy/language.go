package policy

import (
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// factField is one fact: its name in rules and where it stands in Facts.
type factField struct {
	name  string
	kind  reflect.Kind
	group int // field of Facts
	field int // field of the group
	// record is true for facts that come from the customer's record or the notice
	// register: hidden while access is restricted.
	record bool
}

// factFields lists every fact, taken from the tags of Facts once; factIndex
// finds one by name.
var factFields, factIndex = readFacts()

func readFacts() ([]factField, map[string]int) {
	var fields []factField
	index := make(map[string]int)
	facts := reflect.TypeFor[Facts]()
	for g := range facts.NumField() {
		group := facts.Field(g).Type
		for f := range group.NumField() {
			name, flag, _ := strings.Cut(group.Field(f).Tag.Get("fact"), ",")
			index[name] = len(fields)
			fields = append(fields, factField{name: name, kind: group.Field(f).Type.Kind(), group: g, field: f, record: flag == "record"})
		}
	}
	return fields, index
}

// environment is the language rules of this policy are written in: CEL's
// operators without macros (so no rule can loop), the facts as variables such
// as customer.deceased, the limits as constants such as limit.start_ahead_days,
// the lists of codes as constants such as codes.category_a_payments, and four functions
// that ask the policy's tables.
func (p *Policy) environment() (*cel.Env, error) {
	options := []cel.EnvOption{cel.ClearMacros(), cel.ParserExpressionSizeLimit(1000)}
	for _, f := range factFields {
		options = append(options, cel.Variable(f.name, celType(f.kind)))
	}
	for name, v := range p.limits() {
		options = append(options, cel.Constant(name, cel.IntType, types.Int(v)))
	}
	for name := range p.lists {
		options = append(options, cel.Constant("codes."+name, cel.StringType, types.String(name)))
	}
	str := func(v ref.Val) string { s, _ := v.Value().(string); return s }
	options = append(options,
		cel.Function("anyIn", cel.MemberOverload("list_any_in", []*cel.Type{cel.ListType(cel.StringType), cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(codes, list ref.Val) ref.Val {
				set := p.lists[str(list)]
				all, _ := codes.Value().([]string)
				for _, c := range all {
					if _, ok := set[c]; ok {
						return types.True
					}
				}
				return types.False
			}))),
		cel.Function("isIn", cel.MemberOverload("string_is_in", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(code, list ref.Val) ref.Val { return types.Bool(p.Listed(str(list), str(code))) }))),
		cel.Function("outranks", cel.Overload("measure_outranks", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val { return types.Bool(p.outranks(str(a), str(b))) }))),
		cel.Function("inArea", cel.Overload("measure_in_area", []*cel.Type{cel.StringType, cel.StringType, cel.StringType}, cel.BoolType,
			cel.FunctionBinding(func(a ...ref.Val) ref.Val { return types.Bool(p.inArea(str(a[0]), str(a[1]), str(a[2]))) }))),
		cel.Function("activeRevocation", cel.Overload("measure_active_revocation", []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(func(m ref.Val) ref.Val { return types.String(p.activeRevocation(str(m))) }))),
	)
	return cel.NewEnv(options...)
}

func celType(k reflect.Kind) *cel.Type {
	switch k {
	case reflect.Bool:
		return cel.BoolType
	case reflect.Int:
		return cel.IntType
	case reflect.Slice:
		return cel.ListType(cel.StringType)
	default:
		return cel.StringType
	}
}

// limits by the names rules and texts use.
func (p *Policy) limits() map[string]int {
	return map[string]int{
		"limit.continuation_days": p.Limits.ContinuationDays,
		"limit.start_ahead_days":  p.Limits.StartAheadDays,
		"limit.revocation_days":   p.Limits.RevocationDays,
	}
}

// activation shows one Facts to compiled rules. Values are made when a rule
// asks for them and kept while the same facts are evaluated.
type activation struct {
	facts  reflect.Value
	values []ref.Val
}

func newActivation() *activation { return &activation{values: make([]ref.Val, len(factFields))} }

func (a *activation) show(f *Facts) {
	a.facts = reflect.ValueOf(f).Elem()
	clear(a.values)
}

// forget drops the facts, so that an idle worker keeps none of them alive.
func (a *activation) forget() {
	a.facts = reflect.Value{}
	clear(a.values)
}

// ResolveName is asked by the rules for a fact.
func (a *activation) ResolveName(name string) (any, bool) {
	i, ok := factIndex[name]
	if !ok {
		return nil, false
	}
	if v := a.values[i]; v != nil {
		return v, true
	}
	f := &factFields[i]
	field := a.facts.Field(f.group).Field(f.field)
	var v ref.Val
	switch f.kind {
	case reflect.Bool:
		v = types.False
		if field.Bool() {
			v = types.True
		}
	case reflect.Int:
		v = types.Int(field.Int())
	case reflect.String:
		v = types.String(field.String())
	default:
		v = types.NewStringList(types.DefaultTypeAdapter, *field.Addr().Interface().(*[]string))
	}
	a.values[i] = v
	return v, true
}

// Parent is the enclosing scope: there is none.
func (a *activation) Parent() cel.Activation { return nil }
