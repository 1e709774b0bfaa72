// Package api serves the intake contract to referring authorities.
//
// Duty: check what is lodged, hand it to the committer, and show an authority its
// own submissions: read, listed and watched.
//
// Guarantees: everything is scoped by the calling authority, so that a foreign
// submission is answered like an absent one; the case worker a caller proved to be
// is the one named in what is lodged: left empty it is filled in, and the receipt is
// for the filled content; a receipt is given only for what is
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

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/directory"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/quota"
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
	// Quotas bound what is lodged.
	Quotas *quota.Quotas
	// Refusals takes entries of refused messages of streams.
	Refusals audit.Recorder
	// TokenSecret seals tokens; 32 bytes.
	TokenSecret []byte
}

// Options bound the handlers.
type Options struct {
	// StreamInFlight is the most unanswered submissions of one stream.
	StreamInFlight int
	// Poll is the longest pause between looks at what others may have changed.
	Poll time.Duration
	// MaxWatches is the most watching streams of this process.
	MaxWatches int
	// RequireCaseWorker refuses callers whose credentials name no case worker.
	RequireCaseWorker bool
}

// Server implements intakev1.IntakeServiceServer.
type Server struct {
	intakev1.UnimplementedIntakeServiceServer
	Deps
	options Options
	tokens  tokens
	watches atomic.Int64
}

// New makes the handlers.
func New(d Deps, o Options) (*Server, error) {
	made, err := newTokens(d.TokenSecret)
	return &Server{Deps: d, options: o, tokens: made}, err
}
