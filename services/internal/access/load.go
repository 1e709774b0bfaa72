package access

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// The services of the contract, so that none is missing where only some are served.
	_ "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// contract is every service of the hub's packages that is linked, by name.
func contract() []protoreflect.ServiceDescriptor {
	var services []protoreflect.ServiceDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "noticehub.") {
			for i := range f.Services().Len() {
				services = append(services, f.Services().Get(i))
			}
		}
		return true
	})
	slices.SortFunc(services, func(a, b protoreflect.ServiceDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return services
}

// written is the table as the file has it.
type written struct {
	Roles    yaml.Node                        `yaml:"roles"`
	Services []string                         `yaml:"services"`
	Groups   map[string][]string              `yaml:"groups"`
	Methods  map[string]map[string]writtenRow `yaml:"methods"`
}

type writtenRow struct {
	Authorities string              `yaml:"authorities"`
	Services    []string            `yaml:"services"`
	Roles       []string            `yaml:"roles"`
	Scope       Scope               `yaml:"scope"`
	Effect      string              `yaml:"effect"`
	Reads       bool                `yaml:"reads"`
	Object      string              `yaml:"object"`
	Shown       string              `yaml:"shown"`
	Masks       map[string][]string `yaml:"masks"`
	Why         string              `yaml:"why"`
}

// read reads the table of a contract and tells every mistake in it.
func read(data []byte, services []protoreflect.ServiceDescriptor) (*Book, error) {
	var w written
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&w); err != nil {
		return nil, fmt.Errorf("access table: %w", err)
	}
	r := reader{book: &Book{Services: w.Services}, groups: w.Groups}
	var names map[string]string
	if err := w.Roles.Decode(&names); err != nil {
		return nil, fmt.Errorf("access table: roles: %w", err)
	}
	for i := 0; i+1 < len(w.Roles.Content); i += 2 { // in the order written
		name := w.Roles.Content[i].Value
		r.book.Roles = append(r.book.Roles, Role{name, names[name]})
		if names[name] == "" {
			r.wrong("role %s: say what it is for", name)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(w.Groups)) {
		if r.isRole(group) {
			r.wrong("group %s has the name of a role", group)
		}
	}
	for _, s := range services {
		rows := w.Methods[string(s.FullName())]
		delete(w.Methods, string(s.FullName()))
		for i := range s.Methods().Len() {
			m := s.Methods().Get(i)
			row, ok := rows[string(m.Name())]
			if !ok {
				r.wrong("%s.%s has no row", s.FullName(), m.Name())
				continue
			}
			delete(rows, string(m.Name()))
			r.row(m, &row)
		}
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			r.wrong("%s.%s is no method of the contract", s.FullName(), name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Methods)) {
		r.wrong("%s is no service of the contract", name)
	}
	if len(r.problems) > 0 {
		return nil, fmt.Errorf("access table: %w", errors.Join(r.problems...))
	}
	return r.book, nil
}

type reader struct {
	book     *Book
	groups   map[string][]string
	problems []error
}

func (r *reader) wrong(format string, a ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, a...))
}

func (r *reader) isRole(name string) bool {
	return slices.ContainsFunc(r.book.Roles, func(role Role) bool { return role.Name == name })
}

func (r *reader) row(m protoreflect.MethodDescriptor, w *writtenRow) {
	row := Row{
		Method:   "/" + string(m.Parent().FullName()) + "/" + string(m.Name()),
		Services: w.Services, Scope: w.Scope, Writes: w.Effect == "write", Reads: w.Reads,
		Object: w.Object, Shown: w.Shown, Masks: w.Masks, Why: w.Why, Authorities: w.Authorities == "own",
	}
	wrong := func(format string, a ...any) { r.wrong("%s: %s", m.FullName(), fmt.Sprintf(format, a...)) }
	if w.Authorities != "" && w.Authorities != "own" {
		wrong("authorities is %q: they reach their own, or nothing", w.Authorities)
	}
	for i, id := range w.Services {
		if !slices.Contains(r.book.Services, id) || slices.Contains(w.Services[:i], id) {
			wrong("service %q is unknown or named twice", id)
		}
	}
	named := map[string]bool{}
	for _, name := range w.Roles {
		r.expand(name, named, 0, wrong)
	}
	for _, role := range r.book.Roles {
		if named[role.Name] {
			row.Roles = append(row.Roles, role.Name)
		}
	}
	others := len(row.Roles)+len(row.Services) > 0
	switch {
	case !row.Authorities && !others:
		wrong("nobody may call it")
	case !others && row.Scope != "":
		wrong("scope is for people and services, and none may call it")
	case others && !slices.Contains([]Scope{Own, AllButRestricted, Opened, All, NoCustomers}, row.Scope):
		wrong("scope %q is unknown", row.Scope)
	}
	if w.Effect != "read" && w.Effect != "write" {
		wrong("effect is %q, must be read or write", w.Effect)
	}
	if row.Reads && row.Scope == NoCustomers {
		wrong("it reads personal data, but its scope has none")
	}
	if row.Reads && row.Object == "" && row.Shown == "" && (row.Authorities || len(row.Roles) > 0) {
		wrong("an entry of a read must name something: object or shown is missing")
	}
	if row.Why == "" {
		wrong("say why")
	}
	fields(m, &row, wrong)
	r.book.Rows = append(r.book.Rows, row)
}

// expand adds the roles a name in a row stands for.
func (r *reader) expand(name string, into map[string]bool, depth int, wrong func(string, ...any)) {
	members, isGroup := r.groups[name]
	switch {
	case r.isRole(name):
		into[name] = true
	case !isGroup:
		wrong("role %q is unknown", name)
	case depth > len(r.groups):
		wrong("group %q contains itself", name)
	default:
		for _, member := range members {
			r.expand(member, into, depth+1, wrong)
		}
	}
}

// fields checks the paths of a row against the contract.
func fields(m protoreflect.MethodDescriptor, row *Row, wrong func(string, ...any)) {
	if row.Object != "" {
		if f, repeated := find(m.Input(), row.Object); repeated || !names(f) {
			wrong("object %q is no single text or number of %s", row.Object, m.Input().FullName())
		}
	}
	if row.Shown != "" {
		if f, _ := find(m.Output(), row.Shown); !names(f) {
			wrong("shown %q is no text or number of %s", row.Shown, m.Output().FullName())
		}
	}
	for _, role := range slices.Sorted(maps.Keys(row.Masks)) {
		if !slices.Contains(row.Roles, role) {
			wrong("masks are for role %q, which may not call it", role)
		}
		for _, path := range row.Masks[role] {
			if f, _ := find(m.Output(), path); f == nil {
				wrong("mask %q of %s is no field of %s", path, role, m.Output().FullName())
			}
			if path == row.Shown {
				wrong("mask %q of %s hides what entries name", path, role)
			}
		}
	}
}

// names reports whether a field can name a record.
func names(f protoreflect.FieldDescriptor) bool {
	return f != nil && (f.Kind() == protoreflect.StringKind || f.Kind() == protoreflect.Int64Kind)
}

// find follows a path from a message; repeated tells whether it leads through a
// list.
func find(m protoreflect.MessageDescriptor, path string) (f protoreflect.FieldDescriptor, repeated bool) {
	for name := range strings.SplitSeq(path, ".") {
		if m == nil {
			return nil, false
		}
		if f = m.Fields().ByName(protoreflect.Name(name)); f == nil || f.IsMap() {
			return nil, false
		}
		repeated = repeated || f.IsList()
		m = f.Message()
	}
	return f, repeated
}
