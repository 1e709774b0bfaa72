package identity

import (
	"fmt"
	"slices"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Rule says who may call one method. The zero rule allows nobody.
type Rule struct {
	// Kinds that may call.
	Kinds []Kind
	// Roles, of which a person needs any one; empty allows every person, provided
	// that Kinds has Person. Authorities and services have no roles and are not
	// asked for one.
	Roles []string
}

// Allows reports whether the rule lets the caller in.
func (r Rule) Allows(c Caller) bool {
	if c.Kind == 0 || !slices.Contains(r.Kinds, c.Kind) {
		return false
	}
	return c.Kind != Person || len(r.Roles) == 0 || slices.ContainsFunc(r.Roles, c.Has)
}

// Table holds the rule of each method by its full name,
// "/package.Service/Method". A method that is not in it is denied to all.
type Table map[string]Rule

// Check returns nil when the caller may call the method, else a Denied error.
func (t Table) Check(method string, c Caller) error {
	if t[method].Allows(c) {
		return nil
	}
	return fault.New(fault.Denied, "METHOD_DENIED", "%s may not call %s", c.Actor(), method).
		WithHelp("Ask an administrator for a role that allows this.").WithMeta("method", method)
}

// Merge joins the tables of several services served by one process. A method
// that appears twice is an error: one of the rules would silently lose.
func Merge(tables ...Table) (Table, error) {
	all := make(Table)
	for _, t := range tables {
		for method, rule := range t {
			if _, twice := all[method]; twice {
				return nil, fmt.Errorf("method %s has two rules", method)
			}
			all[method] = rule
		}
	}
	return all, nil
}
