package events

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// event makes an event whose id always belongs to the label under its subject,
// so that telling again is telling the same.
func event(subject clock.ID, label string, version int, at time.Time, trace string) *eventv1.Event {
	id := clock.DerivedID(subject, label+"/"+strconv.Itoa(version))
	return &eventv1.Event{Id: id[:], SchemaVersion: schemaVersion, OccurredAt: timestamppb.New(at), Traceparent: trace}
}

// told is what a SubmissionDecided tells beyond the submission itself.
type told struct {
	crn            string
	officer        string
	note           string
	start, end     *calendar.Date
	reasons        []term.Reason // as the authority may read them
	policy         string
	wasUnprocessed bool
}

func decided(s *store.Submission, t told, trace string) *eventv1.Event {
	e := event(s.ID, "decided", s.Version, s.Since, trace)
	e.Body = &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{
		SubmissionId: s.ID[:], AuthorityId: s.AuthorityID, Reference: s.Reference, InformationType: eventv1.InformationType(s.Type),
		Status: eventv1.SubmissionStatus(s.Status), Outcome: eventv1.Outcome(s.Outcome), Version: int32(s.Version), Crn: t.crn,
		LodgedAt: timestamppb.New(s.LodgedAt), DecidedAt: timestamppb.New(s.Since), ByOfficer: t.officer != "", OfficerId: t.officer,
		NoteForAuthority: t.note, StartDate: dateText(t.start), EndDate: dateText(t.end), Reasons: reasonsOf(t.reasons),
		EraseText: s.Status == term.Returned, PolicyVersion: t.policy, WasUnprocessed: t.wasUnprocessed,
	}}
	return e
}

// unprocessed announces that an officer has to act. A repeated decision with
// other reasons is an event of its own: number is that of the decision.
func unprocessed(s *store.Submission, number int, crn, policy string, reasons []term.Reason, trace string) *eventv1.Event {
	label := "unprocessed"
	if number > 1 {
		label += "/" + strconv.Itoa(number)
	}
	e := event(s.ID, label, s.Version, s.Since, trace)
	e.Body = &eventv1.Event_SubmissionUnprocessed{SubmissionUnprocessed: &eventv1.SubmissionUnprocessed{
		SubmissionId: s.ID[:], AuthorityId: s.AuthorityID, Reference: s.Reference, InformationType: eventv1.InformationType(s.Type),
		Reasons: reasonsOf(reasons), Version: int32(s.Version), Crn: crn, DecidedAt: timestamppb.New(s.Since),
		LodgedAt: timestamppb.New(s.LodgedAt), PolicyVersion: policy,
	}}
	return e
}

func created(s *store.Submission, content []byte, trace string) *eventv1.Event {
	e := event(s.ID, "created", 1, s.LodgedAt, trace)
	e.Body = &eventv1.Event_SubmissionCreated{SubmissionCreated: &eventv1.SubmissionCreated{
		SubmissionId: s.ID[:], AuthorityId: s.AuthorityID, Reference: s.Reference, InformationType: eventv1.InformationType(s.Type),
		Crn: s.CRN, LodgedAt: timestamppb.New(s.LodgedAt), ParentSubmissionId: s.ParentID[:], CaseWorker: s.CaseWorker, Submission: content,
	}}
	return e
}

// revocationReceived announces what a notice to revoke met. Its id belongs to
// the submission, which tells of it once however often it is decided.
func revocationReceived(s *store.Submission, r *decision.Revocation, at decision.Moment, trace string) *eventv1.Event {
	e := event(s.ID, "revocation-received", 1, at.At, trace)
	e.Body = &eventv1.Event_RevocationReceived{RevocationReceived: &eventv1.RevocationReceived{
		Notice: noticeChange(&r.Notice), SubmissionId: s.ID[:], LodgedOn: r.LodgedOn.String(),
		ContinuationExists: r.ContinuationExists, OtherAuthorityNoticeExists: r.OtherAuthorityNoticeExists,
	}}
	return e
}

// noticeChange tells of a notice as it is; what caused that is the caller's to add.
func noticeChange(n *register.Notice) *eventv1.NoticeChange {
	return &eventv1.NoticeChange{
		NoticeId: n.ID[:], Crn: n.CRN, AuthorityId: n.AuthorityID, Measure: eventv1.Measure(n.Measure), State: eventv1.NoticeState(n.State),
		StartDate: n.Start.String(), EndDate: n.End.String(), Version: int32(n.Version), Continuation: n.Continuation,
	}
}

// noticeEvent announces a step of a notice.
func noticeEvent(s *store.Step, trace string) *eventv1.Event {
	n := &s.Notice
	change := noticeChange(n)
	if !s.SubmissionID.IsZero() {
		id := s.SubmissionID
		change.SubmissionId = id[:]
	}
	e := event(n.ID, s.Kind.String(), n.Version, s.EffectiveAt, trace)
	switch s.Kind {
	case register.Recorded:
		e.Body = &eventv1.Event_NoticeRecorded{NoticeRecorded: &eventv1.NoticeRecorded{Notice: change}}
	case register.Extended:
		continues := n.ContinuesID
		e.Body = &eventv1.Event_NoticeExtended{NoticeExtended: &eventv1.NoticeExtended{Notice: change, ContinuesNoticeId: continues[:]}}
	case register.Activated:
		e.Body = &eventv1.Event_NoticeActivated{NoticeActivated: &eventv1.NoticeActivated{Notice: change}}
	case register.Ended:
		e.Body = &eventv1.Event_NoticeEnded{NoticeEnded: &eventv1.NoticeEnded{Notice: change}}
	case register.Revoked:
		revoked := &eventv1.NoticeRevoked{Notice: change}
		if n.RevokedAt != nil {
			revoked.RevokedAt = timestamppb.New(*n.RevokedAt)
		}
		e.Body = &eventv1.Event_NoticeRevoked{NoticeRevoked: revoked}
	case register.Shortened:
		e.Body = &eventv1.Event_NoticeShortened{NoticeShortened: &eventv1.NoticeShortened{Notice: change, PreviousEndDate: s.FromEnd.String()}}
	}
	return e
}

func dateText(d *calendar.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func reasonsOf(reasons []term.Reason) []eventv1.RejectionReason {
	if len(reasons) == 0 {
		return nil
	}
	out := make([]eventv1.RejectionReason, len(reasons))
	for i, r := range reasons {
		out[i] = eventv1.RejectionReason(r)
	}
	return out
}
