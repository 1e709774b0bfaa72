package item

import (
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Seen is an item as it is when an officer acts on it.
type Seen struct {
	Item
	// Last is the last step of its history.
	Last Step
	// Terms of its code.
	Terms Terms
}

// Investigate assigns the item to the officer and notes the start. The officer
// who investigates it already changes nothing, which changed says.
func (s Seen) Investigate(o Officer, version int, now time.Time) (after Item, step Step, changed bool, err error) {
	if err := s.mayAct(o); err != nil {
		return s.Item, step, false, err
	}
	if s.Status == Investigating {
		return s.Item, step, false, nil // mayAct has seen that it is the officer's
	}
	if err := s.as(version); err != nil {
		return s.Item, step, false, err
	}
	after = s.Item
	after.Status, after.Assignee, after.StartedAt = Investigating, o.ID, &now
	after.Version++
	return after, s.step(o, Investigation, now, ""), true, nil
}

// Complete ends the item: its officer has investigated it and says what was
// done. Say has looked at the note.
func (s Seen) Complete(o Officer, version int, note string, now time.Time) (after Item, step Step, err error) {
	if err := s.mayAct(o); err != nil {
		return s.Item, step, err
	}
	if s.Terms.WorkflowOnly {
		return s.Item, step, fault.New(fault.Precondition, "WORKFLOW_ONLY", "%s is completed by its workflow only, never by hand: %s", s.Code, s.Terms.Workflow).
			WithHelp("Go through the workflow; the item closes with it.")
	}
	if err := s.as(version); err != nil {
		return s.Item, step, err
	}
	if err := s.investigated(); err != nil {
		return s.Item, step, err
	}
	if s.Terms.Component != "" && s.ComponentOn == nil {
		return s.Item, step, fault.New(fault.Precondition, "SERVICE_COMPONENT_MISSING", "service component %s must be recorded before %s is completed",
			s.Terms.Component, s.Code).WithHelp("Record the service component with its date and status COM.").WithMeta("service_component", s.Terms.Component)
	}
	after = s.Item
	after.Status, after.ClosedAt = Completed, &now
	after.Version++
	return after, s.step(o, Done, now, note), nil
}

// ComponentDone is the only status a service component is recorded with.
const ComponentDone = "COM"

// RecordComponent records the service component. Recording the same again
// changes nothing; another day corrects it, with a step of its own.
func (s Seen) RecordComponent(o Officer, version int, number, status string, on calendar.Date, now time.Time, zone *time.Location) (after Item, step Step, changed bool, err error) {
	raised, today := calendar.FromTime(s.RaisedAt, zone), calendar.FromTime(now, zone)
	switch err := s.mayAct(o); {
	case err != nil:
		return s.Item, step, false, err
	case s.Terms.Component == "":
		return s.Item, step, false, fault.New(fault.Precondition, "SERVICE_COMPONENT_NOT_NEEDED", "%s needs no service component", s.Code)
	case number != s.Terms.Component:
		return s.Item, step, false, fault.InvalidField("number", "%s needs service component %s, not %s", s.Code, s.Terms.Component, number)
	case status != ComponentDone:
		return s.Item, step, false, fault.InvalidField("status", "it must be %s (completed), not %s", ComponentDone, status)
	case on > today:
		return s.Item, step, false, fault.InvalidField("on", "%s is after today, %s", on, today)
	case on < raised:
		return s.Item, step, false, fault.InvalidField("on", "%s is before the item was raised, %s", on, raised)
	case s.ComponentOn != nil && *s.ComponentOn == on:
		return s.Item, step, false, nil
	}
	if err := s.as(version); err != nil {
		return s.Item, step, false, err
	}
	if err := s.investigated(); err != nil {
		return s.Item, step, false, err
	}
	after = s.Item
	after.ComponentOn = &on
	after.Version++
	return after, s.step(o, Component, now, fmt.Sprintf("%s %s on %s", number, status, on)), true, nil
}

// Reassign moves the item to another officer or office, or takes it from
// whoever has it; it is open again. Doing the same again changes nothing. Say
// has looked at the reason.
func (s Seen) Reassign(o Officer, version int, assignee, office, reason string, now time.Time) (after Item, step Step, changed bool, err error) {
	if !o.Has(Supervisor) {
		return s.Item, step, false, fault.New(fault.Denied, "SUPERVISOR_REQUIRED", "only a supervisor moves work items").
			WithHelp("Ask a supervisor.")
	}
	if s.Status.Final() {
		return s.Item, step, false, s.ended()
	}
	if office == "" {
		office = s.Office
	}
	same := assignee == s.Assignee && office == s.Office
	if same && s.Last.Action == Reassigned && s.Last.Actor == o.Actor() && s.Last.Note == reason && s.Version == version+1 {
		return s.Item, step, false, nil
	}
	if err := s.as(version); err != nil {
		return s.Item, step, false, err
	}
	if same {
		return s.Item, step, false, fault.InvalidField("assignee", "it has this assignee and office already").
			WithField("office", "it has this assignee and office already")
	}
	after = s.Item
	after.Status, after.Assignee, after.Office, after.StartedAt = Open, assignee, office, nil
	after.Version++
	return after, s.step(o, Reassigned, now, reason), true, nil
}

func (s Seen) step(o Officer, action string, now time.Time, note string) Step {
	return Step{Version: s.Version + 1, Action: action, Actor: o.Actor(), At: now, Note: note}
}
