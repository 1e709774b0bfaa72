// Package api serves the people who act on what automatic processing left, and
// the authorities that fetch what was disclosed to them.
//
// It guarantees that an officer's action takes effect once and only on an entry
// that is still as the officer saw it, that what an outcome says of the register
// becomes true in the same transaction, and that what comes from a restricted
// record is shown to the Restricted Access officer only. Who may call what is
// decided before (the service's table of methods).
package api

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Roles with something to do here.
const (
	ContactOfficer    = "contact-officer"
	Supervisor        = "supervisor"
	Auditor           = "auditor"
	RestrictedOfficer = "restricted-access-officer"
)

// Queue serves QueueService.
type Queue struct {
	processingv1.UnimplementedQueueServiceServer
	p *events.Processor
	// claim is how long a claim lasts.
	claim time.Duration
}

// NewQueue serves the queue of a processor; claims last as long as given.
func NewQueue(p *events.Processor, claim time.Duration) *Queue { return &Queue{p: p, claim: claim} }

// SearchSubmissions pages through submissions.
func (q *Queue) SearchSubmissions(ctx context.Context, r *processingv1.SearchSubmissionsRequest) (*processingv1.SearchSubmissionsResponse, error) {
	f, err := q.finder(ctx, r, q.p.Moment())
	if err != nil {
		return nil, err
	}
	return f.page(ctx)
}

// CountQueue counts the open entries. An entry that is open because its record is
// restricted counts for that reason alone. One whose record was restricted after
// the decision goes on counting for the reasons it had, which were no secret then:
// numbers of the whole queue name nobody, and searches by these reasons leave it out.
func (q *Queue) CountQueue(ctx context.Context, _ *processingv1.CountQueueRequest) (*processingv1.CountQueueResponse, error) {
	at := q.p.Moment()
	c, err := store.CountOpen(ctx, q.p.Pool, at.At, at.Today)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	return countsOf(&c), nil
}

// summary reads the row of one submission.
func (q *Queue) summary(ctx context.Context, id clock.ID) (*processingv1.SubmissionSummary, error) {
	s, known, err := store.GetSubmission(ctx, q.p.Pool, id)
	if err != nil || !known {
		return nil, orNotFound(err)
	}
	e, _, err := store.GetEntry(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	at := q.p.Moment()
	words, err := q.words(at)
	if err != nil {
		return nil, err
	}
	sight, err := sightOf(ctx, q.p)
	if err != nil {
		return nil, err
	}
	found := []store.Found{{Submission: s, Entry: e}}
	row := summaryOf(&found[0], at, words)
	q.guard(ctx, &sight, words, found, []*processingv1.SubmissionSummary{row})
	return row, nil
}

// orNotFound classifies an error of reading a submission; without one there is none.
func orNotFound(err error) error {
	if err != nil {
		return postgres.Classify(err)
	}
	return fault.New(fault.NotFound, "SUBMISSION_NOT_FOUND", "there is no such submission").
		WithHelp("It may not have been decided yet; search by the authority's reference.")
}

func parseID(s string) (clock.ID, error) {
	id, err := clock.ParseID(s)
	if err != nil {
		return id, notID("submission_id")
	}
	return id, nil
}

func notID(field string) error { return fault.InvalidField(field, "it is not a UUID") }

// officerOf is the person who calls.
func officerOf(ctx context.Context) (identity.Caller, error) {
	c, ok := identity.From(ctx)
	switch {
	case !ok:
		return c, fault.New(fault.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials")
	case c.Kind != identity.Person:
		return c, fault.New(fault.Denied, "OFFICER_REQUIRED", "only an officer may act on the queue")
	}
	return c, nil
}
