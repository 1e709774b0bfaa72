package events

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// schemaVersion is the newest version of event bodies this program knows.
const schemaVersion = 1

// Lodged is a submission on its way to a decision.
type Lodged struct {
	// Submission as the rules see it.
	Submission decision.Submission
	// CRN as lodged, "" when none; Lane is the position among those of the CRN.
	CRN  string
	Lane int64
	// Bytes is the submission as lodged.
	Bytes []byte
	// Message is Bytes decoded.
	Message *intakev1.Submission
	// Traceparent of the authority's call.
	Traceparent string
	// Reconcile: intake saw no progress and asks again.
	Reconcile bool
	// Customer and Candidates are the registry's answer.
	Customer   *decision.Customer
	Candidates []decision.Candidate
}

// inTrace has a submission without a trace of its own follow the one it is
// decided in.
func (l *Lodged) inTrace(ctx context.Context) {
	if l.Traceparent == "" {
		l.Traceparent = telemetry.Traceparent(ctx)
	}
}

// incoming is the Value of an event of the inbox: a submission or a withdrawal.
type incoming struct {
	lodged     *Lodged
	withdrawal *store.Withdrawal
	// problem says why the submission cannot be decided though it is known what
	// it is, so that an officer can take over.
	problem error
}

// decode opens a packet and understands its events. Only a packet that cannot
// be opened is an error; an event that cannot be understood fails by itself
// later, so that it does not take its neighbours along.
func (p *Processor) decode(d bus.Delivery) ([]inbox.Event, error) {
	events, err := packet.Decode(noKey)(d)
	for i := range events {
		p.understand(&events[i])
	}
	return events, err
}

// decodeParked understands a single event again.
func (p *Processor) decodeParked(data []byte) (inbox.Event, error) {
	e, err := packet.DecodeParked(noKey)(data)
	if err == nil {
		p.understand(&e)
	}
	return e, err
}

// noKey: the key is set by understand, which decodes the submission anyway.
func noKey(*eventv1.Event) string { return "" }

func (p *Processor) understand(e *inbox.Event) {
	in := &incoming{}
	event, _ := e.Value.(*eventv1.Event)
	e.Value = in
	switch body := event.GetBody().(type) {
	case *eventv1.Event_SubmissionLodged:
		in.lodged, in.problem = ReadLodged(body.SubmissionLodged, p.zone)
		if in.lodged != nil {
			in.lodged.Traceparent = e.Traceparent
			if in.lodged.Lane > 0 {
				e.Key = in.lodged.CRN
			}
		}
	case *eventv1.Event_WithdrawalRequested:
		b := body.WithdrawalRequested
		in.withdrawal = &store.Withdrawal{
			Ref: store.Ref{AuthorityID: b.GetAuthorityId(), Reference: b.GetReference()},
			At:  event.GetOccurredAt().AsTime(), Note: b.GetNote(),
		}
	default:
		e.Refused = fault.New(fault.Internal, "EVENT_UNKNOWN", "automatic processing does not know events of this kind")
	}
	if event.GetSchemaVersion() > schemaVersion {
		e.Refused = fault.New(fault.Internal, "SCHEMA_UNKNOWN", "the event has schema version %d, known is %d", event.GetSchemaVersion(), schemaVersion)
	}
	if in.problem != nil && in.lodged == nil {
		e.Refused = in.problem // nobody could act on it; a later version of the program may
	}
}

// ReadLodged understands a submission as intake announced it. With an error the
// submission is still returned when it is known what kind it is and whose.
func ReadLodged(b *eventv1.SubmissionLodged, zone *time.Location) (*Lodged, error) {
	id, err := clock.IDFromBytes(b.GetSubmissionId())
	if err != nil {
		return nil, unreadable("id", err)
	}
	message := &intakev1.Submission{}
	if err := proto.Unmarshal(b.GetSubmission(), message); err != nil {
		return nil, unreadable("content", err)
	}
	at := b.GetLodgedAt().AsTime().Truncate(time.Microsecond) // as PostgreSQL keeps it
	l := &Lodged{
		Submission: decision.Submission{
			ID: id, AuthorityID: b.GetAuthorityId(), Function: term.BusinessFunction(b.GetBusinessFunction()),
			Jurisdiction: term.Jurisdiction(b.GetJurisdiction()), Reference: message.GetReference(), CaseWorker: message.GetCaseWorker(),
			LodgedAt: at, LodgedOn: calendar.FromTime(at, zone),
		},
		Lane: b.GetLane(), Bytes: b.GetSubmission(), Message: message, Reconcile: b.GetReconcile(),
	}
	l.Submission.Content, err = contentOf(message)
	if l.Submission.Content == nil {
		return nil, unreadable("content", err)
	}
	if f, ok := message.GetContent().(*intakev1.Submission_FindMutualClient); ok {
		l.CRN = f.FindMutualClient.GetCrn()
	} else if identity, ok := decision.IdentityOf(l.Submission.Content); ok {
		l.CRN = identity.CRN
	}
	if l.CRN == "" {
		l.Lane = 0
	}
	if err != nil {
		return l, unreadable("content", err)
	}
	return l, nil
}

func unreadable(what string, err error) error {
	return fault.New(fault.Internal, "SUBMISSION_UNREADABLE", "the submission's %s cannot be read", what).Wrap(err)
}

// contentOf translates the content. With an error it may still return the
// content, with what could be read.
func contentOf(m *intakev1.Submission) (decision.Content, error) {
	switch c := m.GetContent().(type) {
	case *intakev1.Submission_FindMutualClient:
		return decision.FindMutualClient{}, nil
	case *intakev1.Submission_Disclosure:
		id, err := identityOf(c.Disclosure.GetCustomer())
		return decision.Disclosure{Customer: id}, err
	case *intakev1.Submission_NoticeToCommence:
		n := c.NoticeToCommence
		id, err := identityOf(n.GetCustomer())
		start, wrong := calendar.ParseDate(n.GetStartDate())
		if err == nil && wrong != nil {
			err = errors.New("the start date is no date")
		}
		return decision.Commence{
			Customer: id, Start: start, Months: int(n.GetDurationMonths()), Percent: int(n.GetQuarantinedPercent()), Text: n.GetText(),
		}, err
	case *intakev1.Submission_NoticeToRevoke:
		id, err := identityOf(c.NoticeToRevoke.GetCustomer())
		return decision.Revoke{Customer: id}, err
	case *intakev1.Submission_VoluntaryReferral:
		id, err := identityOf(c.VoluntaryReferral.GetCustomer())
		return decision.Referral{Customer: id}, err
	}
	return nil, errors.New("it is of an unknown kind")
}

func identityOf(c *intakev1.CustomerIdentity) (decision.Identity, error) {
	born, err := calendar.ParseDate(c.GetDateOfBirth())
	if err != nil {
		err = errors.New("the date of birth is no date") // never what it was: errors are logged
	}
	return decision.Identity{CRN: c.GetCrn(), FamilyName: c.GetFamilyName(), BirthDate: born}, err
}

// Reread understands a submission again from what is kept while it is with an officer.
func Reread(s *store.Submission, lodged []byte, zone *time.Location) (*Lodged, error) {
	return ReadLodged(&eventv1.SubmissionLodged{
		SubmissionId: s.ID[:], AuthorityId: s.AuthorityID, BusinessFunction: eventv1.BusinessFunction(s.Function),
		Jurisdiction: eventv1.Jurisdiction(s.Jurisdiction), LodgedAt: timestamppb.New(s.LodgedAt), Lane: s.Lane, Submission: lodged,
	}, zone)
}
