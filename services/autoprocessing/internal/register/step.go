package register

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
)

// Enter brings a new notice into the register. State, Version, RecordedAt and
// SubmissionID are set here. A notice whose start has come enters ACTIVE,
// otherwise INACTIVE; a continuation always enters as Extended and is activated
// in a second change when its predecessor's end has passed already. After long
// downtime a period may be over on entering: then it ends at once.
func Enter(n Notice, c Cause) []Change {
	n.SubmissionID, n.RecordedAt, n.Version, n.RevokedAt, n.Cut = c.SubmissionID, c.At, 1, nil, nil
	n.State = term.NoticeInactive
	first := Change{Kind: Recorded, On: c.Today, SubmissionID: c.SubmissionID}
	switch {
	case n.Continuation:
		first.Kind = Extended
	case n.Start <= c.Today:
		first.Kind, first.On, n.State = Activated, n.Start, term.NoticeActive
	}
	first.Notice, first.FromEnd = n, n.End
	changes := []Change{first}
	if n.State == term.NoticeInactive && n.Start <= c.Today {
		changes = append(changes, byDate(changes[0].Notice, Activated))
	}
	if n.End < c.Today {
		changes = append(changes, byDate(changes[len(changes)-1].Notice, Ended))
	}
	return changes
}

// Revoke takes a live notice out of force now; its period stays. A notice that
// is ENDED or REVOKED cannot be revoked and reports false.
func Revoke(n Notice, c Cause) (Change, bool) {
	if !n.Live() {
		return Change{}, false
	}
	from := n.State
	at := c.At
	n.State, n.RevokedAt = term.NoticeRevoked, &at
	n.Version++
	return Change{Kind: Revoked, Notice: n, From: from, FromEnd: n.End, On: c.Today, SubmissionID: c.SubmissionID}, true
}

// Shorten moves the last day of an ACTIVE notice forward to end, which must lie
// in the period and before its present end; otherwise it reports false. The
// notice stays ACTIVE; when the new end has passed already it ends at once.
// Revoked says that a notice to revoke is the cause.
func Shorten(n Notice, end calendar.Date, revoked bool, c Cause) ([]Change, bool) {
	if n.State != term.NoticeActive || end >= n.End || end < n.Start {
		return nil, false
	}
	before := n.End
	cut := Cut{At: c.At, From: before, Revoked: revoked}
	if n.Cut != nil {
		cut.From, cut.Revoked = n.Cut.From, revoked || n.Cut.Revoked
	}
	n.End, n.Cut = end, &cut
	n.Version++
	changes := []Change{{Kind: Shortened, Notice: n, From: n.State, FromEnd: before, On: c.Today, SubmissionID: c.SubmissionID}}
	if end < c.Today {
		changes = append(changes, byDate(n, Ended))
	}
	return changes, true
}

// Roll is the start of a day: notices past their last day become ENDED, then
// those whose start has come become ACTIVE. Days that were missed are caught up
// in order, so the changes are the same as those of rolling every single day,
// each with the day it took effect; a period missed altogether is activated and
// ended. Rolling again for the same day changes nothing. Notices of several
// customers may be mixed.
func Roll(notices []Notice, today calendar.Date) []Change {
	var changes []Change
	for _, n := range notices {
		if n.State == term.NoticeInactive && n.Start <= today {
			c := byDate(n, Activated)
			changes = append(changes, c)
			n = c.Notice
		}
		if n.State == term.NoticeActive && n.End < today {
			changes = append(changes, byDate(n, Ended))
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		if a.On != b.On {
			return int(a.On) - int(b.On)
		}
		return int(b.Kind) - int(a.Kind) // Ended before Activated
	})
	return changes
}

// byDate is a change nobody asked for: the day did.
func byDate(n Notice, k Kind) Change {
	c := Change{Kind: k, From: n.State, FromEnd: n.End}
	if k == Activated {
		n.State, c.On = term.NoticeActive, n.Start
	} else {
		n.State, c.On = term.NoticeEnded, n.End.Add(1)
	}
	n.Version++
	c.Notice = n
	return c
}
