package decision

import (
	"slices"
	"strconv"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// coder codes one register change of an officer.
type coder struct {
	Manual
	policy  *policy.Policy
	measure policy.Measure
	crn     string
	// notices are the customer's as they stand today; rolled brought them there.
	notices []register.Notice
	rolled  []register.Change
}

func newCoder(p *policy.Policy, m Manual, crn string) (coder, error) {
	measure, ok := p.MeasureOf(m.Submission.Function)
	if !ok {
		return coder{}, fault.New(fault.Internal, "FUNCTION_UNKNOWN", "policy %s knows no measure of %s", p.Version, m.Submission.Function)
	}
	c := coder{Manual: m, policy: p, measure: measure, crn: crn}
	mine := noticesOf(&Customer{CRN: crn}, m.Notices)
	c.rolled = register.Roll(mine, m.Moment.Today)
	if c.notices, ok = register.Apply(mine, c.rolled); !ok {
		return coder{}, fault.New(fault.Internal, "REGISTER_BROKEN", "the register of submission %s cannot be rolled forward", m.Submission.ID)
	}
	register.ByStart(c.notices)
	return c, nil
}

func (c coder) cause() register.Cause {
	return register.Cause{SubmissionID: c.Submission.ID, At: c.Moment.At, Today: c.Moment.Today}
}

// lodged is what the authority asked for; zero when it is no notice to commence.
func (c coder) lodged() Commence {
	asked, _ := c.Submission.Content.(Commence)
	return asked
}

// commence codes a new notice. What the authority asked for holds where the
// officer names nothing, except for the start: the officer names it.
func (c coder) commence() (ManualResult, error) {
	if c.Change.Start == nil {
		return ManualResult{}, fault.InvalidField("register_change.start_date", "the first day is missing")
	}
	start := *c.Change.Start
	if start < c.Submission.LodgedOn {
		return ManualResult{}, fault.InvalidField("register_change.start_date", "it lies before the notice was lodged (%s)", c.Submission.LodgedOn)
	}
	if latest := c.Moment.Today.Add(c.policy.Limits.OfficerStartAheadDays); start > latest {
		return ManualResult{}, fault.InvalidField("register_change.start_date", "it lies after %s", latest)
	}
	return c.enter(register.Notice{Start: start})
}

// extend codes a continuation: it follows this authority's current notice, or
// the one that was current at lodgement when that has ended since.
func (c coder) extend() (ManualResult, error) {
	current, ok := c.own(c.Moment.Today)
	if !ok {
		current, ok = c.own(c.Submission.LodgedOn)
	}
	if !ok {
		return ManualResult{}, fault.New(fault.Precondition, "NO_CURRENT_NOTICE", "this authority has no current notice to extend").
			WithHelp("Record COMMENCED with a start date instead.")
	}
	start := current.End.Add(1)
	if c.Change.Start != nil && *c.Change.Start != start {
		return ManualResult{}, fault.InvalidField("register_change.start_date", "it must be %s, the day after the current notice ends, or empty", start)
	}
	return c.enter(register.Notice{Start: start, Continuation: true, ContinuesID: current.ID})
}

// own returns the authority's notice in force on a day.
func (c coder) own(day calendar.Date) (register.Notice, bool) {
	n, ok := currentOn(c.notices, day)
	return n, ok && n.AuthorityID == c.Submission.AuthorityID
}

// enter completes the notice, makes room where a transfer was reviewed, and
// brings it into the register.
func (c coder) enter(n register.Notice) (ManualResult, error) {
	if c.Customer.Deceased {
		return ManualResult{}, fault.New(fault.Precondition, "CUSTOMER_DECEASED", "the customer is recorded as deceased")
	}
	n.ID, n.CRN, n.AuthorityID, n.Measure = NoticeID(c.Submission.ID), c.crn, c.Submission.AuthorityID, c.measure.Measure
	months := c.Change.Months
	if months == 0 {
		months = c.lodged().Months
	}
	if !c.measure.AllowsMonths(months) {
		return ManualResult{}, fault.InvalidField("register_change.duration_months", "%s allows %v months", n.Measure, c.measure.Months())
	}
	asked := c.Change.Percent
	if asked == 0 {
		asked = c.lodged().Percent
	}
	percent, ok := c.measure.PercentOf(asked)
	if !ok {
		return ManualResult{}, fault.InvalidField("register_change.quarantined_percent", "%s allows %v percent", n.Measure, c.measure.Percents())
	}
	n.Percent, n.End = percent, register.PeriodEnd(n.Start, months)

	room, err := c.makeRoom(n)
	if err != nil {
		return ManualResult{}, err
	}
	r := ManualResult{CRN: c.crn, Changes: slices.Concat(c.rolled, room, register.Enter(n, c.cause()))}
	r.Start, r.End = period(n)
	return r, nil
}

// makeRoom displaces lower-ranked notices where the officer has reviewed the
// transfer (MEASURE_TRANSFER_REVIEW): one in force ends the day before, one that
// would start later is revoked. Any other overlap is refused: a machine and an
// officer alike may not put two notices over each other.
func (c coder) makeRoom(n register.Notice) ([]register.Change, error) {
	transfer := slices.Contains(c.Reasons, term.MeasureTransferReview)
	var room []register.Change
	for _, o := range c.notices {
		if !register.Overlaps(n, o) {
			continue
		}
		var changes []register.Change
		if transfer && c.policy.Outranks(n.Measure, o.Measure) {
			if o.Start >= n.Start {
				if change, ok := register.Revoke(o, c.cause()); ok {
					changes = []register.Change{change}
				}
			} else {
				changes, _ = register.Shorten(o, n.Start.Add(-1), false, c.cause())
			}
		}
		if len(changes) == 0 {
			return nil, fault.New(fault.Precondition, "NOTICE_OVERLAPS", "the period %s to %s overlaps a notice of %s from %s to %s",
				n.Start, n.End, o.Measure, o.Start, o.End).WithMeta("notice_id", o.ID.String()).
				WithHelp("Choose a start date after that notice, or have that notice revoked first.")
		}
		room = append(room, changes...)
	}
	return room, nil
}

// revoke codes the revocation of the notices named. Afterwards the outcome must
// be true: nothing of this authority's is left in force or waiting (but a notice
// already cut short by a revocation), and something was revoked, now or before.
func (c coder) revoke() (ManualResult, error) {
	var changes []register.Change
	var shown *register.Notice
	for i, id := range c.Change.Revoke {
		at := slices.IndexFunc(c.notices, func(n register.Notice) bool {
			return n.ID == id && n.AuthorityID == c.Submission.AuthorityID
		})
		if at < 0 {
			return ManualResult{}, fault.InvalidField(field("register_change.revoke_notice_ids", i), "this authority has no such notice for the customer")
		}
		if c.notices[at].State == term.NoticeRevoked {
			continue
		}
		change, ok := register.Revoke(c.notices[at], c.cause())
		if !ok {
			return ManualResult{}, fault.InvalidField(field("register_change.revoke_notice_ids", i), "the notice has ended")
		}
		c.notices[at] = change.Notice
		changes = append(changes, change)
	}
	for i, n := range c.notices {
		if n.AuthorityID != c.Submission.AuthorityID {
			continue
		}
		dealt := n.State == term.NoticeRevoked || (n.Cut != nil && n.Cut.Revoked)
		if n.Live() && !dealt {
			return ManualResult{}, fault.New(fault.Precondition, "NOTICE_NOT_REVOKED", "the notice from %s to %s is not revoked", n.Start, n.End).
				WithMeta("notice_id", n.ID.String()).
				WithHelp("Name it in register_change.revoke_notice_ids, so that the outcome becomes true.")
		}
		if dealt {
			shown = &c.notices[i]
		}
	}
	if len(changes) > 0 {
		shown = &changes[0].Notice
	}
	if shown == nil {
		return ManualResult{}, fault.New(fault.Precondition, "NOTHING_REVOKED", "no notice of this authority is or was revoked for the customer").
			WithHelp("Record NOT_ACCEPTED, or check the customer with the case worker.")
	}
	r := ManualResult{CRN: c.crn}
	r.Start, r.End = period(*shown)
	if len(changes) > 0 {
		r.Changes = slices.Concat(c.rolled, changes)
	}
	return r, nil
}

func field(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
