package decision

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// commence brings the notice asked for into the register (rules.md 2.3
// "Passing"): as a continuation it starts the day after the current one ends,
// whatever start was asked for.
func (d decider) commence(r *Result, asked Commence) error {
	n := register.Notice{
		ID: NoticeID(d.submission.ID), CRN: d.customer.CRN, AuthorityID: d.submission.AuthorityID,
		Measure: d.measure.Measure, Start: asked.Start,
	}
	if r.Outcome == term.Extended {
		current, ok := currentOn(d.notices, d.submission.LodgedOn)
		if !ok || current.AuthorityID != d.submission.AuthorityID {
			return fault.New(fault.Internal, "NO_NOTICE_TO_CONTINUE", "policy %s extends where this authority has no current notice", d.policy.Version)
		}
		n.Start, n.Continuation, n.ContinuesID = current.End.Add(1), true, current.ID
	}
	if !d.measure.AllowsMonths(asked.Months) {
		return fault.InvalidField("notice_to_commence.duration_months", "%d months are not a duration of %s", asked.Months, n.Measure)
	}
	percent, ok := d.measure.PercentOf(asked.Percent)
	if !ok {
		return fault.InvalidField("notice_to_commence.quarantined_percent", "%d percent is not a share of %s", asked.Percent, n.Measure)
	}
	n.Percent = percent
	n.End = register.PeriodEnd(n.Start, asked.Months)
	if other, clash := register.FirstOverlap(n, d.notices); clash {
		return fault.New(fault.Internal, "REGISTER_OVERLAP", "policy %s lets notice %s overlap %s", d.policy.Version, n.ID, other.ID)
	}
	r.Changes = slices.Concat(register.Roll(d.notices, d.at.Today), register.Enter(n, d.cause()))
	r.Start, r.End = period(n)
	return nil
}

// NoticeID is the id of the notice a submission brings into the register: a
// submission brings one at most, and deciding again gives the same id.
func NoticeID(submission clock.ID) clock.ID { return clock.DerivedID(submission, "notice") }

// blocking are the reasons for which a notice to revoke does nothing at all
// (rules.md 2.5, last row): everything but what the active notice waits for.
func blocking(reasons []term.Reason) bool {
	return slices.ContainsFunc(reasons, func(r term.Reason) bool {
		return r != term.ActiveNoticeNeedsOfficer && r != term.EndDateWithin28Days
	})
}

// revoke does what a notice to revoke may do at once (rules.md 2.5), also when
// the active notice is left to an officer. It revokes and shortens the asking
// authority's own notices only.
func (d decider) revoke(r *Result) error {
	if blocking(r.Reasons) {
		return nil
	}
	// What is due by date happens first, for every authority: an own notice
	// comes into force only where another's has ended.
	rolled := register.Roll(d.notices, d.at.Today)
	notices, ok := register.Apply(d.notices, rolled)
	if !ok {
		return fault.New(fault.Internal, "REGISTER_BROKEN", "the register of submission %s cannot be rolled forward", d.submission.ID)
	}
	register.ByStart(notices)
	r.Revocation = d.received(notices)
	var done []register.Change
	for _, n := range notices {
		switch {
		case n.AuthorityID != d.submission.AuthorityID:
		case n.State == term.NoticeInactive:
			change, _ := register.Revoke(n, d.cause())
			done = append(done, change)
		case n.State == term.NoticeActive && r.Outcome == term.Revoked:
			changes, err := d.revokeActive(n)
			if err != nil {
				return err
			}
			done = append(done, changes...)
		}
	}
	if len(done) == 0 {
		if r.Outcome == term.Revoked {
			return fault.New(fault.Internal, "NOTHING_REVOKED", "policy %s revokes where there is nothing to revoke", d.policy.Version)
		}
		return nil
	}
	if r.Outcome == term.Revoked {
		r.Start, r.End = period(done[0].Notice)
	}
	r.Changes = slices.Concat(rolled, done)
	return nil
}

// revokeActive revokes a notice in force, or cuts it to RevocationDays after lodgement.
func (d decider) revokeActive(n register.Notice) ([]register.Change, error) {
	switch d.measure.Revocation {
	case policy.ByShortening:
		if n.DaysLeft(d.submission.LodgedOn) <= d.policy.Limits.RevocationDays {
			break
		}
		end := d.submission.LodgedOn.Add(d.policy.Limits.RevocationDays)
		if changes, ok := register.Shorten(n, end, true, d.cause()); ok {
			return changes, nil
		}
		// The notice started after that day: it was not in force when the
		// revocation was lodged, so nothing of it remains.
		fallthrough
	case policy.AtOnce:
		change, _ := register.Revoke(n, d.cause())
		return []register.Change{change}, nil
	}
	return nil, fault.New(fault.Internal, "ACTIVE_NOTICE_LEFT", "policy %s revokes but leaves notice %s in force", d.policy.Version, n.ID)
}

// period returns a notice's days for the advice.
func period(n register.Notice) (start, end *calendar.Date) {
	s, e := n.Start, n.End
	return &s, &e
}
