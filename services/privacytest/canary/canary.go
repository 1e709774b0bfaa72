// Package canary plants a value of its own in every personal field that the
// contract has, lets a whole hub work with them, on its good ways and its bad
// ones, and then looks for them wherever they must not be (invariant I28): logs,
// spans, metrics, subjects and headers of the bus, events that carry no personal
// data, files, the database server's log, the audit log, columns that are not
// for them, errors, and replies to others than those they belong to.
package canary

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// settle is how long the hub may take to work off what was sent.
const settle = 30 * time.Second

// Run plants, lets the hub in dir work, and looks. dir must be reachable for
// PostgreSQL's own user and empty. It returns how many canaries there were, how
// many were found in a wrong place, and in words what was found and what could
// not be done; without problems everything was done and nothing found.
func Run(ctx context.Context, dir string) (canaries, hits int, problems []string) {
	return Watch(ctx, dir, func(string) {})
}

// Watch is Run, and tells of every action it finds in the audit log.
func Watch(ctx context.Context, dir string, action func(string)) (canaries, hits int, problems []string) {
	s := &stage{ctx: ctx, dir: dir, set: new(Set), hits: map[string]int{}, action: action}
	err := s.open()
	for _, act := range []func() error{s.play, s.look} {
		if err == nil {
			err = act()
		}
	}
	if err != nil {
		s.problem("%v", err)
	}
	if err := s.close(); err != nil {
		s.problem("the hub ended with %v", err)
	}
	s.lookAtLogs() // all of them, the last words too
	for _, where := range slices.Sorted(maps.Keys(s.hits)) {
		hits += s.hits[where]
		s.problems = append(s.problems, fmt.Sprintf("%s (%d times)", where, s.hits[where]))
	}
	return s.set.Count(), hits, s.problems
}

// problem notes what could not be done.
func (s *stage) problem(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, a...))
}

// hit notes canaries in a wrong place.
func (s *stage) hit(where string, birds ...Bird) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range birds {
		s.hits[fmt.Sprintf("%s holds %s", where, b.Field)]++
	}
}

// must fails the play unless an error is nil.
func (s *stage) must(what string, err error) {
	if err != nil {
		s.problem("%s: %v", what, err)
	}
}
