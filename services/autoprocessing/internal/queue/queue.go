// Package queue holds the rules of the unprocessed queue (rules.md 2.7): who
// may act on an entry, how long a claim lasts and when a hold is over.
//
// It guarantees that an entry has at most one holder at any time, that an
// officer acts only on an entry he or she holds, and that a claim that expired
// or a hold whose day has come counts for nothing, whether or not the sweep has
// been there. It stores nothing; the caller locks the submission.
package queue

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

// DefaultClaim is how long a claim lasts unless configured otherwise: long
// enough for an index search and a phone call, short enough that what a
// colleague forgot comes back the same morning.
const DefaultClaim = 30 * time.Minute

// Holding is who has an entry, and whether it is set aside.
type Holding struct {
	// HeldBy is the officer; "" when nobody holds the entry.
	HeldBy string
	// Until is when the claim expires; zero for an assignment, which does not.
	Until time.Time
	// Assigned is true when a supervisor gave it to the officer.
	Assigned bool
	// HoldUntil is the first day the entry shows again; nil when not set aside.
	HoldUntil *calendar.Date
}

// At returns the holding as it counts at a moment: expired claims and holds
// whose day has come are gone.
func (h Holding) At(now time.Time, today calendar.Date) Holding {
	if h.HeldBy != "" && !h.Assigned && !now.Before(h.Until) {
		h.HeldBy, h.Until = "", time.Time{}
	}
	if h.HoldUntil != nil && *h.HoldUntil <= today {
		h.HoldUntil = nil
	}
	return h
}

// Claim takes the entry for an officer until the claim expires; the holder's
// own claim is extended, an assignment stays one. Somebody else's entry is a
// Conflict that names the holder. A claimed entry is no longer set aside.
func (h Holding) Claim(officer string, now time.Time, lasts time.Duration) (Holding, error) {
	if h.HeldBy != "" && h.HeldBy != officer {
		return h, h.conflict()
	}
	h.HoldUntil = nil
	if h.Assigned {
		return h, nil
	}
	h.HeldBy, h.Until = officer, now.Add(lasts)
	return h, nil
}

// Release gives the entry back. Releasing what nobody holds changes nothing;
// somebody else's entry is a Conflict.
func (h Holding) Release(officer string) (Holding, error) {
	if h.HeldBy != "" && h.HeldBy != officer {
		return h, h.conflict()
	}
	h.HeldBy, h.Until, h.Assigned = "", time.Time{}, false
	return h, nil
}

// Assign gives the entry to an officer, whoever had it: only supervisors may,
// which the caller checks. It ends a hold.
func (h Holding) Assign(officer string) Holding {
	return Holding{HeldBy: officer, Assigned: true}
}

// Hold sets the entry aside until a day, or ends that when until is nil. A
// claim ends with it, so that whoever comes first takes the entry up on the
// day; an assignment stays. The day must lie ahead.
func (h Holding) Hold(officer string, until *calendar.Date, today calendar.Date) (Holding, error) {
	if h.HeldBy != "" && h.HeldBy != officer {
		return h, h.conflict()
	}
	if until != nil && *until <= today {
		return h, fault.InvalidField("until", "%s is not after today, %s", *until, today)
	}
	h.HoldUntil = until
	if until != nil && !h.Assigned {
		h.HeldBy, h.Until = "", time.Time{}
	}
	return h, nil
}

// MayDecide refuses officers who do not hold the entry.
func (h Holding) MayDecide(officer string) error {
	switch h.HeldBy {
	case officer:
		return nil
	case "":
		return fault.New(fault.Precondition, "CLAIM_REQUIRED", "the entry is not claimed, or the claim has expired").
			WithHelp("Claim the entry, look at it again, then record the outcome.")
	default:
		return h.conflict()
	}
}

// MayTouch refuses officers while somebody else holds the entry.
func (h Holding) MayTouch(officer string) error {
	if h.HeldBy != "" && h.HeldBy != officer {
		return h.conflict()
	}
	return nil
}

func (h Holding) conflict() error {
	err := fault.New(fault.Conflict, "HELD_BY_ANOTHER", "the entry is held by %s", h.HeldBy).WithMeta("held_by", h.HeldBy)
	if h.Assigned {
		return err.WithHelp("Ask the officer to release it, or a supervisor to assign it to you.")
	}
	return err.WithHelp("Wait until the claim is released or expires, or ask a supervisor to assign it to you.").
		WithMeta("claim_expires_at", h.Until.UTC().Format(time.RFC3339))
}
