package rpc

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
)

// nested keeps, for each message type, its fields that hold messages, so that
// looking for unknown fields does not visit every string and number.
var nested sync.Map // protoreflect.MessageDescriptor → []protoreflect.FieldDescriptor

func nestedFields(d protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	if known, ok := nested.Load(d); ok {
		return known.([]protoreflect.FieldDescriptor)
	}
	var list []protoreflect.FieldDescriptor
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if f.IsMap() && f.MapValue().Message() != nil || !f.IsMap() && f.Message() != nil {
			list = append(list, f)
		}
	}
	nested.Store(d, list)
	return list
}

// unknownFields appends a Field for every field of m, at any depth, that the
// contract does not have, or whose time or duration is none, with paths relative
// to m. Contents of google.protobuf.Any are not looked into.
func unknownFields(m protoreflect.Message, found []fault.Field) []fault.Field {
	before := len(found)
	if text := impossible(m); text != "" {
		found = append(found, fault.Field{Description: text})
	}
	for rest := m.GetUnknown(); len(rest) > 0 && len(found) < maxFields; {
		number, _, n := protowire.ConsumeField(rest)
		if n < 0 {
			break // cannot be: the decoder kept it as a whole field
		}
		rest = rest[n:]
		field := fault.Field{
			Path:        strconv.Itoa(int(number)),
			Description: fmt.Sprintf("%s has no field number %d", m.Descriptor().FullName(), number),
		}
		if !slices.Contains(found[before:], field) { // the same field may be repeated
			found = append(found, field)
		}
	}
	for _, f := range nestedFields(m.Descriptor()) {
		if !m.Has(f) {
			continue
		}
		switch v := m.Get(f); {
		case f.IsList():
			list := v.List()
			for i := range list.Len() {
				found = within(list.Get(i).Message(), found, f, i, protoreflect.MapKey{})
			}
		case f.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				found = within(v.Message(), found, f, 0, k)
				return len(found) < maxFields
			})
		default:
			found = within(v.Message(), found, f, 0, protoreflect.MapKey{})
		}
	}
	return found
}

// within looks into one message below field f: element i of a list, the value
// of key k of a map, or the only one. The path is spelled out only when
// something was found, which is almost never.
func within(m protoreflect.Message, found []fault.Field, f protoreflect.FieldDescriptor, i int, k protoreflect.MapKey) []fault.Field {
	before := len(found)
	if found = unknownFields(m, found); len(found) == before {
		return found
	}
	at := string(f.Name())
	switch {
	case f.IsList():
		at += "[" + strconv.Itoa(i) + "]"
	case f.IsMap() && f.MapKey().Kind() == protoreflect.StringKind:
		at += "[" + strconv.Quote(shorten(k.String())) + "]"
	case f.IsMap():
		at += "[" + k.String() + "]"
	}
	for i := before; i < len(found); i++ {
		found[i].Path = join(at, found[i].Path)
	}
	return found
}

func join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

// impossible says what is wrong with a time or duration that is none: the wire
// can carry numbers that mean nothing.
func impossible(m protoreflect.Message) string {
	switch v := m.Interface().(type) {
	case *timestamppb.Timestamp:
		if v.CheckValid() != nil {
			return "is not a time from year 1 to 9999"
		}
	case *durationpb.Duration:
		if v.CheckValid() != nil {
			return "is not a duration"
		}
	}
	return ""
}
