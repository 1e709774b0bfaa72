// Package access holds the one table of who may call what: every method of the
// contract, the authorities, services and roles that may call it, what they
// reach and which fields they do not see.
//
// Guarantees: a method of the contract without a row, a row of an unknown method,
// role, service or field, and a row that lets nobody in are errors at start,
// never a door that stands open or a rule that silently does nothing. Services
// take their rules from here and from nowhere else; deploy/AUTHORIZATION.md is
// made from the same rows.
//
// It does not keep anybody out by itself: pkg/rpc checks the table before a call
// is decoded, and services check which records a caller reaches.
package access

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/identity"
)

// Scope is what people and services reach by a method; authorities always reach
// only what is their own.
type Scope string

// The scopes.
const (
	// Own is what is the caller's: his or her session, items.
	Own Scope = "own"
	// AllButRestricted is every record, of a restricted one only what is shown
	// without opening it. The Restricted Access officer reaches these too.
	AllButRestricted Scope = "all but restricted"
	// Opened is as AllButRestricted, but the Restricted Access officer reaches a
	// restricted record only once it is opened, with a reason, and while it is.
	Opened Scope = "opened"
	// All is every record.
	All Scope = "all"
	// NoCustomers is what holds nothing about a customer.
	NoCustomers Scope = "no customers"
)

// Row is the rule of one method.
type Row struct {
	// Method is its full name, "/package.Service/Method".
	Method string
	// Authorities says that referring authorities may call, for what is their own.
	Authorities bool
	// Services that may call, by ID.
	Services []string
	// Roles of which a person needs any one, in the order of Table.Roles.
	Roles []string
	// Scope of people and services; "" when only authorities may call.
	Scope Scope
	// Writes says that a call leaves an audit entry of a change.
	Writes bool
	// Reads says that replies hold personal data.
	Reads bool
	// Object is the path of the request's field that says what the call is about.
	Object string
	// Shown is the path of the replies' fields that name the records shown.
	Shown string
	// Masks are the paths of the replies' fields a role does not see, by role.
	Masks map[string][]string
	// Why is the reason, in a sentence.
	Why string
}

// Rule is the row as pkg/rpc enforces it.
func (r *Row) Rule() identity.Rule {
	rule := identity.Rule{Roles: r.Roles, Services: r.Services, Reads: r.Reads, Object: r.Object, Shown: r.Shown, Masks: r.Masks}
	if r.Authorities {
		rule.Kinds = append(rule.Kinds, identity.Authority)
	}
	if len(r.Roles) > 0 {
		rule.Kinds = append(rule.Kinds, identity.Person)
	}
	if len(r.Services) > 0 {
		rule.Kinds = append(rule.Kinds, identity.Service)
	}
	return rule
}

// Service is the full name of the service the method belongs to.
func (r *Row) Service() string {
	service, _, _ := strings.Cut(strings.TrimPrefix(r.Method, "/"), "/")
	return service
}

// Role is a role of people.
type Role struct{ Name, Duty string }

// Book is the whole table.
type Book struct {
	// Roles there are, in the order of the file.
	Roles []Role
	// Services there are, by ID.
	Services []string
	// Rows by service and then in the order of the contract.
	Rows []Row
}

//go:embed access.yaml
var file []byte

var load = sync.OnceValues(func() (*Book, error) { return read(file, contract()) })

// Load returns the table, or every mistake in it.
func Load() (*Book, error) { return load() }

// Table is the rules of the services, by their full names, such as
// "noticehub.intake.v1.IntakeService". It panics when the table is wrong or has
// no such service: the table is part of the program, and a program with a wrong
// one must not start.
func Table(services ...string) identity.Table {
	book, err := Load()
	if err != nil {
		panic(err)
	}
	table := make(identity.Table)
	for _, service := range services {
		before := len(table)
		for i := range book.Rows {
			if row := &book.Rows[i]; row.Service() == service {
				table[row.Method] = row.Rule()
			}
		}
		if len(table) == before {
			panic(fmt.Sprintf("access: the contract has no service %s", service))
		}
	}
	return table
}

// Row returns the row of a method by its full name, "/package.Service/Method".
func (b *Book) Row(method string) (Row, bool) {
	at := slices.IndexFunc(b.Rows, func(r Row) bool { return r.Method == method })
	if at < 0 {
		return Row{}, false
	}
	return b.Rows[at], true
}

// Unseen are the paths of the replies' fields a caller does not see: those
// masked for each role of the caller's that allows the call.
func (r *Row) Unseen(c identity.Caller) []string {
	if c.Kind != identity.Person {
		return nil
	}
	var unseen []string
	first := true
	for _, role := range c.Roles {
		if !slices.Contains(r.Roles, role) {
			continue
		}
		if masked := r.Masks[role]; first {
			unseen, first = slices.Clone(masked), false
		} else {
			unseen = slices.DeleteFunc(unseen, func(path string) bool { return !slices.Contains(masked, path) })
		}
	}
	return unseen
}

// Descriptor finds the method in the contract.
func (r *Row) Descriptor() (protoreflect.MethodDescriptor, bool) {
	for _, s := range contract() {
		if string(s.FullName()) == r.Service() {
			d := s.Methods().ByName(protoreflect.Name(r.Method[strings.LastIndexByte(r.Method, '/')+1:]))
			return d, d != nil
		}
	}
	return nil, false
}
