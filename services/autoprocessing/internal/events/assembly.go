package events

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// System is the actor of what the machine does.
const System = "system"

// The versions of the transition log a first decision leads to.
const (
	decidedVersion   = 3 // PENDING, AUTO_PROCESSING, result
	withdrawnVersion = 2 // PENDING, WITHDRAWN
)

// Assembly gathers what decisions write and tell.
type Assembly struct {
	Work   store.Work
	Events []*eventv1.Event
	// Done are audit entries of what the work does not show by itself: officers'
	// actions, cases of restricted access, sweeps.
	Done []audit.Entry
	// Point names the crash point before the commit; "" means none.
	Point string
	zone  *time.Location
}

// NewAssembly starts an empty one; the zone turns days into instants.
func NewAssembly(zone *time.Location) *Assembly { return &Assembly{zone: zone} }

// First takes the first decision on a submission.
func (a *Assembly) First(l *Lodged, r *decision.Result, at decision.Moment) error {
	s := store.Submission{
		ID: l.Submission.ID, AuthorityID: l.Submission.AuthorityID, Function: l.Submission.Function, Jurisdiction: l.Submission.Jurisdiction,
		Reference: l.Submission.Reference, Type: r.Type, Status: r.Status, Outcome: r.Outcome, CRN: l.CRN, Lane: l.Lane,
		LodgedAt: l.Submission.LodgedAt, Since: at.At, CaseWorker: l.Submission.CaseWorker, Version: decidedVersion,
	}
	if s.CRN == "" {
		s.CRN = r.CRN
	}
	if r.Status == term.Withdrawn {
		s.Version = withdrawnVersion
		a.Work.Submissions = append(a.Work.Submissions, s)
		a.Events = append(a.Events, decided(&s, told{crn: r.CRN}, l.Traceparent))
		return nil
	}
	a.Work.Submissions = append(a.Work.Submissions, s)
	d, err := decisionRow(&s, r, 1, at, l.Traceparent)
	if err != nil {
		return err
	}
	a.Work.Decisions = append(a.Work.Decisions, d)
	if err := a.announce(&s, r, l.Bytes, l.Traceparent); err != nil {
		return err
	}
	return a.effects(&s, r, System, at, l.Traceparent)
}

// announce tells the result, and opens a queue entry when an officer has to act.
func (a *Assembly) announce(s *store.Submission, r *decision.Result, lodged []byte, trace string) error {
	if s.Status != term.Unprocessed {
		a.Events = append(a.Events, decided(s, told{crn: r.CRN, start: r.Start, end: r.End, policy: r.PolicyVersion}, trace))
		return nil
	}
	candidates, err := candidatesJSON(r.Candidates)
	if err != nil {
		return err
	}
	a.Work.Entries = append(a.Work.Entries, store.Entry{SubmissionID: s.ID, LodgedAt: s.LodgedAt, At: s.Since, Reasons: r.Reasons, Lodged: lodged, Candidates: candidates})
	a.Events = append(a.Events, unprocessed(s, 1, r.CRN, r.PolicyVersion, r.ReasonsForAuthority, trace))
	return nil
}

// effects are what a decision does beyond its submission: what a revocation
// met, register changes, the disclosure, and the disclosure that follows a match.
func (a *Assembly) effects(s *store.Submission, r *decision.Result, actor string, at decision.Moment, trace string) error {
	if r.Revocation != nil {
		a.Events = append(a.Events, revocationReceived(s, r.Revocation, at, trace))
	}
	a.Changes(r.Changes, actor, at, trace)
	if r.Disclosure != nil {
		if err := a.Disclosure(s, r.Disclosure, at); err != nil {
			return err
		}
	}
	if r.Child != nil {
		return a.Child(s, r.Child, actor, at, trace)
	}
	return nil
}

