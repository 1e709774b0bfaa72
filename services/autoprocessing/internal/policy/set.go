package policy

import (
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Set is all versions known, by effective date. It is read-only and safe for
// concurrent use.
type Set struct {
	policies []*Policy // ascending by Effective
}

// On returns the policy in effect on a day. A day before the first policy is a
// fault of kind Precondition.
func (s *Set) On(day calendar.Date) (*Policy, error) {
	for i := len(s.policies) - 1; i >= 0; i-- {
		if s.policies[i].Effective <= day {
			return s.policies[i], nil
		}
	}
	return nil, fault.New(fault.Precondition, "POLICY_NOT_IN_EFFECT", "no policy is in effect on %s", day)
}

// Version returns the policy of a version, to read an old decision's trace.
func (s *Set) Version(version string) (*Policy, bool) {
	for _, p := range s.policies {
		if p.Version == version {
			return p, true
		}
	}
	return nil, false
}

// Policies returns all, oldest first.
func (s *Set) Policies() []*Policy { return append([]*Policy(nil), s.policies...) }

// Evaluators hands out the evaluator of the day. It is for one goroutine: make
// one per worker.
type Evaluators struct {
	set   *Set
	byDay map[*Policy]*Evaluator
}

// Evaluators returns a worker's own evaluators.
func (s *Set) Evaluators() *Evaluators {
	return &Evaluators{set: s, byDay: make(map[*Policy]*Evaluator)}
}

// On returns the evaluator of the policy in effect on a day; errors as Set.On.
func (e *Evaluators) On(day calendar.Date) (*Evaluator, error) {
	p, err := e.set.On(day)
	if err != nil {
		return nil, err
	}
	ev, ok := e.byDay[p]
	if !ok {
		ev = p.NewEvaluator()
		e.byDay[p] = ev
	}
	return ev, nil
}
