package policy

import "github.com/noticehub/noticehub/proto/term"

// Verdict is what one rule said, one byte.
type Verdict byte

// The verdicts. They are printable so that a stored trace can be read by eye.
const (
	// Passed: the rule holds.
	Passed Verdict = 'p'
	// Failed: the rule does not hold.
	Failed Verdict = 'f'
	// Unknown: a fact it needs is not known, so it cannot be said to hold; its
	// reason is given as if it failed.
	Unknown Verdict = 'u'
	// NotEvaluated: a rule it depends on did not pass; it gives no reason.
	NotEvaluated Verdict = '-'
)

// Verdicts are the verdicts of all rules of one information type, in the order
// the policy lists them: one byte a rule, such as "ppfpp". They mean something
// only together with the policy version and the information type.
type Verdicts string

// Evaluation is what the rules said of one set of facts.
type Evaluation struct {
	Verdicts Verdicts
	// Reasons of the rules that failed or are unknown, in policy order, each once.
	Reasons []term.Reason
	// Outcome when there is no reason; 0 otherwise. 0 with no reason does not occur.
	Outcome term.Outcome
}

// Line is one rule of a trace in words.
type Line struct {
	// Rule is the rule's id.
	Rule    string
	Verdict Verdict
	// Reason the rule gives when it does not pass.
	Reason term.Reason
	// Text is the rule in plain words with what it saw.
	Text string
	// Criterion is true for the rules that are eligibility criteria (rules.md 2.2).
	Criterion bool
}
