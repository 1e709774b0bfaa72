package events

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

func TestFieldNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		message proto.Message
		name    protoreflect.Name
		number  protowire.Number
	}{
		{&registryv1.Customer{}, "register_measure", customerMeasure},
		{&registryv1.Customer{}, "record_version", customerVersion},
		{&eventv1.SubmissionDecided{}, "outcome", decidedResult},
		{&eventv1.SubmissionDecided{}, "by_officer", decidedByHand},
	} {
		f := c.message.ProtoReflect().Descriptor().Fields().ByName(c.name)
		if f == nil || f.Number() != c.number {
			t.Errorf("%s of %T is %v, not number %d", c.name, c.message, f, c.number)
		}
	}
}

func event(t *rapid.T, at int) *eventv1.Event {
	id := clock.DerivedID(clock.ID{}, string(rune('a'+at)))
	e := &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.Now()}
	notice := &eventv1.NoticeChange{NoticeId: id[:], Crn: "100000001A", StartDate: "2026-12-01", EndDate: "2027-02-28", Version: 1}
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0:
		e.Body = &eventv1.Event_NoticeActivated{NoticeActivated: &eventv1.NoticeActivated{Notice: notice}}
	case 1:
		e.Body = &eventv1.Event_NoticeEnded{NoticeEnded: &eventv1.NoticeEnded{Notice: notice}}
	case 2:
		e.Body = &eventv1.Event_NoticeRevoked{NoticeRevoked: &eventv1.NoticeRevoked{Notice: notice}}
	case 3:
		e.Body = &eventv1.Event_NoticeRecorded{NoticeRecorded: &eventv1.NoticeRecorded{Notice: notice}}
	case 4:
		e.Body = &eventv1.Event_NoticeExtended{NoticeExtended: &eventv1.NoticeExtended{Notice: notice}}
	case 5:
		e.Body = &eventv1.Event_NoticeShortened{NoticeShortened: &eventv1.NoticeShortened{Notice: notice}}
	case 6:
		e.Body = &eventv1.Event_SubmissionUnprocessed{SubmissionUnprocessed: &eventv1.SubmissionUnprocessed{SubmissionId: id[:], Crn: "100000001A"}}
	default:
		e.Body = &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{
			SubmissionId: id[:], Crn: "100000001A", Version: 3,
			Outcome: eventv1.Outcome(rapid.Int32Range(0, 12).Draw(t, "outcome")), ByOfficer: rapid.Bool().Draw(t, "by officer"),
		}}
	}
	return e
}

// Skipping events in their encoded form loses exactly those that leave nothing.
func TestDecodeSkipsOnlyWhatLeavesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		packet := &eventv1.Packet{}
		var want []clock.ID
		for i := range rapid.IntRange(0, 12).Draw(t, "events") {
			e := event(t, i)
			packet.Events = append(packet.Events, e)
			left, err := settle([]inbox.Event{{Value: e}}, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			if len(left.Documents)+len(left.Notices) > 0 {
				want = append(want, clock.ID(e.GetId()))
			}
		}
		data, err := proto.Marshal(packet)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := Decode(bus.Delivery{Message: bus.Message{Data: data}})
		if err != nil {
			t.Fatal(err)
		}
		var got []clock.ID
		for _, e := range decoded {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("kept %v, want %v", got, want)
		}
	})
}

func TestEventsNotUnderstoodAreKeptAndRefused(t *testing.T) {
	t.Parallel()
	id := clock.DerivedID(clock.ID{}, "x")
	for name, e := range map[string]*eventv1.Event{
		"a later schema":  {Id: id[:], SchemaVersion: 2, Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{}}},
		"an unknown kind": {Id: id[:], SchemaVersion: 1},
		"no id":           {SchemaVersion: 1, Body: &eventv1.Event_NoticeEnded{NoticeEnded: &eventv1.NoticeEnded{}}},
		"no notice":       {Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_NoticeEnded{}},
		"impossible start": {Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_NoticeActivated{NoticeActivated: &eventv1.NoticeActivated{
			Notice: &eventv1.NoticeChange{NoticeId: id[:], Crn: "100000001A", Version: 1, StartDate: "2026-02-30"},
		}}},
		"no submission": {Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{
			Crn: "100000001A", ByOfficer: true,
		}}},
	} {
		data, err := proto.Marshal(&eventv1.Packet{Events: []*eventv1.Event{e}})
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := Decode(bus.Delivery{Message: bus.Message{Data: data}})
		if err != nil || len(decoded) != 1 {
			t.Errorf("%s: %d events, %v", name, len(decoded), err)
			continue
		}
		if decoded[0].ID.IsZero() {
			t.Errorf("%s: no id to park it by", name)
		}
		if decoded[0].Refused == nil {
			if _, err := settle(decoded, time.UTC); err == nil {
				t.Errorf("%s: was applied", name)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	id := clock.DerivedID(clock.ID{}, "x")
	seed, err := proto.Marshal(&eventv1.Packet{Events: []*eventv1.Event{
		{Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{SubmissionId: id[:], ByOfficer: true, Crn: "1"}}},
		{Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_NoticeEnded{NoticeEnded: &eventv1.NoticeEnded{}}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{0x0a, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Decode(bus.Delivery{Message: bus.Message{Data: data}})
		if err != nil {
			return
		}
		for _, e := range list {
			if e.ID.IsZero() {
				t.Fatal("an event without id")
			}
			_, _ = settle([]inbox.Event{e}, time.UTC) // must not panic
		}
	})
}

func BenchmarkDecodeAutomatic(b *testing.B) {
	id := clock.DerivedID(clock.ID{}, "x")
	packet := &eventv1.Packet{}
	for range 500 {
		packet.Events = append(packet.Events, &eventv1.Event{
			Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.Now(), Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{
				SubmissionId: id[:], AuthorityId: "frc", Reference: "REF-1", Outcome: eventv1.Outcome_OUTCOME_ELIGIBLE, Crn: "100000001A", Version: 3,
				LodgedAt: timestamppb.Now(), DecidedAt: timestamppb.Now(), PolicyVersion: "2026-07",
			}},
		})
	}
	data, err := proto.Marshal(packet)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if list, err := Decode(bus.Delivery{Message: bus.Message{Data: data}}); err != nil || len(list) != 0 {
			b.Fatal(len(list), err)
		}
	}
}
