// Package policy holds the rules by which submissions are decided, as data:
// versioned YAML files with parameters, per-measure tables, rules in CEL over
// typed facts, and the words officers and authorities read.
//
// It guarantees that a policy which is loaded can be evaluated: every
// expression compiles to a yes or no over facts that exist, every rule has a
// known reason and a text, and every reason has its words; a file that breaks
// this is refused with one sentence that names file, rule and problem. The same
// facts under the same version give the same verdicts for ever. It reads no
// clock, no database and no message; facts are gathered by package decision.
package policy

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
)

// Policy is one loaded version. It is read-only and safe for concurrent use.
type Policy struct {
	// Version names it, such as "2026-1"; stored with every decision.
	Version string
	// Effective is the first day it decides.
	Effective calendar.Date
	// Zone is the agency's time zone (IANA name) for every local date.
	Zone string
	// Limits are the numbers of the rules.
	Limits Limits

	file       string
	functions  map[term.BusinessFunction]term.Measure
	measures   map[term.Measure]Measure
	ranks      map[string]int
	lists      map[string]map[string]struct{}
	places     map[string]place
	reasons    map[term.Reason]Words
	types      map[term.InformationType]*ruleSet
	formerName bool
	screen     *screen
}

// Limits are the policy's numbers, days unless named otherwise.
type Limits struct {
	// ContinuationDays: a current notice with at most so many days left is continued.
	ContinuationDays int `yaml:"continuation_days"`
	// StartAheadDays: a start date at most so many days after lodgement is accepted.
	StartAheadDays int `yaml:"start_ahead_days"`
	// RevocationDays: a child protection notice with more days left ends so many
	// days after the notice to revoke was lodged.
	RevocationDays int `yaml:"revocation_days"`
	// RetryAttempts before a submission is left to an officer as TECHNICAL_FAILURE.
	RetryAttempts int `yaml:"retry_attempts"`
	// ReportCloseHour is the local hour, 0 to 23, at which the day's report closes.
	ReportCloseHour int `yaml:"report_close_hour"`
	// OfficerStartAheadDays bounds the start date an officer may record.
	OfficerStartAheadDays int `yaml:"officer_start_ahead_days"`
}

// Measure is one row of the table of measures (rules.md section 1).
type Measure struct {
	Measure term.Measure
	// Rank: 1 is the highest; several measures may share one.
	Rank int
	// Label of the disclosure its authorities receive.
	Label string
	// ReferenceMark begins the reference of a disclosure the hub creates: "~DOI:".
	ReferenceMark string
	// MayReferVoluntarily is false for Cape York.
	MayReferVoluntarily bool
	// Revocation says what a notice to revoke does to a notice in force.
	Revocation Revocation

	months   []int
	percents []int
	states   map[string]struct{}
	places   map[string]struct{}
}

// Words are what people read about a reason.
type Words struct {
	// Description says why the submission is not decided, in plain words.
	Description string `yaml:"description"`
	// NextStep says what the officer does now.
	NextStep string `yaml:"next_step"`
}

// MeasureOf returns the measure an authority of the business function refers to.
func (p *Policy) MeasureOf(f term.BusinessFunction) (Measure, bool) {
	m, ok := p.measures[p.functions[f]]
	return m, ok
}

// Measure returns a measure's row; false for measures without notices.
func (p *Policy) Measure(m term.Measure) (Measure, bool) {
	row, ok := p.measures[m]
	return row, ok
}

// Outranks reports whether measure a stands above measure b; false when either is unset.
func (p *Policy) Outranks(a, b term.Measure) bool { return p.outranks(a.String(), b.String()) }

// Words returns the words for a reason; every reason has them.
func (p *Policy) Words(r term.Reason) Words { return p.reasons[r] }

// Listed reports whether a code is in one of the policy's lists, such as
// "category_a_payments" or "excluded_nominees".
func (p *Policy) Listed(list, code string) bool {
	_, ok := p.lists[list][code]
	return ok
}

// AcceptsFormerNames reports whether a former family name identifies a customer too.
func (p *Policy) AcceptsFormerNames() bool { return p.formerName }

// AllowsMonths reports whether a notice of the measure may last so many months.
func (m Measure) AllowsMonths(months int) bool { return slices.Contains(m.months, months) }

// Months lists the durations allowed, ascending.
func (m Measure) Months() []int { return append([]int(nil), m.months...) }

// PercentOf resolves the share asked for: 0 stands for the measure's only
// share. False when the measure does not allow it, or has several and none is named.
func (m Measure) PercentOf(asked int) (int, bool) {
	if asked == 0 && len(m.percents) == 1 {
		return m.percents[0], true
	}
	return asked, slices.Contains(m.percents, asked)
}

// Percents lists the shares allowed, ascending.
func (m Measure) Percents() []int { return append([]int(nil), m.percents...) }

// outranks compares by the names facts use.
func (p *Policy) outranks(a, b string) bool {
	ra, ok := p.ranks[a]
	if !ok {
		return false
	}
	rb, ok := p.ranks[b]
	return ok && ra < rb
}
