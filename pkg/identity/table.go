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
	// Services that may call, by ID: an exact list, so that Kinds having Service
	// without a name here lets none in.
	Services []string
	// Reads says that replies hold personal data: the call is answered only after
	// an audit entry of it is durable.
	Reads bool
	// Object is the field of the request that names what the call is about, such
	// as "crn" or "submission_id", for audit entries; "" when none does.
	Object string
	// Shown is the path of the replies' fields that name the records shown, such
	// as "submissions.submission_id"; "" when the object says all.
	Shown string
	// Masks are paths of the replies' fields that somebody with only these roles
	// does not see, by role. A person with several roles sees what any of those
	// that allow the call sees.
	Masks map[string][]string
}

// Allows reports whether the rule lets the caller in.
func (r Rule) Allows(c Caller) bool {
	if c.Kind == 0 || !slices.Contains(r.Kinds, c.Kind) {
		return false
	}
	switch c.Kind {
	case Person:
		return len(r.Roles) == 0 || slices.ContainsFunc(r.Roles, c.Has)
	case Service:
		return slices.Contains(r.Services, c.ID)
	default:
		return true
	}
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
