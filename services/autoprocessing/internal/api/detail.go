package api

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// GetSubmissionDetail returns all there is to see of one submission.
func (q *Queue) GetSubmissionDetail(ctx context.Context, r *processingv1.GetSubmissionDetailRequest) (*processingv1.GetSubmissionDetailResponse, error) {
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	s, known, err := store.GetSubmission(ctx, q.p.Pool, id)
	if err != nil || !known {
		return nil, orNotFound(err)
	}
	entry, _, err := store.GetEntry(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	decisions, err := store.Decisions(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	transitions, err := store.Transitions(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	notes, err := store.Notes(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	_, hasCase, err := store.LatestAccess(ctx, q.p.Pool, id)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	at := q.p.Moment()
	words, err := q.words(at)
	if err != nil {
		return nil, err
	}
	view, err := q.viewOf(ctx, &s, &entry, decisions[id])
	if err != nil {
		return nil, err
	}
	found := []store.Found{{Submission: s, Entry: entry}}
	summary := summaryOf(&found[0], at, words)
	q.guard(ctx, &view.sight, words, found, []*processingv1.SubmissionSummary{summary})
	response := &processingv1.GetSubmissionDetailResponse{
		Summary: summary, History: history(&s, decisions[id], transitions[id]), Guarded: view.guarded, AccessCase: hasCase,
	}
	for _, n := range notes {
		if n.Guarded && !view.mayRead(n.OfficerID) {
			n.Text = hiddenWords
		}
		response.Notes = append(response.Notes, noteOf(n))
	}
	if response.Decisions, err = q.traces(s.Type, decisions[id], view, words); err != nil {
		return nil, err
	}
	if !view.guarded && (s.Type == term.NoticeToCommence || s.Type == term.NoticeToRevoke) {
		if response.Notices, err = q.noticesNow(ctx, s.CRN, at); err != nil {
			return nil, err
		}
	}
	if s.Status == term.Unprocessed {
		err = q.open(response, &s, &entry, view, words)
	}
	return response, err
}

// open adds what an officer needs to act on an open entry.
func (q *Queue) open(d *processingv1.GetSubmissionDetailResponse, s *store.Submission, e *store.OpenEntry, v view, words *policy.Policy) error {
	// What the hub lodged itself was taken from the record.
	if s.ParentID.IsZero() || !v.guarded {
		d.Submission = &intakev1.Submission{}
		if err := proto.Unmarshal(e.Lodged, d.Submission); err != nil {
			d.Submission = nil // shown without; the reason says that it could not be processed
		}
	}
	d.NextSteps = decision.NextSteps(words, v.reasons(words, e.Reasons))
	d.AllowedOutcomes = enums[eventv1.Outcome](decision.AllowedOutcomes(words, s.Type, e.Reasons, v.locked))
	candidates, err := candidatesOf(e.Candidates)
	if err != nil {
		return err
	}
	for _, c := range candidates {
		if v.hides(c.GetCrn()) {
			d.RestrictedCandidates++
		} else {
			d.Candidates = append(d.Candidates, c)
		}
	}
	return nil
}

// history is the transition log: the machine's part is told by the submission
// and its first decision, the rest is kept as rows.
func history(s *store.Submission, decisions []store.Decision, transitions []store.Transition) []*processingv1.Transition {
	authority := "authority:" + s.AuthorityID
	var log []*processingv1.Transition
	// What came before the first decision was in its trace.
	var trace store.Trace
	if len(decisions) > 0 {
		trace = decisions[0].Trace
	}
	step := func(from, to term.Status, actor, cause string, at time.Time) {
		log = append(log, &processingv1.Transition{
			Version: int32(len(log) + 1), From: eventv1.SubmissionStatus(from), To: eventv1.SubmissionStatus(to),
			Actor: actor, Cause: cause, At: timestamppb.New(at), TraceId: trace.String(),
		})
	}
	if s.ParentID.IsZero() {
		step(0, term.Pending, authority, "lodged", s.LodgedAt)
	} else {
		step(0, term.Pending, events.System, "created after a match", s.LodgedAt)
	}
	if len(decisions) == 0 {
		step(term.Pending, term.Withdrawn, authority, "withdrawn", s.Since)
		return log
	}
	first := &decisions[0]
	step(term.Pending, term.AutoProcessing, events.System, "picked up", first.At)
	result := term.Unprocessed
	if first.Outcome != 0 {
		result = term.Processed
	}
	step(term.AutoProcessing, result, events.System, "auto-processing", first.At)
	for i := range transitions {
		t := &transitions[i]
		trace = t.Trace
		step(term.Unprocessed, t.To, t.Actor, t.Cause, t.At)
	}
	return log
}

// traces render the decisions in the words of the policy that made them, without
// what came from a record the caller may not see.
func (q *Queue) traces(t term.InformationType, decisions []store.Decision, v view, words *policy.Policy) ([]*processingv1.DecisionTrace, error) {
	var out []*processingv1.DecisionTrace
	for i := range decisions {
		d := &decisions[i]
		trace := &processingv1.DecisionTrace{
			Number: int32(d.Number), PolicyVersion: d.PolicyVersion, DecidedAt: timestamppb.New(d.At),
			Reasons: enums[eventv1.RejectionReason](v.reasons(words, d.Reasons)), Outcome: eventv1.Outcome(d.Outcome),
			TraceId: d.Trace.String(),
		}
		out = append(out, trace)
		p, ok := q.p.Policies.Version(d.PolicyVersion)
		if !ok {
			continue // a technical failure: no rule has spoken
		}
		facts, err := events.Facts(d)
		if err != nil {
			return nil, err
		}
		// A verdict that stands on the partner's payments would tell of them, too.
		guarded := v.guarded || (v.alone && len(facts.Partner.Payments) > 0)
		if v.alone {
			facts = facts.WithoutPartner()
		}
		lines, err := p.Render(t, &facts, policy.Verdicts(d.Verdicts), guarded)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			trace.Verdicts = append(trace.Verdicts, &processingv1.RuleVerdict{
				Rule: l.Rule, Passed: l.Verdict == policy.Passed, NotEvaluated: l.Verdict == policy.NotEvaluated || l.Verdict == policy.Unknown,
				Reason: eventv1.RejectionReason(l.Reason), Text: l.Text,
			})
		}
		if v.guarded {
			facts = facts.Guarded()
		}
		if trace.Facts, err = structOf(&facts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func structOf(f *policy.Facts) (*structpb.Struct, error) {
	encoded, err := json.Marshal(f)
	if err == nil {
		s := &structpb.Struct{}
		if err = s.UnmarshalJSON(encoded); err == nil {
			return s, nil
		}
	}
	return nil, fault.New(fault.Internal, "ENCODING", "the facts of a decision cannot be shown").Wrap(err)
}

func keptCandidates(encoded []byte) ([]decision.KeptCandidate, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	var kept []decision.KeptCandidate
	if err := json.Unmarshal(encoded, &kept); err != nil {
		return nil, fault.New(fault.Internal, "ENCODING", "the candidates cannot be shown").Wrap(err)
	}
	return kept, nil
}

func candidatesOf(encoded []byte) ([]*processingv1.MatchCandidate, error) {
	kept, err := keptCandidates(encoded)
	out := make([]*processingv1.MatchCandidate, len(kept))
	for i, k := range kept {
		out[i] = &processingv1.MatchCandidate{Crn: k.CRN, Name: k.Name, Score: k.Score, Contributions: k.Contributions, Restricted: k.Restricted}
		if k.BirthDate != nil {
			out[i].DateOfBirth = k.BirthDate.String()
		}
	}
	return out, err
}

// noticesNow are a customer's notices as they stand today, whether or not the
// sweep has been there.
func (q *Queue) noticesNow(ctx context.Context, crn string, at decision.Moment) ([]*processingv1.Notice, error) {
	notices, err := store.Notices(ctx, q.p.Pool, crn)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	if rolled, ok := register.Apply(notices, register.Roll(notices, at.Today)); ok {
		notices = rolled
	}
	return noticesOf(notices), nil
}
