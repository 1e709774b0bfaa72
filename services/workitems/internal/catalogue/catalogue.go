// Package catalogue holds the work items as data: one YAML file with every
// code, its words, who may action it, and the expressions (CEL over typed facts)
// that say when it is raised and which related activity closes it.
//
// It guarantees that a catalogue which is loaded can be evaluated: every
// expression compiles to the kind of answer its place needs, over facts that
// exist, and every number in it is a named limit of the file. A file that breaks
// this is refused with one sentence that names the code. Triggers are pure: the
// same facts and day give the same items. Whether an item is open already, or was
// raised before, is not looked at here; that belongs to the caller.
package catalogue

import (
	"slices"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
)

// Group is a group of the catalogue, with the numbers of the API.
type Group int16

// The groups.
const (
	Card Group = iota + 1
	Generic
	DeyLtwpr
	Voluntary
	Vwpr
	ChildProtection
	ChildProtectionIMCO
	Impact
)

var groups = []string{"basicscard", "generic", "dey_ltwpr", "vim", "vwpr", "cpim", "cp_imco", "impact"}

// String is the name in the catalogue file.
func (g Group) String() string {
	if g < 1 || int(g) > len(groups) {
		return ""
	}
	return groups[g-1]
}

// ActionedBy says who may action an item, with the numbers of the API.
type ActionedBy int16

// Who may action.
const (
	ByAny ActionedBy = iota + 1
	ByIMCO
	ByImpact
)

var actors = []string{"any", "imco", "impact"}

// String is the name in the catalogue file.
func (a ActionedBy) String() string {
	if a < 1 || int(a) > len(actors) {
		return ""
	}
	return actors[a-1]
}

// Entry is one work item of the catalogue. It is read-only.
type Entry struct {
	// Code, such as "I070Q1", and other spellings officers know.
	Code    string
	Aliases []string
	// Title; "####" stands for Raise.Value.
	Title string
	Group Group
	// Measures it may be raised under; empty means whatever the measure.
	Measures   []term.Measure
	ActionedBy ActionedBy
	// ActionRequired is what to investigate and do, RaisedWhen the trigger in words.
	ActionRequired string
	RaisedWhen     string
	// WorkflowOnly: only its workflow completes it, never an officer by hand.
	WorkflowOnly bool
	// Component is the number of the service component to record before
	// completion; empty when none is needed.
	Component string
	// Effect is what holds while it is open, such as "HOLDS_CARD_ALLOCATIONS"; mostly empty.
	Effect string
	// RepeatsWeeks is the time between repeats; 0 when it does not repeat.
	RepeatsWeeks int
	// CauseGone says what becomes of an open item when its cause disappears: the
	// related activity that closes it, or that it stays.
	CauseGone string
	// Limits are the names of the numbers its triggers use, sorted.
	Limits []string

	trigger trigger
}

// TitleWith is the title with its value filled in.
func (e Entry) TitleWith(value string) string {
	if value == "" {
		return e.Title
	}
	return strings.ReplaceAll(e.Title, "####", value)
}

// Raise is an item to raise, if it is not open or was not raised before.
type Raise struct {
	Code string
	// Cause says what of, such as "expense/rent-1"; Occurrence which time, such
	// as "v12" (of the record) or "2027-03-01" (a due day).
	Cause, Occurrence string
	// Value fills the title's "####" or says more; may be empty and personal.
	Value string
	// DueOn is the day of the cause.
	DueOn   calendar.Date
	Measure term.Measure
}

// Close is an open item that a related activity closes; every cause when Cause is empty.
type Close struct {
	Code, Cause string
}

// Catalogue is the loaded catalogue. It is read-only and safe for concurrent use.
type Catalogue struct {
	zone    *time.Location
	limits  map[string]int64
	entries []*Entry
	byCode  map[string]*Entry

	// By part of the record: the entries an event may raise, and those it may close.
	raising map[string][]int
	closing map[string][]int
	// Entries raised by date, by a revocation, by a notice that ends.
	dated   []int
	revoked []int
	ending  int
}

// Entries returns all entries by code.
func (c *Catalogue) Entries() []Entry {
	out := make([]Entry, len(c.entries))
	for i, e := range c.entries {
		out[i] = *e
	}
	return out
}

// Find returns the entry of a code or alias.
func (c *Catalogue) Find(codeOrAlias string) (Entry, bool) {
	e, ok := c.byCode[strings.ToUpper(codeOrAlias)]
	if !ok {
		return Entry{}, false
	}
	return *e, true
}

// EndingDays is how many days before its end an item warns of a notice.
func (c *Catalogue) EndingDays() int { return int(c.limits[c.entries[c.ending].trigger.noticeEnding]) }

// Zone is the agency's time zone for the local days of recorded times.
func (c *Catalogue) Zone() *time.Location { return c.zone }

// Limit returns a named number of the catalogue.
func (c *Catalogue) Limit(name string) (int64, bool) {
	v, ok := c.limits[name]
	return v, ok
}

// LimitNames lists the named numbers, sorted.
func (c *Catalogue) LimitNames() []string {
	names := make([]string, 0, len(c.limits))
	for n := range c.limits {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Parts lists the parts of the record whose change may raise or close something,
// sorted: a change of others only needs to be counted.
func (c *Catalogue) Parts() []string {
	var names []string
	for _, m := range []map[string][]int{c.raising, c.closing} {
		for p := range m {
			if !slices.Contains(names, p) {
				names = append(names, p)
			}
		}
	}
	slices.Sort(names)
	return names
}
