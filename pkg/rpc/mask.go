package rpc

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/identity"
)

// masks are the fields of a method's replies that persons do not see, by role.
type masks struct {
	allowed []string // roles that may call; none: every person may
	byRole  map[string]map[string]path
}

// of are the paths that a person does not see: those masked for every role that
// lets them call. A person whom no role lets in, where every person may call,
// sees what nobody is denied.
func (k masks) of(c identity.Caller) []path {
	if len(k.byRole) == 0 || c.Kind != identity.Person {
		return nil
	}
	var hidden map[string]path
	for _, role := range c.Roles {
		if len(k.allowed) > 0 && !slices.Contains(k.allowed, role) {
			continue
		}
		masked := k.byRole[role]
		if len(masked) == 0 {
			return nil // this role sees all
		}
		if hidden == nil {
			hidden = masked
			continue
		}
		both := make(map[string]path)
		for text, p := range hidden {
			if _, too := masked[text]; too {
				both[text] = p
			}
		}
		hidden = both
	}
	if hidden == nil {
		return k.all()
	}
	paths := make([]path, 0, len(hidden))
	for _, p := range hidden {
		paths = append(paths, p)
	}
	return paths
}

func (k masks) all() []path {
	var paths []path
	for _, masked := range k.byRole {
		for _, p := range masked {
			paths = append(paths, p)
		}
	}
	return paths
}

// mask gives the reply without what the caller does not see. It is a copy when
// something is hidden: the handler may keep its own.
func (m *method) mask(c identity.Caller, reply proto.Message) proto.Message {
	hidden := m.masks.of(c)
	if len(hidden) == 0 {
		return reply
	}
	masked := proto.Clone(reply)
	for _, p := range hidden {
		p.visit(masked.ProtoReflect(), func(in protoreflect.Message, f protoreflect.FieldDescriptor) { in.Clear(f) })
	}
	return masked
}
