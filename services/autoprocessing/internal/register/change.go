package register

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Kind says what happened to a notice; each kind is one notice event.
type Kind uint8

// The kinds of change. The zero value means unset and is never returned.
const (
	// Recorded: the notice entered the register INACTIVE (no continuation).
	Recorded Kind = iota + 1
	// Extended: a continuation entered the register INACTIVE.
	Extended
	// Activated: the notice came into force, or entered the register in force.
	Activated
	// Ended: the notice passed its last day.
	Ended
	// Revoked: the notice was revoked.
	Revoked
	// Shortened: its last day was moved forward; the state stays ACTIVE.
	Shortened
)

// String names the kind for logs and failures.
func (k Kind) String() string {
	switch k {
	case Recorded:
		return "recorded"
	case Extended:
		return "extended"
	case Activated:
		return "activated"
	case Ended:
		return "ended"
	case Revoked:
		return "revoked"
	case Shortened:
		return "shortened"
	}
	return ""
}

// Change is one step of one notice. Changes are applied in the order given:
// what ends or is revoked comes before what takes its place.
type Change struct {
	Kind Kind
	// Notice is the notice after the change; its Version is one more than
	// before (1 for a new notice).
	Notice Notice
	// From is the state before; 0 for a new notice.
	From term.NoticeState
	// FromEnd is the last day before; it differs from Notice.End only when Kind
	// is Shortened (and is meaningless for a new notice).
	FromEnd calendar.Date
	// On is the local day the change takes effect: the start day for an
	// activation, the day after the last for an ending, today otherwise. It may
	// lie before today after downtime.
	On calendar.Date
	// SubmissionID is the submission that caused the change; zero for changes by date.
	SubmissionID clock.ID
}

// New reports whether the change brings a notice into the register.
func (c Change) New() bool { return c.From == 0 }

// Cause is who and when of changes that are not by date alone.
type Cause struct {
	// SubmissionID is the submission acted on.
	SubmissionID clock.ID
	// At is the business time of the step.
	At time.Time
	// Today is its local date in the agency's zone.
	Today calendar.Date
}

// steps is the state machine (rules.md 2.4): INACTIVE → ACTIVE → ENDED, or
// REVOKED from either. From 0 a notice enters. ENDED and REVOKED are final.
var steps = map[Kind][][2]term.NoticeState{
	Recorded:  {{0, term.NoticeInactive}},
	Extended:  {{0, term.NoticeInactive}},
	Activated: {{0, term.NoticeActive}, {term.NoticeInactive, term.NoticeActive}},
	Ended:     {{term.NoticeActive, term.NoticeEnded}},
	Revoked:   {{term.NoticeInactive, term.NoticeRevoked}, {term.NoticeActive, term.NoticeRevoked}},
	Shortened: {{term.NoticeActive, term.NoticeActive}},
}

// Allowed reports whether a change of the kind may lead from one state to the other.
func Allowed(k Kind, from, to term.NoticeState) bool {
	for _, s := range steps[k] {
		if s == [2]term.NoticeState{from, to} {
			return true
		}
	}
	return false
}

// Apply returns the notices as they are after the changes. The argument is not
// modified. A change of a notice that is not there, of another version or
// outside the state machine reports false.
func Apply(notices []Notice, changes []Change) ([]Notice, bool) {
	out := append(make([]Notice, 0, len(notices)+len(changes)), notices...)
	for _, c := range changes {
		if !Allowed(c.Kind, c.From, c.Notice.State) {
			return nil, false
		}
		at := -1
		for i := range out {
			if out[i].ID == c.Notice.ID {
				at = i
			}
		}
		switch {
		case c.New() && at < 0 && c.Notice.Version == 1:
			out = append(out, c.Notice)
		case !c.New() && at >= 0 && out[at].State == c.From && out[at].Version+1 == c.Notice.Version:
			out[at] = c.Notice
		default:
			return nil, false
		}
	}
	return out, true
}
