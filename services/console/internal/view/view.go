// Package view holds the rules of the filters that people give a name: whose they
// are, who may change them, and what they may say. It stores nothing.
//
// It guarantees that a view holds only filters that the screens have and that
// name no customer, and that a change is made only of what its maker has seen.
package view

import (
	"strconv"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Screen is what a view is of; the numbers are those of the contract and of the table.
type Screen int16

// The screens.
const (
	Queue Screen = iota + 1
	Submissions
	WorkItems
)

var screens = map[Screen]string{Queue: "queue", Submissions: "submissions", WorkItems: "work-items"}

// String names the screen, as the audit log does.
func (s Screen) String() string { return screens[s] }

// MostOwn is how many views a person may have.
const MostOwn = 100

// View is a named filter of a screen.
type View struct {
	ID     clock.ID
	Screen Screen
	Name   string
	// Query is the filter, as the screen writes it in its address.
	Query string
	// Shared views everybody sees who may see the screen.
	Shared bool
	// Owner is the person who made it.
	Owner   string
	Version int
	// ChangedBy and ChangedAt tell of the last change.
	ChangedBy string
	ChangedAt time.Time
}

// same reports whether two views say the same.
func (v View) same(w View) bool {
	return v.Screen == w.Screen && v.Name == w.Name && v.Query == w.Query && v.Shared == w.Shared
}

// Person is who looks at a view.
type Person struct {
	ID string
	// Keeps is true for people who may have views of their own.
	Keeps bool
	// Supervises is true for those who look after what others share.
	Supervises bool
}

func (p Person) sees(v View) bool { return v.Shared || v.Owner == p.ID }

// May reports whether the person may change or delete the view.
func (p Person) May(v View) bool {
	return p.Keeps && (v.Owner == p.ID || v.Shared && p.Supervises)
}

// Put says what becomes of a view that a person asks to keep, having seen a
// version of it; 0 stands for none, as does a nil before. Asking again changes
// nothing, which changed says.
func (p Person) Put(before *View, asked View, version int, now time.Time) (after View, changed bool, err error) {
	asked.Version, asked.ChangedBy, asked.ChangedAt = version+1, p.ID, now
	switch {
	case version == 0 && before == nil:
		asked.Owner = p.ID
		return asked, true, nil
	case version == 0 && before.Owner == p.ID && before.same(asked):
		return *before, false, nil
	case version == 0:
		return after, false, Reused()
	case before == nil || !p.sees(*before):
		return after, false, fault.New(fault.NotFound, "VIEW_NOT_FOUND", "there is no such view").WithHelp("It may have been deleted; keep it as a new one.")
	case !p.May(*before):
		return after, false, p.notOwn(*before)
	case asked.Screen != before.Screen:
		return after, false, fault.InvalidField("screen", "it is the view of another screen, which cannot be changed")
	case before.same(asked) && (before.Version == version || before.Version == version+1 && before.ChangedBy == p.ID):
		return *before, false, nil
	case before.Version != version:
		at := before.ChangedAt.UTC().Format(time.RFC3339)
		return after, false, fault.New(fault.Conflict, "VIEW_CHANGED", "it was changed by %s at %s", before.ChangedBy, at).
			WithHelp("Look at it as it is now before changing it.").
			WithMeta("actor", before.ChangedBy).WithMeta("at", at).WithMeta("version", strconv.Itoa(before.Version))
	}
	asked.Owner = before.Owner
	return asked, true, nil
}

// Delete refuses to delete a view that is not the person's to delete; of one the
// person does not see nothing is told, and gone says that nothing is to be done.
func (p Person) Delete(before *View) (gone bool, err error) {
	switch {
	case before == nil || !p.sees(*before):
		return true, nil
	case !p.May(*before):
		return false, p.notOwn(*before)
	}
	return false, nil
}

func (p Person) notOwn(v View) error {
	return fault.New(fault.Denied, "VIEW_OF_ANOTHER", "the view is %s's", v.Owner).WithMeta("owner", v.Owner).
		WithHelp("Keep a view of your own, or ask a supervisor to change this one.")
}

// Reused is the error for a new view under the id of another.
func Reused() error {
	return fault.New(fault.Precondition, "VIEW_ID_REUSED", "another view has this id").
		WithHelp("Choose a new view_id for a new view.").WithField("view_id", "it is used already")
}

// Taken is the error for a name that the owner has on the screen already.
func Taken(name string) error {
	return fault.New(fault.Exists, "VIEW_NAME_TAKEN", "there is a view of this name on this screen already").
		WithHelp("Choose another name, or change the view that has it.").WithField("name", strconv.Quote(name)+" is there already")
}

// TooMany is the error for a person's view beyond MostOwn.
func TooMany() error {
	return fault.New(fault.Precondition, "TOO_MANY_VIEWS", "nobody may have more than %d views", MostOwn).
		WithHelp("Delete one that is not needed any more.")
}
