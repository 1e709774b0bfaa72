package api

import (
	"context"
	"slices"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
	"github.com/noticehub/noticehub/services/internal/conflict"
)

// lookTime bounds asking the registry while something is only shown: a look is
// not worth waiting for, and without an answer a record counts as restricted.
const lookTime = time.Second

// sight is what a person may see: of restricted records Restricted Access officers
// all, others those to which access is lifted for them right now. Records a person
// has a conflict with count as restricted and not lifted, whatever they are and
// whatever the person's roles. Everybody sees what else is not restricted.
type sight struct {
	p *events.Processor
	// officer is the caller; everything is true for Restricted Access officers.
	officer    string
	everything bool
	conflicts  []string
	lifted     []string
}

// sightOf works out what the caller may see. An error shows nothing.
func sightOf(ctx context.Context, p *events.Processor) (sight, error) {
	s := sight{p: p}
	caller, ok := identity.From(ctx)
	if !ok || caller.Kind != identity.Person {
		return s, nil // sees no restricted record
	}
	s.officer, s.everything = caller.ID, caller.Has(RestrictedOfficer)
	var err error
	if s.conflicts, err = store.Conflicts(ctx, p.Pool, caller.ID); err != nil || s.everything {
		return s, postgres.Classify(err)
	}
	lifts, err := store.LiftsOf(ctx, p.Pool, caller.ID)
	if err != nil {
		return s, postgres.Classify(err)
	}
	now := p.Moment().At
	for i := range lifts {
		if lifts[i].Live(now) {
			s.lifted = append(s.lifted, lifts[i].CRN)
		}
	}
	return s, nil
}

// may reports whether the caller may see the record though it is restricted.
func (s *sight) may(crn string) bool {
	return !slices.Contains(s.conflicts, crn) && (s.everything || slices.Contains(s.lifted, crn))
}

// hidden tells which of the records the caller may not see: those restricted now.
// When nobody can be asked, unknown is true and every record counts as such.
func (s *sight) hidden(ctx context.Context, crns []string) (hidden map[string]bool, unknown bool) {
	hidden = make(map[string]bool)
	slices.Sort(crns)
	asked := make([]string, 0, len(crns))
	for _, crn := range slices.Compact(crns) {
		switch {
		case crn == "" || s.may(crn):
		case slices.Contains(s.conflicts, crn):
			hidden[crn] = true
		default:
			asked = append(asked, crn)
		}
	}
	if len(asked) == 0 {
		return hidden, false
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	restricted, err := events.RestrictedOf(ctx, s.p.Registry, asked...)
	for _, crn := range asked {
		if err != nil || restricted[crn] {
			hidden[crn] = true
		}
	}
	return hidden, err != nil
}

// open refuses a record the caller may not see, and any when nobody can be asked.
func (s *sight) open(ctx context.Context, crn string) error {
	if slices.Contains(s.conflicts, crn) {
		return conflict.RefusalOf(s.officer)
	}
	hidden, unknown := s.hidden(ctx, []string{crn})
	switch {
	case !hidden[crn]:
		return nil
	case unknown:
		return fault.New(fault.Unavailable, "REGISTRY_UNAVAILABLE", "it cannot be asked now whether access to the record is restricted").
			WithRetry(lookTime).WithHelp("Try again shortly.")
	}
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to this record is restricted").
		WithHelp("Act on the queue entry; a Restricted Access officer can lift access.")
}
