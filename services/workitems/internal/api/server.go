// Package api serves the officers who investigate and action work items, and
// customers' activity lists.
//
// It guarantees that an officer's action takes effect once and only on an item
// that is still as the officer saw it, that an action, its step in the history
// and the event that tells of it are one transaction, and that what an item says
// of a restricted record is shown to the Restricted Access officer only, and of a
// record to no officer with a conflict of interest about it. Who may call what is
// decided before (Methods); who may action which item is a rule of the item's.
package api

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/outbox"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// Outbox takes rows after their transaction; *outbox.Relay in production.
type Outbox interface {
	// Committed hands rows over for publishing; never blocks.
	Committed(rows ...outbox.Row)
}

// Deps are what the server works with; all are required.
type Deps struct {
	Store  *store.Store
	Outbox Outbox
	Clock  clock.Clock
	// Zone is the agency's: local dates are dates there.
	Zone *time.Location
	// Catalogue says what each code means.
	Catalogue *catalogue.Catalogue
	// Log of failures to read what is watched.
	Log *slog.Logger
}

// Server implements workitemv1.WorkItemServiceServer.
type Server struct {
	workitemv1.UnimplementedWorkItemServiceServer
	Deps
	terms map[string]item.Terms
	codes []string
	board *board
}

// New makes a server.
func New(d Deps) *Server {
	s := &Server{Deps: d, terms: map[string]item.Terms{}}
	for _, e := range d.Catalogue.Entries() {
		s.codes = append(s.codes, e.Code)
		s.terms[e.Code] = termsOf(e)
	}
	s.board = newBoard(s)
	return s
}

// Run reads what is watched until ctx ends.
func (s *Server) Run(ctx context.Context) error { return s.board.Run(ctx) }

// now is the business time as PostgreSQL keeps it: what is told must equal what
// is kept.
func (s *Server) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Microsecond) }

// officerOf is the person who calls.
func officerOf(ctx context.Context) (item.Officer, error) {
	c, ok := identity.From(ctx)
	switch {
	case !ok:
		return item.Officer{}, fault.New(fault.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials")
	case c.Kind != identity.Person:
		return item.Officer{}, fault.New(fault.Denied, "OFFICER_REQUIRED", "only an officer may see and action work items")
	}
	return item.Officer{ID: c.ID, Roles: c.Roles}, nil
}

// nobody finds what no officer has, where an officer's id is asked for.
const nobody = "-"

// checkOfficer refuses what cannot be an officer's id.
func checkOfficer(field, id string) error {
	if id == nobody || strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return fault.InvalidField(field, "%q is not the id of an officer", id)
	}
	return nil
}

func parseID(field, text string) (clock.ID, error) {
	id, err := clock.ParseID(text)
	if err != nil || id.IsZero() {
		return id, fault.InvalidField(field, "it is not a UUID")
	}
	return id, nil
}
