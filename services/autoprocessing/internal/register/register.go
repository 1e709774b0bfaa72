// Package register holds the rules of the notice register (rules.md 2.4): what
// a notice is, when it comes into force, ends or is revoked, and how long a
// period lasts.
//
// It guarantees that nothing it returns puts two live periods of one customer
// over each other, that every change is a step of the state machine, and that
// rolling the register forward gives the same result however many days were
// skipped. It stores nothing and locks nothing: the caller keeps the notices,
// and the database's exclusion constraint is the last word.
//
// All dates are local dates of the agency's zone; periods are [Start, End],
// both days inside.
package register

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Notice is an entry of the register.
type Notice struct {
	ID          clock.ID
	CRN         string
	AuthorityID string
	Measure     term.Measure
	State       term.NoticeState
	// Start is the first day, End the last one; both belong to the period.
	Start, End calendar.Date
	// Percent is the share of the payment quarantined, 1 to 100.
	Percent int
	// Continuation is true when the notice was recorded to follow ContinuesID
	// without a gap; ContinuesID is zero otherwise.
	Continuation bool
	ContinuesID  clock.ID
	// SubmissionID is the submission that brought the notice.
	SubmissionID clock.ID
	// RecordedAt is when it entered the register (business time).
	RecordedAt time.Time
	// RevokedAt is when it was revoked; nil unless State is REVOKED. A revoked
	// notice keeps its period.
	RevokedAt *time.Time
	// Cut is set once the end date was moved forward; nil for most notices.
	Cut *Cut
	// Version is 1 when recorded and grows by one with every change.
	Version int
}

// Cut tells how a notice came to end earlier than it was recorded to.
type Cut struct {
	// At is when the end date was changed (business time).
	At time.Time
	// From is the last day before the first change.
	From calendar.Date
	// Revoked is true when a notice to revoke was the cause: the notice counts
	// as dealt with by that revocation (rules.md 2.5), though it stays ACTIVE
	// until its new end.
	Revoked bool
}

// Live reports whether the notice takes part in the overlap rule from now on:
// it waits to start or is in force.
func (n Notice) Live() bool {
	return n.State == term.NoticeInactive || n.State == term.NoticeActive
}

// Covers reports whether the day lies in the notice's period, whatever its state.
func (n Notice) Covers(day calendar.Date) bool { return n.Start <= day && day <= n.End }

// InForceOn reports whether the notice is in force on the day as far as dates
// decide: a notice not revoked is in force from its start to its end even when
// the day roll has not been run yet, or has been run since.
func (n Notice) InForceOn(day calendar.Date) bool {
	return n.State != term.NoticeRevoked && n.Covers(day)
}

// StartsAfter reports whether the notice is not revoked and starts after the day.
func (n Notice) StartsAfter(day calendar.Date) bool {
	return n.State != term.NoticeRevoked && n.Start > day
}

// DaysLeft counts the days from a day to the last one: 0 on the last day,
// negative after it (rules.md 2.3 "days are counted between local dates").
func (n Notice) DaysLeft(day calendar.Date) int { return int(n.End) - int(day) }

// Overlaps reports whether the periods of two notices share a day and neither
// is revoked. ENDED notices count: a period once served stays served.
func Overlaps(a, b Notice) bool {
	return a.State != term.NoticeRevoked && b.State != term.NoticeRevoked && a.Start <= b.End && b.Start <= a.End
}

// FirstOverlap returns the first of the notices (other than n itself) that
// overlaps n.
func FirstOverlap(n Notice, others []Notice) (Notice, bool) {
	for _, o := range others {
		if o.ID != n.ID && Overlaps(n, o) {
			return o, true
		}
	}
	return Notice{}, false
}
