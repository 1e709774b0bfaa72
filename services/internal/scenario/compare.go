package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// compareRefusal: what must be refused is refused as invalid and names the field.
func (p *player) compareRefusal(l *Lodging, refusal error) {
	var f *fault.Error
	fields := ""
	if errors.As(refusal, &f) {
		for _, v := range f.Fields {
			fields += " " + v.Path
		}
	}
	if l.Want.Refused != "" {
		p.result.Compared["refusals"]++
	}
	switch {
	case l.Want.Refused == "" && refusal == nil:
	case l.Want.Refused == "":
		p.result.differ(l.Scene, l.Submission.GetReference(), "lodging", "a receipt", refusal.Error()+" on"+fields)
	case refusal == nil:
		p.result.differ(l.Scene, l.Submission.GetReference(), "lodging", "a refusal of "+l.Want.Refused, "a receipt")
	case f.Kind != fault.Invalid || !strings.Contains(fields, l.Want.Refused):
		p.result.differ(l.Scene, l.Submission.GetReference(), "refusal", "invalid "+l.Want.Refused, refusal.Error()+" on"+fields)
	}
}

// compareDecision compares what intake tells the authority, and what it tells of
// the disclosure the hub created.
func (p *player) compareDecision(l *Lodging, what string, want Want) {
	if p.refusals[l] != nil || p.failed[l] || want.Refused != "" {
		return
	}
	v := p.view(l)
	p.result.Compared[what+"s"]++
	want = want.toldAuthority(l.Submission)
	byOfficer := l.then != nil && l.then.record != 0 && want.Terminal()
	crn := ""
	if want.Status == processed && want.Outcome != notMatched {
		crn = l.Scene.Person.GetCrn()
	}
	if problem := differs(want, v.GetDecision(), byOfficer, crn); problem != "" {
		p.result.differ(l.Scene, l.Submission.GetReference(), what, want.String(), decisionText(v.GetDecision())+problem)
		return
	}
	child, has := p.children[v.GetReceipt().GetSubmissionId()]
	switch {
	case want.Disclosure == nil && has:
		p.result.differ(l.Scene, l.Submission.GetReference(), what, "no disclosure by the hub", decisionText(child.GetDecision()))
	case want.Disclosure != nil && !has:
		p.result.differ(l.Scene, l.Submission.GetReference(), what, "a disclosure by the hub", "none")
	case has:
		childCRN := ""
		if want.Disclosure.Status == processed {
			childCRN = l.Scene.Person.GetCrn()
		}
		wanted := want.Disclosure.toldAuthority(nil)
		problem := differs(wanted, child.GetDecision(), false, childCRN)
		if child.GetInformationType() != eventv1.InformationType_INFORMATION_TYPE_DISCLOSURE_OF_INFORMATION || !strings.HasPrefix(child.GetReceipt().GetReference(), "~") {
			problem += " as " + child.GetInformationType().String() + " " + child.GetReceipt().GetReference()
		}
		if problem != "" {
			p.result.differ(l.Scene, child.GetReceipt().GetReference(), "disclosure by the hub", wanted.String(), decisionText(child.GetDecision())+problem)
		}
	}
}

// differs says in what a decision is not as wanted; empty when in nothing.
func differs(w Want, d *intakev1.Decision, byOfficer bool, crn string) string {
	var problems []string
	if d.GetStatus() != w.Status || d.GetOutcome() != w.Outcome {
		problems = append(problems, "the result")
	}
	if !w.Terminal() && !sameReasons(d.GetReasons(), w.Reasons) && (w.Or == nil || !sameReasons(d.GetReasons(), w.Or)) {
		problems = append(problems, "the reasons")
	}
	if w.Terminal() && !byOfficer && w.Status == processed && len(d.GetReasons()) > 0 {
		problems = append(problems, "reasons although decided")
	}
	if w.Start != "" && d.GetStartDate() != w.Start || w.End != "" && d.GetEndDate() != w.End {
		problems = append(problems, "the period")
	}
	if d.GetByOfficer() != byOfficer {
		problems = append(problems, "who decided")
	}
	if crn != "" && d.GetCrn() != crn {
		problems = append(problems, "the customer "+d.GetCrn())
	}
	if problems == nil {
		return ""
	}
	return " (differs in " + strings.Join(problems, ", ") + ")"
}

