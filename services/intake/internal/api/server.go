// Package api serves the intake contract to referring authorities.
//
// Duty: check what is lodged, hand it to the committer, and show an authority its
// own submissions: read, listed and watched.
//
// Guarantees: everything is scoped by the calling authority, so that a foreign
// submission is answered like an absent one; a receipt is given only for what is
// durable, and a repetition gets the same one; a stream keeps a bounded number of
// submissions in flight and slows its caller down instead of refusing.
//
// WatchSubmissions answers at once with the header "noticehub-resume-token": the
// place before everything that is reported from then on, for a caller that wants
// to list first and lose nothing in between.
package api

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/outbox"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/directory"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/intake/internal/wake"
)

// Relay is what the handlers need of the outbox relay.
type Relay interface {
	Room(ctx context.Context) error
	Committed(rows ...outbox.Row)
}

// Deps are what the handlers work with; all are needed.
type Deps struct {
	// Store keeps the submissions.
	Store *store.Store
	// Committer takes them.
	Committer *commit.Committer
	// Relay holds them back while the pipeline is behind.
	Relay Relay
	// Directory knows the authorities.
	Directory *directory.Directory
	// Policy says what each may ask for.
	Policy *lodging.Policy
	// Issuer makes receipts.
	Issuer *receipt.Issuer
	// Clock is the business clock.
	Clock clock.Clock
	// Board tells of new statuses.
	Board *wake.Board
}

// Options bound the handlers.
type Options struct {
	// StreamInFlight is the most unanswered submissions of one stream.
	StreamInFlight int
	// Poll is the longest pause between looks at what others may have changed.
	Poll time.Duration
	// MaxWatches is the most watching streams of this process.
	MaxWatches int
}

// Server implements intakev1.IntakeServiceServer.
type Server struct {
	intakev1.UnimplementedIntakeServiceServer
	Deps
	options Options
	watches atomic.Int64
}

// New makes the handlers.
func New(d Deps, o Options) *Server { return &Server{Deps: d, options: o} }

// lodger returns the calling authority if it may lodge.
func (s *Server) lodger(ctx context.Context) (lodging.Authority, error) {
	id, err := identity.MustAuthority(ctx)
	if err != nil {
		return lodging.Authority{}, err
	}
	a, err := s.Directory.Lookup(id)
	if err != nil {
		return a, err
	}
	return a, a.MayLodge()
}
