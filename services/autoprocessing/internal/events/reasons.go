package events

import (
	"context"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// ReasonsForAuthority returns the reasons of a stored decision as the authority
// may read them (invariant I25).
func ReasonsForAuthority(set *policy.Set, t term.InformationType, d *store.Decision) ([]term.Reason, error) {
	p, ok := set.Version(d.PolicyVersion)
	if !ok {
		return d.Reasons, nil // a technical failure: no rule has spoken
	}
	facts, err := Facts(d)
	if err != nil {
		return nil, err
	}
	return p.ShownToAuthority(t, d.Reasons, &facts), nil
}

// StateEvents tells where submissions stand, exactly as it was told when they
// got there: for those who missed it.
func StateEvents(ctx context.Context, q store.Querier, set *policy.Set, all []store.Submission, trace string) ([]*eventv1.Event, error) {
	ids := make([]clock.ID, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	decisions, err := store.Decisions(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	transitions, err := store.Transitions(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	var out []*eventv1.Event
	for i := range all {
		e, err := stateEvent(set, &all[i], decisions[all[i].ID], transitions[all[i].ID], trace)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func stateEvent(set *policy.Set, s *store.Submission, decisions []store.Decision, transitions []store.Transition, trace string) (*eventv1.Event, error) {
	if len(decisions) == 0 {
		return decided(s, told{crn: s.CRN}, trace), nil // withdrawn before it was picked up
	}
	last := &decisions[len(decisions)-1]
	open := last // the last that left it to an officer
	for i := range decisions {
		if len(decisions[i].Reasons) > 0 {
			open = &decisions[i]
		}
	}
	reasons, err := ReasonsForAuthority(set, s.Type, open)
	if err != nil {
		return nil, err
	}
	if s.Status == term.Unprocessed {
		return unprocessed(s, last.Number, last.CRN, last.PolicyVersion, reasons, trace), nil
	}
	if n := len(transitions); n > 0 {
		return TransitionEvent(s, &transitions[n-1], reasons, trace), nil
	}
	return decided(s, told{crn: last.CRN, note: last.Note, start: last.Start, end: last.End, policy: last.PolicyVersion}, trace), nil
}

// TransitionEvent announces that an entry of the queue was closed. s is the
// submission after it; reasons are those the authority may read.
func TransitionEvent(s *store.Submission, t *store.Transition, reasons []term.Reason, trace string) *eventv1.Event {
	return decided(s, told{
		crn: t.CRN, officer: t.OfficerID, note: t.NoteForAuthority, start: t.Start, end: t.End, reasons: reasons,
		policy: t.PolicyVersion, wasUnprocessed: true,
	}, trace)
}
