package item

import (
	"slices"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// FollowUpStatus is where a manual follow-up stands; the numbers are those of
// the contract and of the table.
type FollowUpStatus int16

// The statuses of a follow-up.
const (
	FollowUpOpen FollowUpStatus = iota + 1
	FollowUpCompleted
	FollowUpCancelled
)

var followUpStatuses = map[FollowUpStatus]string{FollowUpOpen: "open", FollowUpCompleted: "completed", FollowUpCancelled: "cancelled"}

// String is the status in words.
func (s FollowUpStatus) String() string { return followUpStatuses[s] }

// FollowUp is a manual follow-up (MFU) on a customer's activity list.
type FollowUp struct {
	ID       clock.ID
	CRN      string
	Title    string
	Keywords []string
	Office   string
	// MaturesOn is the day it is to be looked at.
	MaturesOn calendar.Date
	Status    FollowUpStatus
	// CreatedBy and ClosedBy are actors, such as "officer:alice".
	CreatedBy string
	CreatedAt time.Time
	ClosedBy  string
	ClosedAt  *time.Time
	// Note is what was done, or why it was cancelled.
	Note string
}

// Asked reports whether f is what was asked for when other was created: the
// same by the same officer. An office that was not named is not compared.
func (f FollowUp) Asked(other FollowUp) bool {
	return f.CRN == other.CRN && f.Title == other.Title && slices.Equal(f.Keywords, other.Keywords) && f.MaturesOn == other.MaturesOn &&
		f.CreatedBy == other.CreatedBy && (f.Office == "" || f.Office == other.Office)
}

// End completes or cancels a follow-up. Doing the same again changes nothing,
// which changed says. Say has looked at the note.
func (f FollowUp) End(o Officer, how FollowUpStatus, note string, now time.Time) (after FollowUp, changed bool, err error) {
	if f.Status != FollowUpOpen {
		if f.Status == how && f.ClosedBy == o.Actor() && f.Note == note {
			return f, false, nil
		}
		return f, false, fault.New(fault.Precondition, "ACTIVITY_CLOSED", "it was %s by %s at %s", f.Status, f.ClosedBy, text(*f.ClosedAt)).
			WithMeta("actor", f.ClosedBy).WithMeta("at", text(*f.ClosedAt)).WithMeta("status", f.Status.String())
	}
	f.Status, f.ClosedBy, f.ClosedAt, f.Note = how, o.Actor(), &now, note
	return f, true, nil
}
