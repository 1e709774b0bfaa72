package scenario

import (
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// lastDay is the last day of a period of so many months (section 2.4): the day
// before the corresponding day; where the month has no such day, its last day.
func lastDay(start calendar.Date, months int32) calendar.Date {
	first := time.Date(start.Year(), start.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	length := first.AddDate(0, 1, -1).Day()
	if start.Day() > length {
		return calendar.DateOf(first.Year(), first.Month(), length)
	}
	return calendar.DateOf(first.Year(), first.Month(), start.Day()).Add(-1)
}

// shortest is the shortest length any measure allows, in months.
const shortest = 3

// startFor is the latest start of a shortest period that ends on the day; false
// when there is none, as before the end of May (there is no 30 February).
func startFor(end calendar.Date) (calendar.Date, bool) {
	for start := end - 27*shortest; start > end-32*shortest; start-- {
		if lastDay(start, shortest) == end {
			return start, true
		}
	}
	return 0, false
}

// Plan says on which days the phases are.
type Plan struct {
	// Days of the phases.
	Days [phases]calendar.Date
	// Close is the last day: everything is reported by then.
	Close calendar.Date
}

// Days left of a three-month notice of the first day, as the cases need them on
// the later days.
var (
	leftOnSecond = []int{59, 60, 61}
	leftOnThird  = []int{-1, 0, 1, 10, 27, 28, 29, 45}
)

// afterThird is how long the end of a notice cut to 28 days and what follows is awaited.
const afterThird = 33

// NewPlan chooses the days that follow a first day, so that there is a start
// date, not over 60 days ahead, for every number of days left that a case needs.
func NewPlan(first calendar.Date) (Plan, error) {
	for second := first + 34; second < first+50; second++ {
		if !reachable(first, second, leftOnSecond) {
			continue
		}
		// Later than the end of a notice with 60 days left on the second day.
		for third := second + 62; third < first+120; third++ {
			if reachable(first, third, leftOnThird) {
				return Plan{Days: [phases]calendar.Date{first, second, third}, Close: third + afterThird}, nil
			}
		}
	}
	return Plan{}, fmt.Errorf("no days fit the boundaries after %s", first)
}

func reachable(first, on calendar.Date, lefts []int) bool {
	for _, left := range lefts {
		start, ok := startFor(on.Add(left))
		if !ok || start < first || start > first+60 || start > on {
			return false
		}
	}
	return true
}

// dayRule chooses a start date.
type dayRule func(*Scene) (start calendar.Date, months int32)

// inDays starts so many days after the day of lodging, for a length of the authority's.
func inDays(n int) dayRule {
	return func(s *Scene) (calendar.Date, int32) { return s.today.Add(n), 0 }
}

// within starts on some day of the 60 ahead.
func within(from, to int) dayRule {
	return func(s *Scene) (calendar.Date, int32) { return s.today.Add(from + s.random.IntN(to-from+1)), 0 }
}

// endingIn starts a notice of three months that will have so many days left on
// the day of a phase.
func endingIn(phase, left int) dayRule {
	return func(s *Scene) (calendar.Date, int32) {
		start, ok := startFor(s.plan.Days[phase].Add(left))
		if !ok {
			panic(fmt.Sprintf("scenario: no start gives %d days left in phase %d; the plan must know it", left, phase))
		}
		return start, shortest
	}
}

// beginningOn starts on the day of a phase.
func beginningOn(phase, plus int) dayRule {
	return func(s *Scene) (calendar.Date, int32) { return s.plan.Days[phase].Add(plus), 0 }
}

// onThe31st starts on a 31st, for a length after which the month has no 31st.
func onThe31st(s *Scene) (calendar.Date, int32) {
	for start := s.today; start <= s.today+60; start++ {
		if start.Day() != 31 {
			continue
		}
		for _, months := range s.by.Months {
			if lastDay(start, months).Add(1).Day() == 1 { // else it would be the day before a 31st
				return start, months
			}
		}
	}
	panic("scenario: there is a 31st in any 61 days, and after 3, 6 or 9 months a shorter month")
}
