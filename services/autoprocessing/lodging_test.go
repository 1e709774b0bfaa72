package autoprocessing_test

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// authority is who lodges.
type authority struct {
	id           string
	function     eventv1.BusinessFunction
	jurisdiction eventv1.Jurisdiction
}

var (
	frc    = authority{"frc", eventv1.BusinessFunction_BUSINESS_FUNCTION_CAPE_YORK, eventv1.Jurisdiction_JURISDICTION_QLD}
	qldCP  = authority{"qld-cp", eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_QLD}
	ntCP   = authority{"nt-cp", eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_NT}
	ntSpar = authority{"nt-spar", eventv1.BusinessFunction_BUSINESS_FUNCTION_SUPPORTING_PEOPLE_AT_RISK, eventv1.Jurisdiction_JURISDICTION_NT}
)

// lodgings number what is lodged as intake does.
type lodgings struct {
	clock clock.Clock
	mu    sync.Mutex
	lanes map[string]int64
	count int
}

func newLodgings(c clock.Clock) *lodgings { return &lodgings{clock: c, lanes: make(map[string]int64)} }

// lodge is the event intake makes of a submission; its reference is "ref-<n>"
// unless it has one.
func (l *lodgings) lodge(a authority, s *intakev1.Submission) *eventv1.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if s.Reference == "" {
		s.Reference = fmt.Sprintf("ref-%d", l.count)
	}
	if s.CaseWorker == "" {
		s.CaseWorker = "Case Worker"
	}
	crn := s.GetFindMutualClient().GetCrn()
	for _, c := range []*intakev1.CustomerIdentity{
		s.GetDisclosure().GetCustomer(), s.GetNoticeToCommence().GetCustomer(), s.GetNoticeToRevoke().GetCustomer(), s.GetVoluntaryReferral().GetCustomer(),
	} {
		if c != nil {
			crn = c.GetCrn()
		}
	}
	lane := int64(0)
	if crn != "" {
		l.lanes[crn]++
		lane = l.lanes[crn]
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
	if err != nil {
		panic(err)
	}
	id := clock.NewID(l.clock.Now())
	return &eventv1.Event{
		Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(l.clock.Now()), Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Body: &eventv1.Event_SubmissionLodged{SubmissionLodged: &eventv1.SubmissionLodged{
			SubmissionId: id[:], AuthorityId: a.id, BusinessFunction: a.function, Jurisdiction: a.jurisdiction, LodgedAt: timestamppb.New(l.clock.Now()),
			Lane: lane, Submission: content,
		}},
	}
}

// withdraw is the event of an authority's request to take a submission back.
func (l *lodgings) withdraw(a authority, reference string) *eventv1.Event {
	id := clock.NewID(l.clock.Now())
	return &eventv1.Event{
		Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(l.clock.Now()),
		Body: &eventv1.Event_WithdrawalRequested{WithdrawalRequested: &eventv1.WithdrawalRequested{AuthorityId: a.id, Reference: reference, Note: "lodged in error"}},
	}
}

func find(p person) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
		Name: &intakev1.PersonName{FamilyName: p.family, GivenName: p.given}, DateOfBirth: p.born,
	}}}
}

func disclose(p person) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: p.identity()}}}
}

func commence(p person, start string, months int32) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
		Customer: p.identity(), StartDate: start, DurationMonths: months,
	}}}
}

func revoke(p person) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: p.identity()}}}
}

func refer(p person) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: p.identity()}}}
}

// id of the submission an event lodges.
func id(e *eventv1.Event) string {
	v, err := clock.IDFromBytes(e.GetSubmissionLodged().GetSubmissionId())
	if err != nil {
		panic(err)
	}
	return v.String()
}

// again is the event as intake's reconciler sends it.
func again(e *eventv1.Event) *eventv1.Event {
	c := proto.Clone(e).(*eventv1.Event)
	c.GetSubmissionLodged().Reconcile = true
	return c
}

func delivery(t testing.TB, all ...*eventv1.Event) bus.Delivery {
	t.Helper()
	data, err := proto.Marshal(&eventv1.Packet{Events: all})
	if err != nil {
		t.Fatal(err)
	}
	return bus.Delivery{Message: bus.Message{ID: clock.NewID(monday).String(), Data: data}}
}

func unpacked(t testing.TB, rows []outbox.Row) []*eventv1.Event {
	t.Helper()
	var out []*eventv1.Event
	for _, r := range rows {
		var p eventv1.Packet
		if err := proto.Unmarshal(r.Payload, &p); err != nil {
			t.Fatal(err)
		}
		out = append(out, p.GetEvents()...)
	}
	return out
}