// Changes takes changes of the register. Changes by date took effect at the
// start of their day, however late they are; so did those of an earlier day.
func (a *Assembly) Changes(changes []register.Change, actor string, at decision.Moment, trace string) {
	for _, c := range changes {
		step := store.Step{Change: c, EffectiveAt: at.At, Actor: actor}
		if c.SubmissionID.IsZero() {
			step.Actor = System
		}
		if c.SubmissionID.IsZero() || c.On < at.Today {
			step.EffectiveAt = c.On.Start(a.zone)
		}
		a.Work.Steps = append(a.Work.Steps, step)
		a.Events = append(a.Events, noticeEvent(&step, trace))
	}
}

// Disclosure keeps what is disclosed.
func (a *Assembly) Disclosure(s *store.Submission, content *decision.DisclosureContent, at decision.Moment) error {
	encoded, err := json.Marshal(content)
	if err != nil {
		return broken("disclosure", err)
	}
	a.Work.Disclosures = append(a.Work.Disclosures, store.Disclosure{
		SubmissionID: s.ID, AuthorityID: s.AuthorityID, CRN: content.CRN, Content: encoded, At: at.At,
	})
	return nil
}

// Child takes the disclosure the hub creates after a match; it is announced as
// created before its result.
func (a *Assembly) Child(parent *store.Submission, child *decision.Child, actor string, at decision.Moment, trace string) error {
	c, r := &child.Submission, &child.Result
	s := store.Submission{
		ID: c.ID, AuthorityID: c.AuthorityID, Function: c.Function, Jurisdiction: c.Jurisdiction, Reference: c.Reference,
		Type: r.Type, Status: r.Status, Outcome: r.Outcome, CRN: r.CRN, LodgedAt: c.LodgedAt, Since: at.At, CaseWorker: c.CaseWorker,
		Version: decidedVersion, ParentID: parent.ID,
	}
	content, err := contentBytes(c)
	if err != nil {
		return err
	}
	d, err := decisionRow(&s, r, 1, at, trace)
	if err != nil {
		return err
	}
	a.Work.Submissions = append(a.Work.Submissions, s)
	a.Work.Decisions = append(a.Work.Decisions, d)
	a.Events = append(a.Events, created(&s, content, trace))
	if err := a.announce(&s, r, content, trace); err != nil {
		return err
	}
	return a.effects(&s, r, actor, at, trace)
}

// contentBytes writes a disclosure the hub created as if it had been lodged.
func contentBytes(s *decision.Submission) ([]byte, error) {
	identity, ok := decision.IdentityOf(s.Content)
	if !ok {
		return nil, broken("created disclosure", nil)
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(&intakev1.Submission{
		Reference: s.Reference, CaseWorker: s.CaseWorker,
		Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: &intakev1.CustomerIdentity{
			Crn: identity.CRN, FamilyName: identity.FamilyName, DateOfBirth: identity.BirthDate.String(),
		}}},
	})
	if err != nil {
		return nil, broken("created disclosure", err)
	}
	return bytes, nil
}

// decisionRow is what is kept of a decision. The first one belongs to the trace of
// the authority's call, and so do the steps that led to it.
func decisionRow(s *store.Submission, r *decision.Result, number int, at decision.Moment, trace string) (store.Decision, error) {
	facts, err := json.Marshal(&r.Facts)
	if err != nil {
		return store.Decision{}, broken("facts", err)
	}
	return store.Decision{
		SubmissionID: s.ID, Number: number, PolicyVersion: r.PolicyVersion, At: at.At, Facts: facts, Verdicts: []byte(r.Verdicts),
		Reasons: r.Reasons, Outcome: r.Outcome, CRN: r.CRN, Start: r.Start, End: r.End,
		Trace: store.TraceOf(trace),
	}, nil
}

// Facts decodes the facts of a stored decision.
func Facts(d *store.Decision) (policy.Facts, error) {
	var f policy.Facts
	if err := json.Unmarshal(d.Facts, &f); err != nil {
		return f, broken("facts", err)
	}
	return f, nil
}

func candidatesJSON(candidates []decision.KeptCandidate) ([]byte, error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	encoded, err := json.Marshal(candidates)
	if err != nil {
		return nil, broken("candidates", err)
	}
	return encoded, nil
}

func broken(what string, err error) error {
	return fault.New(fault.Internal, "ENCODING", "the %s cannot be encoded or decoded", what).Wrap(err)
}
