package api

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// concerned is the restricted customer an entry is about.
type concerned struct {
	// crn is "" when a search left several restricted candidates.
	crn string
	// told: the officer knows the CRN, because the authority or the officer named it.
	told bool
	// candidates as they were when the registry was asked.
	candidates []byte
}

// concerning works out whose restricted record an open entry is about, which is
// refused when there is none: the flow is not a way to see other records.
func (q *Queue) concerning(ctx context.Context, id clock.ID, chosen string) (concerned, error) {
	var c concerned
	s, known, err := store.GetSubmission(ctx, q.p.Pool, id)
	if err != nil || !known {
		return c, orNotFound(err)
	}
	if s.Status != term.Unprocessed {
		return c, nil // refused with what became of it, once it is locked
	}
	e, _, err := store.GetEntry(ctx, q.p.Pool, id)
	if err != nil {
		return c, postgres.Classify(err)
	}
	c.candidates = e.Candidates
	if s.Type == term.FindMutualClient {
		if chosen != "" {
			return c, fault.InvalidField("crn", "the Restricted Access officer chooses among the candidates of a search")
		}
		return q.candidate(ctx, c)
	}
	c.crn, c.told = s.CRN, named(&s)
	if chosen != "" && chosen != s.CRN {
		if !slices.Contains(e.Reasons, term.CustomerNotIdentified) {
			return c, fault.InvalidField("crn", "the submission is about another customer, who was identified")
		}
		c.crn, c.told = chosen, true
	}
	restricted, err := events.RestrictedOf(ctx, q.p.Registry, c.crn)
	if err != nil {
		return c, err
	}
	if !restricted[c.crn] {
		return c, notRestricted()
	}
	return c, nil
}

// candidate is the one restricted candidate of a search, "" when there are several.
func (q *Queue) candidate(ctx context.Context, c concerned) (concerned, error) {
	kept, err := keptCandidates(c.candidates)
	if err != nil {
		return c, err
	}
	crns := make([]string, len(kept))
	for i, k := range kept {
		crns[i] = k.CRN
	}
	restricted, err := events.RestrictedOf(ctx, q.p.Registry, crns...)
	if err != nil {
		return c, err
	}
	switch len(restricted) {
	case 0:
		return c, notRestricted()
	case 1:
		for crn := range restricted {
			c.crn = crn
		}
	}
	return c, nil
}

// still refuses when the candidates changed since the registry was asked.
func (c *concerned) still(a *acting) error {
	if !bytes.Equal(c.candidates, a.entry.Candidates) {
		return fault.New(fault.Conflict, "SUBMISSION_CHANGED", "the candidates changed meanwhile").WithHelp("Read it again before acting.")
	}
	return nil
}

func notRestricted() error {
	return fault.New(fault.Precondition, "NOT_RESTRICTED", "access to the customer's record is not restricted").
		WithHelp("Record the outcome, or send the submission to automatic processing again.")
}

func version(c *store.Access) string { return strconv.Itoa(c.Version) }
