package packet

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

func noKey(*eventv1.Event) string { return "" }

func packed(t interface{ Fatal(...any) }, events ...*eventv1.Event) bus.Delivery {
	data, err := proto.Marshal(&eventv1.Packet{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return bus.Delivery{Message: bus.Message{ID: "m", Data: data}}
}

// Every kind there is: only those named come through, each as Decode has it.
func TestOnlyTheKindsNamed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fields := (&eventv1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("body").Fields()
		var events []*eventv1.Event
		var want []clock.ID
		kinds := []protoreflect.Name{"notice_ended", "work_item_raised"}
		for i := range rapid.IntRange(0, 20).Draw(t, "events") {
			id := clock.DerivedID(clock.ID{}, string(rune('a'+i)))
			e := &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.Now()}
			f := fields.Get(rapid.IntRange(0, fields.Len()-1).Draw(t, "kind"))
			e.ProtoReflect().Set(f, e.ProtoReflect().NewField(f))
			if events = append(events, e); slices.Contains(kinds, f.Name()) {
				want = append(want, id)
			}
		}
		list, err := Only(noKey, kinds...)(packed(t, events...))
		if err != nil {
			t.Fatal(err)
		}
		var got []clock.ID
		for _, in := range list {
			if in.Refused != nil || in.Value.(*eventv1.Event).GetBody() == nil {
				t.Fatalf("refused: %v", in.Refused)
			}
			got = append(got, in.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("kept %v, want %v", got, want)
		}
	})
}

// What is not understood is kept, to be refused, whatever was asked for.
func TestOnlyKeepsWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	id := clock.DerivedID(clock.ID{}, "x")
	decided := &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{Crn: "100000001A"}}
	later := &eventv1.Event{Id: id[:], SchemaVersion: SchemaVersion + 1, Body: decided}
	unknown := &eventv1.Event{Id: id[:], SchemaVersion: 1}
	unknown.ProtoReflect().SetUnknown([]byte{0xa2, 0x3f, 0x00}) // field 1012, empty
	for name, e := range map[string]*eventv1.Event{"a later schema": later, "an unknown kind": unknown} {
		list, err := Only(noKey, "notice_ended")(packed(t, e))
		if err != nil || len(list) != 1 || list[0].Refused == nil || list[0].ID.IsZero() {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	damaged := bus.Delivery{Message: bus.Message{ID: "m", Data: []byte{0x0a, 0x02, 0xa2, 0x01}}} // an event cut in the middle of its body
	if list, err := Only(noKey, "notice_ended")(damaged); err != nil || len(list) != 1 || list[0].Refused == nil || list[0].ID.IsZero() {
		t.Errorf("damaged: %v, %v", list, err)
	}
	if list, err := Only(noKey, "notice_ended")(packed(t, &eventv1.Event{Id: id[:], SchemaVersion: 1, Body: decided})); err != nil || len(list) != 0 {
		t.Errorf("a decision was not skipped: %v, %v", list, err)
	}
}

func BenchmarkOnlySkips(b *testing.B) {
	id := clock.DerivedID(clock.ID{}, "x")
	var events []*eventv1.Event
	for range 500 {
		events = append(events, &eventv1.Event{
			Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.Now(), Traceparent: trace,
			Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{SubmissionId: id[:], Crn: "100000001A"}},
		})
	}
	d, decode := packed(b, events...), Only(noKey, "notice_ended")
	b.ReportAllocs()
	for b.Loop() {
		if list, err := decode(d); err != nil || len(list) != 0 {
			b.Fatal(len(list), err)
		}
	}
}
