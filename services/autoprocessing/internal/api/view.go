package api

import (
	"context"
	"slices"

	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// hiddenWords stands where a text may tell of a restricted record.
const hiddenWords = "Shown only once access to the record is lifted."

// view is what a caller may see of one submission. A contact officer who may not
// see the record sees what the authority lodged, that access is restricted, and
// how many candidates of a search are; nothing of whom.
type view struct {
	sight
	// guarded: what came from the record or the register is left out.
	guarded bool
	// unknown: nobody could be asked, so everything counts as restricted.
	unknown bool
	// about: the record of the customer the authority named is left out.
	about bool
	// locked: only what reveals nothing of the record may be recorded.
	locked bool
	// alone: what came from the record of the customer's partner is left out.
	alone bool
	// hidden are the records left out.
	hidden map[string]bool
}

// viewOf works out what the caller may see of a submission: by what the registry
// says now, by what decisions once saw, and, of a search, by its candidates.
func (q *Queue) viewOf(ctx context.Context, s *store.Submission, e *store.OpenEntry, decisions []store.Decision) (view, error) {
	sight, err := sightOf(ctx, q.p)
	v := view{sight: sight, hidden: make(map[string]bool)}
	if err != nil {
		return v, err
	}
	kept, err := keptCandidates(e.Candidates)
	if err != nil {
		return v, err
	}
	var involved []string
	if s.CRN != "" && (s.Type != term.FindMutualClient || !named(s)) {
		involved = append(involved, s.CRN)
	}
	for _, k := range kept {
		involved = append(involved, k.CRN)
	}
	ask, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	standing, err := events.StandingOf(ask, q.p.Registry, involved...)
	restricted := standing.Restricted
	v.unknown = err != nil
	v.alone = !v.everything && (v.unknown || standing.Partner[s.CRN])
	for _, crn := range involved {
		if (v.unknown || restricted[crn] || slices.Contains(v.conflicts, crn)) && !v.may(crn) {
			v.hidden[crn] = true
		}
	}
	for _, k := range kept {
		if k.Restricted && !v.may(k.CRN) {
			v.hidden[k.CRN] = true // nothing but the CRN was kept; deciding again shows the rest
		}
	}
	saw, err := sawRestricted(e, decisions)
	if err != nil {
		return v, err
	}
	v.about = s.Type != term.FindMutualClient && v.hidden[s.CRN]
	v.guarded = len(v.hidden) > 0 || (saw && len(involved) == 0 && !v.everything)
	before := slices.Contains(e.Reasons, term.RestrictedAccess)
	switch {
	case s.Status != term.Unprocessed:
	case s.Type == term.FindMutualClient || s.CRN == "":
		v.locked = before
	case v.unknown:
		v.locked = before || saw
	default:
		v.locked = restricted[s.CRN]
	}
	if v.locked {
		lift, open, err := store.OpenAccess(ctx, q.p.Pool, s.ID)
		if err != nil {
			return v, postgres.Classify(err)
		}
		v.locked = !open || lift.Requester != v.officer || !lift.Live(q.p.Moment().At) || !v.may(lift.CRN)
	}
	return v, nil
}

func sawRestricted(e *store.OpenEntry, decisions []store.Decision) (bool, error) {
	if slices.Contains(e.Reasons, term.RestrictedAccess) {
		return true, nil
	}
	for i := range decisions {
		facts, err := events.Facts(&decisions[i])
		if err != nil || facts.OfRestricted() {
			return true, err
		}
	}
	return false, nil
}

// hides reports whether a candidate is left out.
func (v *view) hides(crn string) bool { return v.hidden[crn] }

// mayRead reports whether a note that may tell of the record is shown.
func (v *view) mayRead(author string) bool {
	return author == v.officer || (v.everything && !v.guarded)
}

// reasons are those that may be shown. Those of a search never describe a record.
func (v *view) reasons(words *policy.Policy, all []term.Reason) []term.Reason {
	switch {
	case !v.about:
		if v.guarded {
			return policy.ShownToOfficers(all, false)
		}
		return all
	case v.unknown && !slices.Contains(all, term.RestrictedAccess):
		if words.FromRecord(all) {
			return nil
		}
		return all
	case words.FromRecord(all):
		return policy.ShownToOfficers(all, true)
	}
	return policy.ShownToOfficers(all, false)
}
