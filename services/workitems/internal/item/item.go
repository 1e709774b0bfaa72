// Package item holds the rules of a work item's life (rules.md 4): who may
// action it, whose it is while it is investigated, what must be done before it
// is completed, and which words were said too often.
//
// It guarantees that an item moves only forward (open, investigating, completed
// or closed, and back to open when a supervisor moves it), that one officer at a
// time investigates it, and that nobody completes it with an empty phrase. It
// stores nothing and knows no clock: the caller locks the item and gives the
// time.
package item

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Status is where an item stands; the numbers are those of the contract and of
// the table.
type Status int16

// The statuses.
const (
	Open Status = iota + 1
	Investigating
	Completed
	Closed
)

var statuses = map[Status]string{Open: "open", Investigating: "being investigated", Completed: "completed", Closed: "closed"}

// String is the status in words.
func (s Status) String() string { return statuses[s] }

// Final reports whether an item in this status never changes again.
func (s Status) Final() bool { return s >= Completed }

// What a step of an item's history may be.
const (
	Raised        = "raised"
	Investigation = "investigation"
	Reassigned    = "reassigned"
	Component     = "service component"
	Done          = "completed"
	ClosedBy      = "closed"
)

// Item is a work item.
type Item struct {
	ID   clock.ID
	CRN  string
	Code string
	// Value fills the title's "####"; may be personal.
	Value   string
	Measure term.Measure
	// Office it belongs to; "" when none.
	Office string
	Status Status
	// Assignee is the officer it was given to or who investigates it; "" when none.
	Assignee string
	RaisedAt time.Time
	// DueOn is the day of its cause.
	DueOn calendar.Date
	// StartedAt is when the investigation began, ClosedAt when it ended; nil until then.
	StartedAt, ClosedAt *time.Time
	// ComponentOn is the day the service component was done; nil until recorded.
	ComponentOn *calendar.Date
	Version     int
}

// Step is one step of an item's history.
type Step struct {
	// Version after the step.
	Version int
	// Action is one of the words above.
	Action string
	// Actor is who, such as "officer:alice".
	Actor string
	At    time.Time
	Note  string
	// EventID is the event that raised or closed the item; zero for officers' steps.
	EventID clock.ID
}

// Terms are what the catalogue says of an item's code.
type Terms struct {
	By ActionedBy
	// WorkflowOnly is true when only its workflow completes it.
	WorkflowOnly bool
	// Workflow says which and what to do there.
	Workflow string
	// Component is the number of the service component that must be recorded
	// before completion; "" when none.
	Component string
}
