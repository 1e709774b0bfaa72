// Package packet turns events into the messages of the bus and back: several
// events of one transaction share a message, which is twice as fast as a message
// each. It is where the contract's events meet the kit's outbox and inbox.
package packet

import (
	"fmt"
	"sort"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// schemaVersion is the newest version of event bodies this program knows.
const schemaVersion = 1

// eventsField is the number of Packet.events.
const eventsField = 1

// Streams are the named streams as the bus declares them.
func Streams(names ...string) []bus.Stream {
	var streams []bus.Stream
	for _, name := range names {
		for _, s := range subject.Streams() {
			if s.Name != name {
				continue
			}
			stream := bus.Stream{Name: s.Name, Subjects: s.Subjects}
			for _, c := range s.Consumers {
				stream.Consumers = append(stream.Consumers, bus.Consumer{Name: c.Name, HeadersOnly: c.HeadersOnly})
			}
			streams = append(streams, stream)
		}
	}
	if len(streams) != len(names) {
		panic(fmt.Sprintf("packet: not all of %q are streams", names)) // names are constants of package subject
	}
	return streams
}

// All are all streams of the hub.
func All() []bus.Stream {
	var names []string
	for _, s := range subject.Streams() {
		names = append(names, s.Name)
	}
	return Streams(names...)
}

// Rows packs events, in order, into outbox rows of at most perRow events. Events
// without a schema version get the present one.
func Rows(stream string, events []*eventv1.Event, perRow int) []outbox.Row {
	var rows []outbox.Row
	for len(events) > 0 {
		n := min(perRow, len(events))
		rows = append(rows, row(stream, events[:n]))
		events = events[n:]
	}
	return rows
}

func row(stream string, events []*eventv1.Event) outbox.Row {
	for _, e := range events {
		if e.GetSchemaVersion() == 0 {
			e.SchemaVersion = schemaVersion
		}
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(&eventv1.Packet{Events: events})
	if err != nil {
		// Only invalid UTF-8 can fail here, and nothing with it gets past the door.
		panic(fmt.Sprintf("packet: events that cannot be encoded: %v", err))
	}
	first, _ := clock.IDFromBytes(events[0].GetId())
	r := outbox.Row{
		ID: clock.NewID(first.Time()), Stream: stream, Subject: subject.Of(stream, 0), Payload: payload, Traceparent: events[0].GetTraceparent(),
	}
	if stream == subject.Lodged {
		r.Headers = map[string]string{subject.HeaderTally: tally(events)}
	}
	return r
}

// tally counts the lodged submissions by authority: "frc=3,qld-cp=2".
func tally(events []*eventv1.Event) string {
	counts := map[string]int{}
	for _, e := range events {
		// What the reconciler announces again was counted the first time.
		if l := e.GetSubmissionLodged(); l != nil && !l.GetReconcile() {
			counts[l.GetAuthorityId()]++
		}
	}
	parts := make([]string, 0, len(counts))
	for authority, n := range counts {
		parts = append(parts, fmt.Sprintf("%s=%d", authority, n))
	}
	sort.Strings(parts)
	return strings.Join(parts, ",")
}

// Decode takes a message apart; key gives the order key of an event. A message
// that is no packet is an error. An event of a version or kind this program does
// not know comes with Refused set: it is kept until a newer program takes it.
func Decode(key func(*eventv1.Event) string) func(bus.Delivery) ([]inbox.Event, error) {
	return func(d bus.Delivery) ([]inbox.Event, error) {
		var events []inbox.Event
		for rest := d.Data; len(rest) > 0; {
			number, kind, n := protowire.ConsumeTag(rest)
			if n < 0 {
				return nil, undecodable(protowire.ParseError(n))
			}
			rest = rest[n:]
			if number != eventsField || kind != protowire.BytesType {
				if n = protowire.ConsumeFieldValue(number, kind, rest); n < 0 {
					return nil, undecodable(protowire.ParseError(n))
				}
				rest = rest[n:]
				continue
			}
			data, n := protowire.ConsumeBytes(rest)
			if n < 0 {
				return nil, undecodable(protowire.ParseError(n))
			}
			rest = rest[n:]
			event, err := decode(data, key)
			if err != nil {
				return nil, err
			}
			events = append(events, event)
		}
		return events, nil
	}
}

// DecodeParked makes an event again from its inbox.Event.Data.
func DecodeParked(key func(*eventv1.Event) string) func([]byte) (inbox.Event, error) {
	return func(data []byte) (inbox.Event, error) { return decode(data, key) }
}

func decode(data []byte, key func(*eventv1.Event) string) (inbox.Event, error) {
	e := new(eventv1.Event)
	if err := proto.Unmarshal(data, e); err != nil {
		return inbox.Event{}, undecodable(err)
	}
	id, err := clock.IDFromBytes(e.GetId())
	if err != nil {
		return inbox.Event{}, undecodable(err)
	}
	event := inbox.Event{ID: id, Data: data, Traceparent: e.GetTraceparent(), Value: e}
	switch {
	case e.GetSchemaVersion() > schemaVersion:
		event.Refused = fault.New(fault.Invalid, "EVENT_VERSION_UNKNOWN", "event has schema version %d, this program knows %d", e.GetSchemaVersion(), schemaVersion)
	case e.GetBody() == nil:
		event.Refused = fault.New(fault.Invalid, "EVENT_KIND_UNKNOWN", "event is of a kind this program does not know")
	default:
		event.Key = key(e)
	}
	return event, nil
}

func undecodable(err error) error {
	return fault.New(fault.Invalid, "EVENT_UNDECODABLE", "message is no packet of events").Wrap(err)
}