func sameReasons(a, b []eventv1.RejectionReason) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// String is the expectation in words.
func (w Want) String() string {
	if w.Refused != "" {
		return "refused for " + w.Refused
	}
	text := decisionText(&intakev1.Decision{Status: w.Status, Outcome: w.Outcome, Reasons: w.Reasons, StartDate: w.Start, EndDate: w.End})
	if w.Or != nil {
		text += " or " + reasonsText(w.Or)
	}
	return text
}

func decisionText(d *intakev1.Decision) string {
	text := strings.TrimPrefix(d.GetStatus().String(), "SUBMISSION_STATUS_")
	if d.GetOutcome() != 0 {
		text += " " + strings.TrimPrefix(d.GetOutcome().String(), "OUTCOME_")
	}
	if len(d.GetReasons()) > 0 {
		text += " " + reasonsText(d.GetReasons())
	}
	if d.GetStartDate() != "" || d.GetEndDate() != "" {
		text += fmt.Sprintf(" %s to %s", d.GetStartDate(), d.GetEndDate())
	}
	return text
}

func reasonsText(reasons []eventv1.RejectionReason) string {
	words := make([]string, len(reasons))
	for i, r := range reasons {
		words[i] = strings.TrimPrefix(r.String(), "REJECTION_REASON_")
	}
	slices.Sort(words)
	return strings.Join(words, "+")
}

// next are the transitions of the table in section 2.
var next = map[eventv1.SubmissionStatus][]eventv1.SubmissionStatus{
	eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING:         {eventv1.SubmissionStatus_SUBMISSION_STATUS_AUTO_PROCESSING, withdrawn},
	eventv1.SubmissionStatus_SUBMISSION_STATUS_AUTO_PROCESSING: {processed, unprocessed},
	unprocessed: {processed, returned, withdrawn},
}

// compareHistory: versions 1, 2, 3, … from PENDING on, and only steps of the table.
func (p *player) compareHistory(ctx context.Context, l *Lodging) error {
	if p.refusals[l] != nil {
		return nil
	}
	answer, err := p.intake[l.Authority.ID].GetSubmission(ctx, &intakev1.GetSubmissionRequest{Reference: l.Submission.GetReference()})
	if err != nil {
		return err
	}
	history := answer.GetHistory()
	good := len(history) > 0 && history[len(history)-1].GetStatus() == answer.GetSubmission().GetDecision().GetStatus()
	var path []string
	for i, h := range history {
		path = append(path, strings.TrimPrefix(h.GetStatus().String(), "SUBMISSION_STATUS_"))
		good = good && h.GetVersion() == int32(i+1)
		if i > 0 {
			good = good && slices.Contains(next[history[i-1].GetStatus()], h.GetStatus())
		} else {
			good = good && h.GetStatus() == eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Compared["histories"]++
	if !good {
		p.result.differ(l.Scene, l.Submission.GetReference(), "history", "steps of the table of statuses", strings.Join(path, " → "))
	}
	return nil
}

// compareDisclosure: what was disclosed of an eligible customer is on record, and
// nothing is while the result is open.
func (p *player) compareDisclosure(ctx context.Context, l *Lodging) error {
	want, v := l.Final(), p.view(l)
	if want.Disclosure != nil {
		want, v = *want.Disclosure, p.children[v.GetReceipt().GetSubmissionId()]
	} else if l.Submission.GetDisclosure() == nil {
		return nil
	}
	id := v.GetReceipt().GetSubmissionId()
	if id == "" || !through(v) || v.GetDecision().GetByOfficer() {
		return nil
	}
	answer, err := p.disclosures[l.Authority.ID].GetDisclosure(ctx, &processingv1.GetDisclosureRequest{SubmissionId: id})
	if fault.KindOf(rpc.Fault(err)) == fault.NotFound {
		answer, err = nil, nil
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Compared["disclosures"]++
	if expected, got := disclosureText(l, want, answer.GetDisclosure()), shownText(l, answer.GetDisclosure()); expected != got {
		p.result.differ(l.Scene, v.GetReceipt().GetReference(), "disclosure", expected, got)
	}
	return nil
}
