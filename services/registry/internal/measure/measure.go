// Package measure makes the spells under measures that a customer's record
// tells of, out of the notices known of the customer. The package is pure: the
// same notices make the same spells, in whatever order their events came.
package measure

import (
	"cmp"
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Kept is how many spells a record tells of, as the contract says.
const Kept = 50

// Notice is a notice of the register as far as it is known.
type Notice struct {
	// ID of the notice.
	ID clock.ID
	// Measure it brings.
	Measure term.Measure
	// State it is in.
	State term.NoticeState
	// Start and End of its period, both inclusive.
	Start, End calendar.Date
	// Revoked is the local day it was revoked; nil when it was not.
	Revoked *calendar.Date
}

// Spell is a time under a measure.
type Spell struct {
	// Measure of the spell.
	Measure term.Measure
	// From is its first day, To its last; nil while it lasts.
	From calendar.Date
	To   *calendar.Date
	// Register is true when the register says so, false for an older programme.
	Register bool
}

// History is the spells of a record, oldest first, the last Kept: those of the
// register and those of older programmes.
func History(notices []Notice, older []Spell) []Spell {
	all := append(Register(notices), older...)
	slices.SortStableFunc(all, func(a, b Spell) int { return cmp.Compare(a.From, b.From) })
	return all[max(0, len(all)-Kept):]
}

// Register is the spells the register says. Notices of one measure without a
// day between them are one spell, also while a continuation has not come into
// force yet. A notice is over before a later one begins, also while the event
// that says so is on its way.
func Register(notices []Notice) []Spell {
	byStart := slices.Clone(notices)
	slices.SortFunc(byStart, func(a, b Notice) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	var spells []Spell
	for i := range byStart {
		n := &byStart[i]
		if !n.wasInForce() {
			continue
		}
		to := n.last(byStart[i+1:])
		if last := len(spells) - 1; last >= 0 && spells[last].Measure == n.Measure && spells[last].reaches(n.Start) {
			if to == nil || *to > *spells[last].To {
				spells[last].To = to
			}
			continue
		}
		spells = append(spells, Spell{Measure: n.Measure, From: n.Start, To: to, Register: true})
	}
	return spells
}

// wasInForce reports whether the notice is or was in force on any day. One that
// waits for its start never was, and one revoked before it was not either.
func (n *Notice) wasInForce() bool {
	switch n.State {
	case term.NoticeActive, term.NoticeEnded:
		return true
	case term.NoticeRevoked:
		return n.Revoked != nil && *n.Revoked >= n.Start
	default:
		return false
	}
}

// last is the last day in force; nil while that is not known. later are the
// notices that start after it.
func (n *Notice) last(later []Notice) *calendar.Date {
	if n.State == term.NoticeRevoked {
		to := min(*n.Revoked, n.End)
		return &to
	}
	for i := range later {
		switch next := &later[i]; {
		case next.wasInForce() && next.Start > n.Start:
			to := min(n.End, next.Start-1)
			return &to
		case next.State == term.NoticeInactive && next.Measure == n.Measure && next.Start == n.End+1:
			return nil // it goes on
		}
	}
	if n.State == term.NoticeActive {
		return nil
	}
	return &n.End
}

// reaches reports whether a spell lasts until the day before a day or longer.
func (s *Spell) reaches(day calendar.Date) bool { return s.To == nil || *s.To >= day-1 }

// Older is the spells of older programmes after their measure became another
// on a day; 0 is none.
func Older(spells []Spell, now term.Measure, day calendar.Date) []Spell {
	older := slices.DeleteFunc(slices.Clone(spells), func(s Spell) bool { return s.Register })
	for i := range older {
		if older[i].To == nil {
			to := max(day, older[i].From)
			older[i].To = &to
		}
	}
	if now != 0 {
		older = append(older, Spell{Measure: now, From: day})
	}
	return older
}

// InForce is the measure in force; 0 when none is. Two notices are in force only
// while events are on their way; then the later start counts.
func InForce(notices []Notice) term.Measure {
	var found *Notice
	for i := range notices {
		n := &notices[i]
		if n.State == term.NoticeActive && (found == nil || cmp.Or(cmp.Compare(n.Start, found.Start), slices.Compare(n.ID[:], found.ID[:])) > 0) {
			found = n
		}
	}
	if found == nil {
		return 0
	}
	return found.Measure
}
