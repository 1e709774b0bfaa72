package packet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func lodged(authority string, size int) *eventv1.Event {
	id := clock.NewID(time.Now())
	return &eventv1.Event{Id: id[:], SchemaVersion: 1, Traceparent: trace, Body: &eventv1.Event_SubmissionLodged{
		SubmissionLodged: &eventv1.SubmissionLodged{SubmissionId: id[:], AuthorityId: authority, Submission: make([]byte, size)},
	}}
}

func key(e *eventv1.Event) string { return e.GetSubmissionLodged().GetAuthorityId() }

func delivery(r outbox.Row) bus.Delivery {
	return bus.Delivery{Message: bus.Message{ID: r.ID.String(), Headers: r.Headers, Data: r.Payload}}
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	var events []*eventv1.Event
	for i := range 250 {
		events = append(events, lodged([]string{"frc", "qld-cp", "frc"}[i%3], 300))
	}
	events[0].GetSubmissionLodged().Reconcile = true
	rows := Rows(subject.Lodged, events, 100)
	if len(rows) != 3 || rows[0].Subject != "noticehub.lodged.0" || rows[0].Traceparent != trace {
		t.Fatalf("%d rows, first %+v", len(rows), rows[0].Subject)
	}
	if got := rows[0].Headers[subject.HeaderTally]; got != "frc=66,qld-cp=33" {
		t.Fatalf("tally %q", got)
	}
	counts, err := Tally(delivery(rows[0]))
	if err != nil || counts["frc"] != 66 || counts["qld-cp"] != 33 {
		t.Fatalf("%v %v", counts, err)
	}
	var whole eventv1.Packet
	if err := proto.Unmarshal(rows[1].Payload, &whole); err != nil || len(whole.GetEvents()) != 100 {
		t.Fatalf("%d events, %v", len(whole.GetEvents()), err)
	}
	i := 0
	for _, row := range rows {
		decoded, err := Decode(key)(delivery(row))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range decoded {
			again, err := DecodeParked(key)(e.Data)
			if err != nil || e.Refused != nil || again.ID != e.ID || again.Key != e.Key || again.Refused != nil {
				t.Fatalf("event %d: %v, %v; again %v, %v", i, e, e.Refused, again, err)
			}
			if !proto.Equal(e.Value.(*eventv1.Event), events[i]) || e.Key != key(events[i]) || e.Traceparent != trace {
				t.Fatalf("event %d changed", i)
			}
			i++
		}
	}
	if i != len(events) {
		t.Fatalf("%d events came back", i)
	}
}

func TestLargeEventsMakeMoreRows(t *testing.T) {
	t.Parallel()
	var events []*eventv1.Event
	for range 20 {
		events = append(events, lodged("frc", 200<<10))
	}
	for i, r := range Rows(subject.Lodged, events, 100) {
		if len(r.Payload) > 1<<20 {
			t.Fatalf("row %d has %d bytes", i, len(r.Payload))
		}
	}
}

// Only what this version does not understand is refused, and each time under the
// same id.
func TestRefused(t *testing.T) {
	t.Parallel()
	future, unknown, anonymous, good := lodged("frc", 1), lodged("frc", 1), lodged("frc", 1), lodged("frc", 1)
	future.SchemaVersion = 2
	unknown.Body = nil
	unknown.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 7))
	anonymous.Id = []byte("short")
	row := Rows(subject.Lodged, []*eventv1.Event{future, unknown, anonymous, good}, 100)[0]
	row.Payload = protowire.AppendTag(row.Payload, eventsField, protowire.BytesType)
	row.Payload = protowire.AppendBytes(row.Payload, []byte{0xff, 0xff}) // damaged
	row.Payload = protowire.AppendTag(row.Payload, 77, protowire.BytesType)
	row.Payload = protowire.AppendBytes(row.Payload, []byte("a field of a later version"))
	first, err := Decode(key)(delivery(row))
	again, _ := Decode(key)(delivery(row))
	if err != nil || len(first) != 5 {
		t.Fatalf("%d events, %v", len(first), err)
	}
	for i, refused := range []bool{true, true, true, false, true} {
		if (first[i].Refused != nil) != refused || first[i].ID.IsZero() || first[i].ID != again[i].ID {
			t.Errorf("event %d: refused %v, ids %s %s", i, first[i].Refused, first[i].ID, again[i].ID)
		}
	}
	parked, err := DecodeParked(key)(first[0].Data)
	if err != nil || parked.Refused == nil || !strings.Contains(fmt.Sprint(parked.Refused), "newer") {
		t.Fatalf("%v %v", parked.Refused, err)
	}
}

func TestNoPacket(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{{0xff}, []byte("plain text"), {0x08, 0x01}, {0x0a, 0x7f, 0x00}} {
		if _, err := Decode(key)(bus.Delivery{Message: bus.Message{Data: data}}); err == nil {
			t.Errorf("%q was taken for a packet", data)
		}
	}
	if _, err := Tally(bus.Delivery{Message: bus.Message{Headers: map[string]string{subject.HeaderTally: "frc=x"}}}); err == nil {
		t.Error("a tally that is none was taken")
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	streams := Streams(subject.Lodged, subject.Advice)
	if len(streams) != 2 || len(streams[0].Consumers) != 2 || !streams[0].Consumers[1].HeadersOnly || streams[1].Consumers != nil {
		t.Fatalf("%+v", streams)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown stream was taken")
		}
	}()
	Streams("NOWHERE")
}

func FuzzDecode(f *testing.F) {
	f.Add(Rows(subject.Lodged, []*eventv1.Event{lodged("frc", 10), lodged("qld-cp", 10)}, 100)[0].Payload)
	f.Add([]byte{0x0a, 0x02, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := Decode(key)(bus.Delivery{Message: bus.Message{ID: "m", Data: bytes.Clone(data)}})
		if err != nil {
			return
		}
		for _, e := range events {
			again, err := DecodeParked(key)(e.Data)
			if e.ID.IsZero() || err != nil || (again.Refused == nil) != (e.Refused == nil) {
				t.Fatalf("%v, again %v, %v", e, again, err)
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	var events []*eventv1.Event
	for range 100 {
		events = append(events, lodged("frc", 600))
	}
	b.ReportAllocs()
	for b.Loop() {
		Rows(subject.Lodged, events, 100)
	}
}
