package policy

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
)

// Evaluator evaluates the rules of one policy. It is not safe for concurrent
// use: it shows one set of facts at a time to the rules, so that nothing is
// allocated for that.
type Evaluator struct {
	policy *Policy
	facts  *activation
	bytes  []byte
}

// NewEvaluator returns an evaluator for one worker.
func (p *Policy) NewEvaluator() *Evaluator { return &Evaluator{policy: p, facts: newActivation()} }

// Policy returns the policy it evaluates.
func (e *Evaluator) Policy() *Policy { return e.policy }

// Evaluate evaluates all rules of an information type on the facts. The facts
// are only read. An error (kind Internal) means an expression failed at run
// time or the type is not decided, which a loaded policy and lodged submissions
// do not bring about.
func (e *Evaluator) Evaluate(t term.InformationType, f *Facts) (Evaluation, error) {
	set := e.policy.types[t]
	if set == nil {
		return Evaluation{}, fault.New(fault.Internal, "TYPE_NOT_DECIDED", "submissions of type %s are not decided", t)
	}
	e.facts.show(f)
	defer e.facts.forget()
	var out Evaluation
	e.bytes = e.bytes[:0]
	for i := range set.uses {
		u := &set.uses[i]
		v, err := e.verdict(u)
		if err != nil {
			return Evaluation{}, err
		}
		e.bytes = append(e.bytes, byte(v))
		if (v == Failed || v == Unknown) && u.reason != 0 && !slices.Contains(out.Reasons, u.reason) {
			out.Reasons = append(out.Reasons, u.reason)
		}
	}
	out.Verdicts = Verdicts(e.bytes)
	if len(out.Reasons) > 0 {
		return out, nil
	}
	for _, end := range set.endings {
		if end.when != nil {
			ok, err := e.ask(end.when, end.outcome.String())
			if err != nil {
				return Evaluation{}, err
			}
			if !ok {
				continue
			}
		}
		out.Outcome = end.outcome
		return out, nil
	}
	return Evaluation{}, fault.New(fault.Internal, "POLICY_UNDECIDED", "policy %s gives %s neither reason nor outcome", e.policy.Version, t)
}

func (e *Evaluator) verdict(u *use) (Verdict, error) {
	for _, n := range u.needs {
		if Verdict(e.bytes[n]) != Passed {
			return NotEvaluated, nil
		}
	}
	ok, err := e.ask(u.holds, u.id)
	if err != nil || ok {
		return Passed, err
	}
	if u.known != nil {
		if ok, err = e.ask(u.known, u.id); err != nil || !ok {
			return Unknown, err
		}
	}
	return Failed, nil
}

func (e *Evaluator) ask(program cel.Program, what string) (bool, error) {
	v, _, err := program.Eval(e.facts)
	if err != nil {
		return false, fault.New(fault.Internal, "POLICY_RULE_FAILED", "policy %s: %s cannot be evaluated", e.policy.Version, what).Wrap(err)
	}
	return v == types.True, nil
}
