package rpc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

// method is one method as the chain needs it.
type method struct {
	full string
	// open to all, without rule or record.
	open          bool
	input, output protoreflect.MessageDescriptor
	// authority is the request's field with the id of an authority; nil when it has none.
	authority protoreflect.FieldDescriptor
	// What the table's rule says, with its paths looked up; set by Serve.
	reads         bool
	object, shown path
	masks         masks
}

// authorityField is the field in which a request may name its authority. For an
// authority that calls, who it is decides; the field may only agree.
const authorityField = "authority_id"

// describe looks the method up in its contract.
func (m *method) describe(d protoreflect.MethodDescriptor) {
	m.input, m.output = d.Input(), d.Output()
	if f := m.input.Fields().ByName(authorityField); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
		m.authority = f
	}
}

// obey takes over what a rule says of replies and records. A path that the
// contract does not have is an error: it would silently mask or record nothing.
func (m *method) obey(rule identity.Rule) error {
	m.reads = rule.Reads
	var problems []error
	look := func(in protoreflect.MessageDescriptor, text, what string) path {
		p, err := find(in, text)
		if err != nil {
			problems = append(problems, fmt.Errorf("rpc: %s: %s: %w", m.full, what, err))
		}
		return p
	}
	if rule.Object != "" {
		m.object = look(m.input, rule.Object, "object")
		if m.object != nil && (m.object.many() || !m.object.last().isName()) {
			problems = append(problems, fmt.Errorf("rpc: %s: object %s is not one text or number", m.full, rule.Object))
		}
	}
	if rule.Shown != "" {
		m.shown = look(m.output, rule.Shown, "shown")
		if m.shown != nil && !m.shown.last().isName() {
			problems = append(problems, fmt.Errorf("rpc: %s: shown %s is not text or numbers", m.full, rule.Shown))
		}
	}
	m.masks = masks{allowed: rule.Roles, byRole: make(map[string]map[string]path)}
	for role, paths := range rule.Masks {
		m.masks.byRole[role] = make(map[string]path)
		for _, text := range paths {
			m.masks.byRole[role][text] = look(m.output, text, "mask for "+role)
		}
	}
	return errors.Join(problems...)
}

// sameAuthority refuses a request that names another authority than the one calling.
func (m *method) sameAuthority(ctx context.Context, request any) error {
	if m.authority == nil {
		return nil
	}
	in, ok := request.(proto.Message)
	if !ok {
		return nil
	}
	caller, _ := identity.From(ctx)
	if caller.Kind != identity.Authority {
		return nil
	}
	if id := in.ProtoReflect().Get(m.authority).String(); id != "" && id != caller.ID {
		return fault.New(fault.Denied, "AUTHORITY_MISMATCH", "the request names another authority than the one that calls").
			WithField(authorityField, "must be empty or the caller's own").
			WithHelp("Leave " + authorityField + " empty: the credentials say which authority calls.")
	}
	return nil
}

// path leads from a message through fields, each but the last holding messages.
type path []step

type step struct{ protoreflect.FieldDescriptor }

// isName reports whether the field's value can name a record.
func (s step) isName() bool {
	f := s.FieldDescriptor
	if f.IsMap() {
		return false
	}
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind,
		protoreflect.Sint32Kind, protoreflect.Sint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind,
		protoreflect.Sfixed32Kind, protoreflect.Sfixed64Kind:
		return true
	default:
		return false
	}
}

// find looks a path up: names of fields with dots between; lists and maps are
// gone through whole.
func find(d protoreflect.MessageDescriptor, text string) (path, error) {
	var p path
	for name := range strings.SplitSeq(text, ".") {
		if d == nil {
			return nil, fmt.Errorf("%s goes on below a field that holds no message", text)
		}
		f := d.Fields().ByName(protoreflect.Name(name))
		if f == nil {
			return nil, fmt.Errorf("%s: %s has no field %s", text, d.FullName(), strconv.Quote(name))
		}
		p = append(p, step{f})
		if d = f.Message(); f.IsMap() {
			d = f.MapValue().Message()
		}
	}
	return p, nil
}

func (p path) last() step { return p[len(p)-1] }

// many reports whether the path can lead to several values.
func (p path) many() bool {
	for _, f := range p {
		if f.IsList() || f.IsMap() {
			return true
		}
	}
	return false
}

// visit calls f for each message that has the path's last field set, with that field.
func (p path) visit(m protoreflect.Message, f func(protoreflect.Message, protoreflect.FieldDescriptor)) {
	field := p[0].FieldDescriptor
	if !m.Has(field) {
		return
	}
	if len(p) == 1 {
		f(m, field)
		return
	}
	switch v := m.Get(field); {
	case field.IsList():
		list := v.List()
		for i := range list.Len() {
			p[1:].visit(list.Get(i).Message(), f)
		}
	case field.IsMap():
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			p[1:].visit(v.Message(), f)
			return true
		})
	default:
		p[1:].visit(v.Message(), f)
	}
}
