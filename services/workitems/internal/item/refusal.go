package item

import (
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/internal/ownwords"
)

// mayAct refuses officers without the role, items that have ended, and items of
// another officer.
func (s Seen) mayAct(o Officer) error {
	if err := o.MayAction(s.Code, s.Terms.By); err != nil {
		return err
	}
	if s.Status.Final() {
		return s.ended()
	}
	if s.Assignee == "" || s.Assignee == o.ID {
		return nil
	}
	since, has := s.Last.At, "it is assigned to"
	if s.Status == Investigating {
		since, has = *s.StartedAt, "it is investigated by"
	}
	return fault.New(fault.Conflict, "CLAIMED_BY_OTHER", "%s %s since %s", has, s.Assignee, text(since)).
		WithHelp("Leave it to that officer, or ask a supervisor to assign it to you.").
		WithMeta("assignee", s.Assignee).WithMeta("since", text(since))
}

// as refuses an officer who saw another version.
func (s Seen) as(version int) error {
	if version == s.Version {
		return nil
	}
	return fault.New(fault.Conflict, "ITEM_CHANGED", "it changed since version %d was read: it is %s; the last step is %q by %s at %s",
		version, s.Status, s.Last.Action, s.Last.Actor, text(s.Last.At)).
		WithHelp("Read it again before acting.").WithMeta("version", fmt.Sprint(s.Version)).
		WithMeta("action", s.Last.Action).WithMeta("actor", s.Last.Actor)
}

// investigated refuses what only the officer who investigates may do.
func (s Seen) investigated() error {
	if s.Status == Investigating {
		return nil
	}
	return fault.New(fault.Precondition, "INVESTIGATION_REQUIRED", "nobody has investigated it").
		WithHelp("Start the investigation, look into the record, then go on.")
}

func (s Seen) ended() error {
	return fault.New(fault.Precondition, "ITEM_CLOSED", "it was %s by %s at %s", s.Status, s.Last.Actor, text(s.Last.At)).
		WithHelp("An item that has ended never changes again.").
		WithMeta("actor", s.Last.Actor).WithMeta("at", text(s.Last.At)).WithMeta("status", s.Status.String())
}

func text(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// How often the same words are taken, and within what time.
const (
	// SameNote is in how many completions of an officer the same note may stand
	// within SameNoteTime.
	SameNote     = 3
	SameNoteTime = 24 * time.Hour
	// SameReason is for how many items a supervisor may give the same reason
	// within SameReasonTime; more is a transfer in bulk (rules.md 4).
	SameReason     = 5
	SameReasonTime = time.Hour
)

// OwnNote refuses a note that the officer wrote for too many completions of
// the last SameNoteTime, which before are the notes of.
func OwnNote(note string, before []string) error {
	if used := same(note, before); used >= SameNote {
		return fault.InvalidField("note", "the same note stands in %d completions of the last %d hours: say what was done for this item", used, int(SameNoteTime.Hours())).
			WithMeta("rule", "BOILERPLATE")
	}
	return nil
}

// OwnReason refuses a reason that the supervisor gave for too many items within
// the last SameReasonTime, which before are the reasons of, one an item.
func OwnReason(reason string, before []string) error {
	if used := same(reason, before); used >= SameReason {
		return fault.New(fault.Precondition, "REASON_PER_ITEM", "the same reason was given for %d items within the last hour: work items are not moved in bulk", used).
			WithHelp("Give the reason for this item.").WithField("reason", "it is the same as for the items before")
	}
	return nil
}

func same(text string, before []string) int {
	n, normalised := 0, ownwords.Normalised(text)
	for _, b := range before {
		if ownwords.Normalised(b) == normalised {
			n++
		}
	}
	return n
}
