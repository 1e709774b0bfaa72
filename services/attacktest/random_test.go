//go:build attack

package attacktest

import (
	"math"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/clock"
)

// maker makes messages of a valid shape at random: enums have values they have,
// texts lengths and patterns they may have, so that many pass validation and reach
// the services; some fields are strange all the same.
type maker struct {
	*rand.Rand
	// known are values that mean something in the hub: CRNs, ids, references.
	known []string
}

// one in n.
func (g *maker) one(n int) bool { return g.IntN(n) == 0 }

// message makes a random message of a type.
func (g *maker) message(d protoreflect.MessageDescriptor) proto.Message {
	m := fresh(d)
	g.fill(m.ProtoReflect(), 6)
	return m
}

func (g *maker) fill(m protoreflect.Message, depth int) {
	switch m.Descriptor().FullName() {
	case "google.protobuf.Timestamp":
		set(m, "seconds", time.Now().Unix()+g.Int64N(200_000_000)-100_000_000)
		if g.one(12) {
			set(m, "seconds", []int64{math.MaxInt64, math.MinInt64, 0, 253402300800, -62135596801}[g.IntN(5)])
		}
		return
	case "google.protobuf.Duration":
		set(m, "seconds", []int64{0, 1, 2, -1, math.MaxInt64}[g.IntN(5)])
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		rules, _ := proto.GetExtension(f.Options(), validate.E_Field).(*validate.FieldRules)
		if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
			continue
		}
		if rules.GetRequired() || g.one(2) {
			g.field(m, f, rules, depth)
		}
	}
	for i := range m.Descriptor().Oneofs().Len() {
		if o := m.Descriptor().Oneofs().Get(i); !o.IsSynthetic() && !g.one(20) {
			f := o.Fields().Get(g.IntN(o.Fields().Len()))
			rules, _ := proto.GetExtension(f.Options(), validate.E_Field).(*validate.FieldRules)
			g.field(m, f, rules, depth)
		}
	}
}

func set(m protoreflect.Message, name protoreflect.Name, n int64) {
	m.Set(m.Descriptor().Fields().ByName(name), protoreflect.ValueOfInt64(n))
}

func (g *maker) field(m protoreflect.Message, f protoreflect.FieldDescriptor, rules *validate.FieldRules, depth int) {
	switch {
	case f.IsMap():
	case f.IsList():
		n := 1 + g.IntN(3)
		if limit := rules.GetRepeated().GetMaxItems(); g.one(50) && limit > 0 && limit < 1000 {
			n = int(limit) + g.IntN(2)
		}
		for range n {
			l := m.Mutable(f).List()
			if f.Message() != nil {
				if depth > 0 {
					g.fill(l.AppendMutable().Message(), depth-1)
				}
				continue
			}
			l.Append(g.scalar(f, rules.GetRepeated().GetItems()))
		}
	case f.Message() != nil:
		if depth > 0 {
			g.fill(m.Mutable(f).Message(), depth-1)
		}
	default:
		m.Set(f, g.scalar(f, rules))
	}
}

func (g *maker) scalar(f protoreflect.FieldDescriptor, rules *validate.FieldRules) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.EnumKind:
		if g.one(40) {
			return protoreflect.ValueOfEnum(protoreflect.EnumNumber(g.Int32()))
		}
		return protoreflect.ValueOfEnum(f.Enum().Values().Get(g.IntN(f.Enum().Values().Len())).Number())
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(g.one(2))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		r := rules.GetInt32()
		return protoreflect.ValueOfInt32(int32(g.number(int64(r.GetGte()), int64(r.GetLte()), math.MaxInt32)))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		r := rules.GetInt64()
		return protoreflect.ValueOfInt64(g.number(r.GetGte(), r.GetLte(), math.MaxInt64))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(g.number(0, 0, math.MaxInt32)))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(g.number(0, 0, math.MaxInt64)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64([]float64{0, 1, -1, math.NaN(), math.Inf(1), math.MaxFloat64}[g.IntN(6)])
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(g.NormFloat64()))
	case protoreflect.BytesKind:
		b := make([]byte, []int{0, 1, 16, 32, 64, 300}[g.IntN(6)])
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return protoreflect.ValueOfBytes(b)
	default:
		return protoreflect.ValueOfString(g.text(string(f.Name()), rules.GetString()))
	}
}

func (g *maker) number(low, high, most int64) int64 {
	switch g.IntN(12) {
	case 0:
		return []int64{-1, most, -most, 0, high, low, high + 1}[g.IntN(7)]
	case 1:
		return g.Int64N(most)
	}
	if high > low && high-low < 1<<40 {
		return low + g.Int64N(high-low+1)
	}
	return low + g.Int64N(50)
}

var strange = []string{"'; DROP TABLE x; --", "%", "\\", "ÄÖÜ", "\u202eabc", "🙂", "<script>", "../..", "null", "0", "-1", "{}", strings.Repeat("x", 300), "\n", "a\tb", "NaN"}

// text is a text that a field may have, most of the time.
func (g *maker) text(name string, rules *validate.StringRules) string {
	switch {
	case g.one(30):
		return strange[g.IntN(len(strange))]
	case rules.GetUuid() || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids"):
		if g.one(2) {
			return g.pick()
		}
		return clock.DerivedID(clock.ID{}, string(rune('a'+g.IntN(20)))).String()
	case strings.HasSuffix(name, "crn") || name == "reference" || name == "authority_id":
		if !g.one(4) {
			return g.pick()
		}
	case strings.Contains(name, "date") || strings.HasSuffix(name, "_on") || name == "on" || name == "until" || name == "as_at":
		return time.Now().AddDate(0, 0, g.IntN(800)-400).Format(time.DateOnly)
	}
	if rules.GetPattern() != "" {
		if parsed, err := syntax.Parse(rules.GetPattern(), syntax.Perl); err == nil {
			var b strings.Builder
			g.match(&b, parsed.Simplify(), 400)
			return b.String()
		}
	}
	low, high := int(rules.GetMinLen()), int(rules.GetMaxLen())
	n := low + g.IntN(12)
	if high > 0 {
		n = min(n, high)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefgh XYZ0123"[g.IntN(16)]
	}
	return string(b)
}

func (g *maker) pick() string {
	if len(g.known) == 0 {
		return ""
	}
	return g.known[g.IntN(len(g.known))]
}

// match writes a text that a pattern matches.
func (g *maker) match(b *strings.Builder, re *syntax.Regexp, most int) {
	if b.Len() > most {
		return
	}
	times := func(low, high int) {
		for range low + g.IntN(high-low+1) {
			g.match(b, re.Sub[0], most)
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		if len(re.Rune) > 1 {
			i := 2 * g.IntN(len(re.Rune)/2)
			low, high := re.Rune[i], min(re.Rune[i+1], re.Rune[i]+90)
			b.WriteRune(low + rune(g.IntN(int(high-low)+1)))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte("abc 123"[g.IntN(7)])
	case syntax.OpCapture:
		g.match(b, re.Sub[0], most)
	case syntax.OpConcat:
		for _, s := range re.Sub {
			g.match(b, s, most)
		}
	case syntax.OpAlternate:
		g.match(b, re.Sub[g.IntN(len(re.Sub))], most)
	case syntax.OpStar:
		times(0, 8)
	case syntax.OpPlus:
		times(1, 8)
	case syntax.OpQuest:
		times(0, 1)
	case syntax.OpRepeat:
		times(re.Min, max(re.Min, re.Max))
	}
}
