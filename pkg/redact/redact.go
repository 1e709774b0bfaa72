// Package redact prints what may be shown of messages, errors and panics to
// those who run the system, who are not those the data is for.
//
// Duty: fields the contract marks with debug_redact appear as [hidden] wherever
// they are nested, and values that errors quote are taken out. protobuf's own
// printers ignore that mark, so nothing else may print a message.
//
// Guarantees: a marked field's value never appears, nor does anything of a field
// the contract does not know; printing never panics and its length is bounded;
// all text is one line of printable ASCII. Non-guarantee: a personal value in a
// field that is not marked is printed: a test elsewhere keeps the list of those.
package redact

import (
	"encoding/hex"
	"log/slog"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Hidden stands in the place of a value that is not shown.
const Hidden = "[hidden]"

const (
	maxDepth  = 24       // messages in messages that are printed
	maxItems  = 20       // items of a list or map that are printed
	maxText   = 200      // bytes of one string that are printed
	maxBytes  = 32       // bytes of a digest or id that are printed; of longer ones the length
	maxLength = 16 << 10 // bytes of the whole
)

// Personal reports whether the contract marks the field as personal.
func Personal(f protoreflect.FieldDescriptor) bool {
	o, ok := f.Options().(*descriptorpb.FieldOptions)
	return ok && o.GetDebugRedact()
}

// String prints a message in one line, without what is personal in it.
func String(m proto.Message) (text string) {
	if m == nil {
		return "nothing"
	}
	defer func() {
		if recover() != nil { // a message that is broken in itself
			text = Hidden
		}
	}()
	p := &printer{}
	r := m.ProtoReflect()
	p.raw(string(r.Descriptor().FullName()))
	p.message(r, 0)
	return p.String()
}

// Value is a message as a value of a log: printed only when the line is.
func Value(m proto.Message) slog.LogValuer { return value{m} }

type value struct{ message proto.Message }

// LogValue prints the message.
func (v value) LogValue() slog.Value { return slog.StringValue(String(v.message)) }

// String prints the message, so that other printers show no more.
func (v value) String() string { return String(v.message) }

type printer struct{ strings.Builder }

func (p *printer) full() bool { return p.Len() >= maxLength }

func (p *printer) raw(s string) {
	if !p.full() {
		p.WriteString(s)
	}
}

func (p *printer) message(m protoreflect.Message, depth int) {
	if depth > maxDepth {
		p.raw("{…}")
		return
	}
	if p.wellKnown(m, depth) {
		return
	}
	p.raw("{")
	first := true
	fields := m.Descriptor().Fields()
	for i := 0; i < fields.Len() && !p.full(); i++ { // in the contract's order; unknown fields and extensions are none of these
		f := fields.Get(i)
		if !m.Has(f) {
			continue
		}
		if !first {
			p.raw(" ")
		}
		first = false
		p.raw(string(f.Name()))
		p.raw(":")
		switch {
		case Personal(f) || foreign(f):
			p.raw(Hidden)
		case f.IsMap():
			p.entries(f, m.Get(f).Map(), depth)
		case f.IsList():
			p.list(f, m.Get(f).List(), depth)
		default:
			p.one(f, m.Get(f), depth)
		}
	}
	p.raw("}")
}

// open are the fields of messages the contract did not write that say nothing of
// a person. Nobody could mark the others.
var open = map[protoreflect.FullName]bool{
	"google.rpc.Status.code": true, "google.rpc.Status.details": true,
	"google.rpc.ErrorInfo.reason": true, "google.rpc.ErrorInfo.domain": true,
	"google.rpc.RetryInfo.retry_delay": true, "google.rpc.BadRequest.field_violations": true,
}

func foreign(f protoreflect.FieldDescriptor) bool {
	home := f.ContainingMessage().ParentFile().Package()
	return strings.HasPrefix(string(home), "google.") && !open[f.FullName()]
}

// wellKnown prints the types that have a form of their own.
func (p *printer) wellKnown(m protoreflect.Message, depth int) bool {
	switch t := m.Interface().(type) {
	case *timestamppb.Timestamp:
		if t.CheckValid() != nil {
			p.raw("{no time}")
		} else {
			p.raw(t.AsTime().Format("2006-01-02T15:04:05.999999999Z"))
		}
	case *durationpb.Duration:
		p.raw(t.AsDuration().String())
	case *anypb.Any:
		inner, err := t.UnmarshalNew()
		if err != nil {
			p.raw("{" + Hidden + "}") // its type is unknown here: so is what is personal in it
			return true
		}
		r := inner.ProtoReflect()
		p.raw(string(r.Descriptor().FullName()))
		p.message(r, depth+1)
	default:
		return false
	}
	return true
}

func (p *printer) list(f protoreflect.FieldDescriptor, l protoreflect.List, depth int) {
	p.raw("[")
	for i := 0; i < l.Len() && i < maxItems && !p.full(); i++ {
		if i > 0 {
			p.raw(" ")
		}
		p.one(f, l.Get(i), depth)
	}
	p.more(l.Len())
	p.raw("]")
}

// entries prints the values of a map; its keys are data nobody can mark.
func (p *printer) entries(f protoreflect.FieldDescriptor, m protoreflect.Map, depth int) {
	p.raw("[")
	n := 0
	m.Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
		if n > 0 {
			p.raw(" ")
		}
		p.one(f.MapValue(), v, depth)
		n++
		return n < maxItems && !p.full()
	})
	p.more(m.Len())
	p.raw("]")
}

func (p *printer) more(items int) {
	if items > maxItems {
		p.raw(" and " + strconv.Itoa(items-maxItems) + " more")
	}
}

func (p *printer) one(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		p.message(v.Message(), depth+1)
	case protoreflect.EnumKind:
		if d := f.Enum().Values().ByNumber(v.Enum()); d != nil {
			p.raw(string(d.Name()))
		} else {
			p.raw(strconv.Itoa(int(v.Enum())))
		}
	case protoreflect.StringKind:
		s := v.String()
		if len(s) > maxText {
			s = s[:maxText] + "…"
		}
		p.raw(strconv.QuoteToASCII(s))
	case protoreflect.BytesKind:
		if b := v.Bytes(); len(b) <= maxBytes {
			p.raw(hex.EncodeToString(b))
		} else {
			p.raw(strconv.Itoa(len(b)) + " bytes")
		}
	default:
		p.raw(v.String()) // numbers and truth values
	}
}
