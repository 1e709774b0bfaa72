package packet

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

func lodged(authority string, reconcile bool) *eventv1.Event {
	id := clock.NewID(time.Now())
	return &eventv1.Event{Id: id[:], Traceparent: "tp", Body: &eventv1.Event_SubmissionLodged{
		SubmissionLodged: &eventv1.SubmissionLodged{SubmissionId: id[:], AuthorityId: authority, Reconcile: reconcile},
	}}
}

func authorityOf(e *eventv1.Event) string { return e.GetSubmissionLodged().GetAuthorityId() }

func delivery(payload []byte) bus.Delivery { return bus.Delivery{Message: bus.Message{Data: payload}} }

func TestEventsComeBackInOrder(t *testing.T) {
	t.Parallel()
	events := []*eventv1.Event{lodged("frc", false), lodged("qld-cp", false), lodged("frc", false), lodged("frc", true)}
	rows := Rows(subject.Lodged, events, 3)
	if len(rows) != 2 || rows[0].Headers[subject.HeaderTally] != "frc=2,qld-cp=1" || rows[1].Headers[subject.HeaderTally] != "" {
		t.Fatalf("rows %+v", rows)
	}
	at := 0
	for _, r := range rows {
		got, err := Decode(authorityOf)(delivery(r.Payload))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got {
			if g.Refused != nil || !proto.Equal(g.Value.(*eventv1.Event), events[at]) || g.Key != authorityOf(events[at]) || g.Traceparent != "tp" {
				t.Errorf("event %d came back as %+v", at, g)
			}
			again, err := DecodeParked(authorityOf)(g.Data)
			if err != nil || again.ID != g.ID || again.Key != g.Key {
				t.Errorf("parked event %d came back as %+v, %v", at, again, err)
			}
			at++
		}
	}
	if at != len(events) {
		t.Errorf("%d of %d events came back", at, len(events))
	}
}

func TestUnknownEventsAreRefusedNotLost(t *testing.T) {
	t.Parallel()
	future, strange := lodged("frc", false), lodged("frc", false)
	future.SchemaVersion = schemaVersion + 1
	strange.Body = nil
	strange.ProtoReflect().SetUnknown([]byte{0xfa, 0x3f, 0x00}) // field 1023, an empty message
	got, err := Decode(authorityOf)(delivery(Rows(subject.Decided, []*eventv1.Event{future, strange, lodged("frc", false)}, 10)[0].Payload))
	if err != nil || len(got) != 3 {
		t.Fatalf("got %v, %v", got, err)
	}
	if got[0].Refused == nil || got[1].Refused == nil || got[2].Refused != nil {
		t.Errorf("refused %v, %v, %v", got[0].Refused, got[1].Refused, got[2].Refused)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Rows(subject.Lodged, []*eventv1.Event{lodged("frc", false)}, 1)[0].Payload)
	f.Add([]byte{0x0a, 0xff})
	f.Fuzz(func(t *testing.T, payload []byte) {
		events, err := Decode(func(*eventv1.Event) string { return "" })(delivery(payload))
		for _, e := range events {
			if err == nil && e.ID.IsZero() && e.Refused == nil && e.Value == nil {
				t.Error("an event without anything")
			}
		}
	})
}

func TestStreamsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	for _, s := range subject.Streams() {
		got := Streams(s.Name)
		if len(got) != 1 || len(got[0].Consumers) != len(s.Consumers) {
			t.Errorf("%s is declared as %+v", s.Name, got)
		}
	}
}
