// Package api answers the registry's gRPC calls: it translates between the
// contract and the rules, and keeps a change and its event in one transaction.
//
// Guarantees: a record is changed only together with the event that tells of
// it; identical content changes nothing and tells nothing. It does not judge
// whether a circumstance is true, and it does not authorise callers beyond the
// table of Methods and the restriction of records.
package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/watch"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// Outbox takes rows after their transaction; *outbox.Relay in production.
type Outbox interface {
	// Committed hands rows over for publishing; never blocks.
	Committed(rows ...outbox.Row)
	// Room waits while too many rows wait to be published.
	Room(ctx context.Context) error
}

// Deps are what the server works with; all are required.
type Deps struct {
	Store  *store.Store
	Outbox Outbox
	Clock  clock.Clock
	// Zone is the agency's: local dates are dates there.
	Zone *time.Location
	// FollowOn wakes the work on what changes mean for other records; never blocks.
	FollowOn func()
	// ImportBatch is how many records of an import share a transaction, at least 1.
	ImportBatch int
	Log         *slog.Logger
}

// Server implements registryv1.RegistryServiceServer and CircumstanceServiceServer.
type Server struct {
	registryv1.UnimplementedRegistryServiceServer
	registryv1.UnimplementedCircumstanceServiceServer
	Deps
	watched *watch.Poller[string, int64]
}

// New makes a server.
func New(d Deps) *Server { return &Server{Deps: d, watched: watching(d)} }

func (s *Server) today() calendar.Date { return calendar.FromTime(s.Clock.Now(), s.Zone) }

func (s *Server) cause(ctx context.Context) events.Cause {
	return events.Cause{At: s.Clock.Now(), Traceparent: telemetry.Traceparent(ctx)}
}
