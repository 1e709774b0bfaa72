// Package scenario is a table of what authorities may lodge and what must come
// of it, written down from the rules alone. It never asks a service what is
// right: every outcome, reason and date in it is stated by a row of the table or
// computed by the date arithmetic of this package.
//
// Make turns the table into a world: people, submissions in phases and what is
// expected of each. The same seed, first day and number of copies make the same
// world, byte for byte. Every scene has customers of its own, so that scenes
// never disturb each other.
//
// Play lodges a world with a hub, moves its business clock and compares
// decisions, the notice register, disclosures and daily reports with the table.
//
// Not covered: work items, notices of the older programme, and how weak a
// candidate of a mutual client search must be (weights are policy).
package scenario

import (
	"math/rand/v2"
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Case is one row of the table: a story of one customer.
type Case struct {
	// Name says what is special, in a few words.
	Name string
	// Rows are the rule rows it covers; each stands in Rows().
	Rows []string
	// Edge names the boundary it lies at; empty when none.
	Edge string
	// By are the authorities it is played for.
	By []string
	// Person changes the customer, who would otherwise pass every rule.
	Person func(*Scene)
	// Steps in order.
	Steps []Step
}

// Phases are the days on which something is lodged. The third is so late that
// the shortest notices of the first day are ending.
const (
	firstDay = iota
	secondDay
	thirdDay
	phases
)

// Step is one submission and what must come of it.
type Step struct {
	phase  int
	by     string       // another authority than the scene's
	change func(*Scene) // what happens to the customer before the phase
	lodge  func(*Scene) *intakev1.Submission
	early  bool // withdrawn before it is lodged
	want   Want
	effect []func(*Scene, *Lodging) // on the register
	then   *then
}

// then is what somebody does once automatic processing is through.
type then struct {
	withdraw bool
	record   eventv1.Outcome // by an officer; RETURNED returns it
	tooSoon  bool            // recording it without the register change must be refused first
	revoke   []int           // notices the officer codes as revoked
	want     Want
}

// Want is what must become of a submission.
type Want struct {
	Status  eventv1.SubmissionStatus
	Outcome eventv1.Outcome
	// Reasons while it is UNPROCESSED, in any order.
	Reasons []eventv1.RejectionReason
	// Or are other reasons that are right as well, where the rules leave it open.
	Or []eventv1.RejectionReason
	// Start and End of the period concerned, where the rules say which.
	Start, End string
	// Refused is the field named when intake must refuse it; then nothing else is wanted.
	Refused string
	// Disclosure the hub must create because of it; nil for none.
	Disclosure *Want
}

// Notice is what the register must hold.
type Notice struct {
	Authority    Authority
	Start, End   calendar.Date
	Percent      int32
	Recorded     calendar.Date
	Continuation bool
	// Cut is the new last day and CutOn the day it was cut; zero when never.
	Cut, CutOn calendar.Date
	// RevokedOn is zero when never.
	RevokedOn calendar.Date
}

// Scene is a case played for one authority.
type Scene struct {
	Case   *Case
	Number int
	Home   Authority
	// Person is the customer's record, as it was last changed.
	Person *registryv1.Customer
	// Others are further people of the scene, such as a partner.
	Others []*registryv1.Customer
	// Notices of the register that must come of it, in the order they enter.
	Notices  []*Notice
	Lodgings []*Lodging
	// Told are notifications of changed circumstances that must come of it.
	Told []Told

	plan   Plan
	today  calendar.Date // of the step being made
	by     Authority     // of the step being made
	random *rand.Rand
	seed   uint64
}

// Lodging is one submission of a scene.
type Lodging struct {
	Scene *Scene
	Phase int
	// Round of the phase: a scene's next authority lodges in the next round,
	// because only then the order between the two is certain.
	Round      int
	Day        calendar.Date
	Authority  Authority
	Submission *intakev1.Submission
	// Early is true when it is withdrawn before it is lodged.
	Early bool
	// Want is what automatic processing must make of it.
	Want Want

	then *then
}

// Final is what must have become of it at the end of its day.
func (l *Lodging) Final() Want {
	if l.then != nil {
		return l.then.want
	}
	return l.Want
}

// Terminal reports whether nothing can follow.
func (w Want) Terminal() bool {
	return w.Refused == "" && w.Status != eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED
}

// On is the notice as it must be at the end of a day: its last day, its state,
// and false when it is not recorded yet.
func (n *Notice) On(day calendar.Date) (calendar.Date, eventv1.NoticeState, bool) {
	end := n.End
	if n.CutOn != 0 && n.CutOn <= day {
		end = n.Cut
	}
	switch {
	case day < n.Recorded:
		return 0, 0, false
	case n.RevokedOn != 0 && n.RevokedOn <= day:
		return end, eventv1.NoticeState_NOTICE_STATE_REVOKED, true
	case day < n.Start:
		return end, eventv1.NoticeState_NOTICE_STATE_INACTIVE, true
	case day > end:
		return end, eventv1.NoticeState_NOTICE_STATE_ENDED, true
	}
	return end, eventv1.NoticeState_NOTICE_STATE_ACTIVE, true
}

// pick takes one of a list, the same for the same scene.
func pick[T any](s *Scene, list []T) T { return list[s.random.IntN(len(list))] }

// Cases is the whole table.
func Cases() []Case {
	return slices.Concat(termCases(), findCases(), disclosureCases(), criterionCases(), customerCases(), measureCases(), startCases(),
		combinedCases(), continuationCases(), waitingCases(), periodCases(), revokeCases(), revokeStateCases(), revokeSequenceCases(), referralCases(), lifeCases(), circumstanceCases())
}
