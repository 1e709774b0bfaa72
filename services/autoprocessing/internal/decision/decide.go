package decision

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// Decide decides one submission. It only reads its input. The error is of kind
// Invalid when the submission asks for what its measure does not know (intake
// refuses these), Internal when something is wrong with the input or policy;
// both are technical failures of this submission, never a rejection.
func Decide(ev *policy.Evaluator, in Input) (Result, error) {
	s := in.Submission
	if s.Content == nil {
		return Result{}, fault.New(fault.Internal, "CONTENT_MISSING", "submission %s has no content", s.ID)
	}
	if in.Withdrawn {
		return Result{Type: s.Content.Type(), Status: term.Withdrawn, Outcome: term.OutcomeWithdrawn, CRN: s.CRN()}, nil
	}
	p := ev.Policy()
	measure, ok := p.MeasureOf(s.Function)
	if !ok {
		return Result{}, fault.InvalidField("business_function", "policy %s knows no measure of it", p.Version)
	}
	c, candidates := in.Customer, in.Candidates
	if s.Content.Type() == term.FindMutualClient {
		c = onlyClear(candidates)
	}
	d := decider{ev: ev, policy: p, measure: measure, submission: s, customer: c, at: in.Moment}
	d.notices = noticesOf(c, in.Notices)

	facts := gather(d, candidates)
	evaluation, err := ev.Evaluate(s.Content.Type(), &facts)
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Type: s.Content.Type(), Status: term.Unprocessed, Outcome: evaluation.Outcome, Reasons: evaluation.Reasons,
		ReasonsForAuthority: p.ShownToAuthority(s.Content.Type(), evaluation.Reasons, &facts),
		PolicyVersion:       p.Version, Facts: facts, Verdicts: evaluation.Verdicts, CRN: s.CRN(),
	}
	if r.Outcome != 0 {
		r.Status = term.Processed
	}
	if err := d.follow(&r, candidates); err != nil {
		return Result{}, err
	}
	return r, nil
}

// decider is one decision under way.
type decider struct {
	ev         *policy.Evaluator
	policy     *policy.Policy
	measure    policy.Measure
	submission Submission
	customer   *Customer         // identified or matched by machine; nil when none
	notices    []register.Notice // the customer's
	at         Moment
}

// follow works out what the outcome, or its absence, brings about.
func (d decider) follow(r *Result, candidates []Candidate) error {
	switch content := d.submission.Content.(type) {
	case FindMutualClient:
		if r.Outcome != term.Matched {
			r.Candidates = keep(candidates)
			return nil
		}
		r.CRN = d.customer.CRN
		child, err := DisclosureAfterMatch(d.ev, d.submission, d.customer, d.notices, d.at)
		if err != nil {
			return err
		}
		r.Child = &child
	case Disclosure:
		if r.Outcome == term.Eligible {
			r.Disclosure = d.content(r.Outcome, r.Verdicts)
		}
	case Commence:
		if r.Outcome != 0 {
			return d.commence(r, content)
		}
	case Revoke:
		return d.revoke(r)
	}
	return nil
}

// cause of every change this decision makes.
func (d decider) cause() register.Cause {
	return register.Cause{SubmissionID: d.submission.ID, At: d.at.At, Today: d.at.Today}
}

// noticesOf picks a customer's notices, so that a careless caller cannot mix two.
func noticesOf(c *Customer, all []register.Notice) []register.Notice {
	if c == nil {
		return nil
	}
	if !slices.ContainsFunc(all, func(n register.Notice) bool { return n.CRN != c.CRN }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(n register.Notice) bool { return n.CRN != c.CRN })
}
