package decision

import (
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
)

// NextSteps are the policy's lines for officers, one per open reason.
func NextSteps(p *policy.Policy, reasons []term.Reason) []string {
	steps := make([]string, 0, len(reasons))
	for _, r := range reasons {
		steps = append(steps, p.Words(r).NextStep)
	}
	return steps
}

// Description is the plain words of the first reason; empty when there is none.
func Description(p *policy.Policy, reasons []term.Reason) string {
	if len(reasons) == 0 {
		return ""
	}
	return p.Words(reasons[0]).Description
}

// AllowedOutcomes are the outcomes an officer may record for an UNPROCESSED
// submission. Restricted means access to the record is restricted and not lifted.
func AllowedOutcomes(p *policy.Policy, t term.InformationType, reasons []term.Reason, restricted bool) []term.Outcome {
	return p.OfficerOutcomes(t, reasons, restricted)
}
