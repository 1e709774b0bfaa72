package cells

import (
	"strings"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/access"
)

// caller is somebody who calls.
type caller struct {
	identity.Caller
	name string
	// authorization as it is sent; "" sends none.
	authorization string
	// known says that the credentials are accepted.
	known bool
	// part the caller's own records belong to; nil for those without any.
	part *part
}

// authority says that the caller is an authority the hub knows.
func (c *caller) authority() bool { return c.Kind == identity.Authority && c.part != nil }

// callers are all sorts of callers.
func (w *World) callers(book *access.Book) []*caller {
	var all []*caller
	add := func(name string, c identity.Caller) *caller {
		who := &caller{Caller: c, name: name, authorization: w.hub.authorization(c), known: true}
		all = append(all, who)
		return who
	}
	all = append(all,
		&caller{name: "anonymous"},
		&caller{name: "garbage", authorization: "Bearer not.a.token"},
		&caller{name: "another scheme", authorization: "Basic b2xpdmU6b2xpdmU="},
	)
	person := func(roles ...string) {
		add("person "+strings.Join(roles, "+"), identity.Caller{Kind: identity.Person, ID: "cell-" + strings.Join(roles, "-"), Roles: roles})
	}
	person()
	person("root")
	for _, r := range book.Roles {
		person(r.Name)
	}
	for _, pair := range [][]string{
		{"contact-officer", "supervisor"},
		{"officer", "auditor"},
		{"auditor", "administrator"},
		{"social-worker", "social-work-manager"},
		{"restricted-access-officer", "contact-officer"},
		{"impact-officer", "officer"},
		{"root", "auditor"},
	} {
		person(pair...)
	}
	for _, p := range w.parts {
		add("authority "+p.authority.GetAuthorityId(), identity.Caller{Kind: identity.Authority, ID: p.authority.GetAuthorityId()}).part = p
	}
	add("authority nobody knows", identity.Caller{Kind: identity.Authority, ID: "nobody-here"})
	for _, id := range append([]string{"ghost"}, book.Services...) {
		add("service "+id, identity.Caller{Kind: identity.Service, ID: id})
	}
	return all
}

// allows is the verdict of the table, computed from its words rather than by the
// code that enforces them.
func allows(row *access.Row, c *caller) bool {
	switch c.Kind {
	case identity.Authority:
		return row.Authorities
	case identity.Person:
		for _, r := range row.Roles {
			if c.Has(r) {
				return true
			}
		}
	case identity.Service:
		for _, id := range row.Services {
			if id == c.ID {
				return true
			}
		}
	}
	return false
}

// opensRestricted says whether the row lets the caller see restricted records:
// the Restricted Access officer, where it need not be opened first (nobody opens it
// in a walk), and whoever reaches every record by it.
func opensRestricted(row *access.Row, c *caller) bool {
	return c.Has(access.Restricted) && row.Scope != access.Opened || row.Scope == access.All || c.Kind == identity.Service
}
