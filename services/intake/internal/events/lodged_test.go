package events

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

func eventsOf(t *testing.T, rows []outbox.Row) (all []*eventv1.Event) {
	t.Helper()
	for _, r := range rows {
		var packet eventv1.Packet
		if err := proto.Unmarshal(r.Payload, &packet); err != nil {
			t.Fatal(err)
		}
		if n := len(packet.GetEvents()); n > lodgedPerPacket || r.Stream != subject.Lodged || r.Headers[subject.HeaderTally] != fmt.Sprintf("qld-cp=%d", n) {
			t.Errorf("%d events on %s with headers %v", n, r.Stream, r.Headers)
		}
		all = append(all, packet.GetEvents()...)
	}
	return all
}

func TestPackTellsEverything(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 1, 2, 3, 456_000, time.UTC)
	var batch []*commit.Lodgement
	for i := range 2*lodgedPerPacket + 1 {
		batch = append(batch, &commit.Lodgement{Traceparent: fmt.Sprint("trace ", i), Submission: &lodging.Submission{
			Receipt: receipt.Receipt{SubmissionID: clock.NewID(at), AuthorityID: "qld-cp", Reference: fmt.Sprint(i), ContentHash: sha256.Sum256(nil), LodgedAt: at},
			Type:    term.NoticeToRevoke, Function: term.ChildProtection, Jurisdiction: term.QLD, CRN: "123456789A", Lane: int64(i + 1), Payload: []byte{1, 2, byte(i)},
		}})
	}
	told := eventsOf(t, Pack(batch))
	if len(told) != len(batch) {
		t.Fatalf("%d events of %d submissions", len(told), len(batch))
	}
	for i, e := range told {
		s, l := batch[i].Submission, e.GetSubmissionLodged()
		if clock.ID(e.GetId()) != s.SubmissionID || clock.ID(l.GetSubmissionId()) != s.SubmissionID || e.GetSchemaVersion() != 1 ||
			!e.GetOccurredAt().AsTime().Equal(at) || !l.GetLodgedAt().AsTime().Equal(at) || e.GetTraceparent() != batch[i].Traceparent ||
			l.GetAuthorityId() != "qld-cp" || l.GetBusinessFunction() != eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION ||
			l.GetJurisdiction() != eventv1.Jurisdiction_JURISDICTION_QLD || l.GetLane() != s.Lane || string(l.GetSubmission()) != string(s.Payload) || l.GetReconcile() {
			t.Fatalf("event %d: %v", i, e)
		}
	}
	again := Reannounce([]lodging.Submission{*batch[0].Submission})
	var packet eventv1.Packet
	if err := proto.Unmarshal(again[0].Payload, &packet); err != nil {
		t.Fatal(err)
	}
	e := packet.GetEvents()[0]
	if !e.GetSubmissionLodged().GetReconcile() {
		t.Error("it is not marked as announced again")
	}
	e.GetSubmissionLodged().Reconcile, e.Traceparent = false, batch[0].Traceparent
	if !proto.Equal(e, told[0]) {
		t.Errorf("announced again as %v, first as %v", e, told[0])
	}
}

// TestBadEventsAreErrors: they are parked by the inbox, not applied half.
func TestBadEventsAreErrors(t *testing.T) {
	t.Parallel()
	id := clock.NewID(time.Now())
	for name, e := range map[string]*eventv1.Event{
		"later version": {SchemaVersion: 2, Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{}}},
		"no id":         {Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{SubmissionId: id[:3]}}},
		"no outcome":    {Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{SubmissionId: id[:], Status: 4}}},
		"not terminal":  {Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{SubmissionId: id[:], Status: 3, Outcome: 1}}},
		"no time":       {Body: &eventv1.Event_SubmissionUnprocessed{SubmissionUnprocessed: &eventv1.SubmissionUnprocessed{SubmissionId: id[:]}}},
		"no parent":     {Body: &eventv1.Event_SubmissionCreated{SubmissionCreated: &eventv1.SubmissionCreated{SubmissionId: id[:]}}},
		"no reference":  {Body: &eventv1.Event_SubmissionCreated{SubmissionCreated: &eventv1.SubmissionCreated{SubmissionId: id[:], ParentSubmissionId: id[:]}}},
	} {
		if err := new(projected).add(e); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := new(projected).add(&eventv1.Event{Body: &eventv1.Event_NoticeEnded{}}); err != nil {
		t.Errorf("others' events: %v", err)
	}
}

func TestTextIsTakenOut(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*intakev1.Submission{
		"commence": {Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{StartDate: "2026-12-01", Text: "canary"}}},
		"revoke":   {Content: &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Text: "canary"}}},
		"referral": {Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Text: "canary"}}},
		"search":   {Reference: "x", Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{}}},
	} {
		payload, err := proto.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		bare, err := withoutText(payload)
		var back intakev1.Submission
		if err != nil || proto.Unmarshal(bare, &back) != nil || len(bare) > len(payload) || string(bare) != "" && back.GetNoticeToCommence().GetText() != "" {
			t.Errorf("%s: %v, %v", name, &back, err)
		}
		if i := len("canary"); name != "search" && len(payload)-len(bare) < i {
			t.Errorf("%s still has its text", name)
		}
	}
	if _, err := withoutText([]byte{0xff}); err == nil {
		t.Error("rubbish was accepted")
	}
}
