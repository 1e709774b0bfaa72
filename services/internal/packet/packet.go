// Package packet is how events travel: several packed into one outbox row and
// one message of the bus, and taken apart again at the consumer.
//
// Guarantees: what cannot be understood is never dropped. A message that is no
// packet is refused whole; an event that is damaged, has a body this version
// does not know, or a newer schema version, is refused by itself (inbox.Event's
// Refused), so that it waits in quarantine for a program that knows it. Unknown
// fields of known events are ignored.
package packet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// SchemaVersion is the newest schema version of events this program understands.
const SchemaVersion = 1

// softBytes closes a packet: with the largest event on top it still is far below
// what the bus takes.
const softBytes = 512 << 10

// eventsField is Packet.events.
const eventsField protowire.Number = 1

// Streams are the declarations of the named streams (proto/subject) for the bus
// and the relay. An unknown name is a defect and panics.
func Streams(names ...string) []bus.Stream {
	declared := subject.Streams()
	streams := make([]bus.Stream, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(declared, func(s subject.Stream) bool { return s.Name == name })
		if i < 0 {
			panic("packet: no stream " + name)
		}
		s := bus.Stream{Name: declared[i].Name, Subjects: declared[i].Subjects}
		for _, c := range declared[i].Consumers {
			s.Consumers = append(s.Consumers, bus.Consumer{Name: c.Name, HeadersOnly: c.HeadersOnly})
		}
		streams = append(streams, s)
	}
	return streams
}

// All are the declarations of every stream of the hub.
func All() []bus.Stream {
	declared := subject.Streams()
	names := make([]string, len(declared))
	for i, s := range declared {
		names[i] = s.Name
	}
	return Streams(names...)
}

// Rows packs events, in their order, into outbox rows of at most most events
// each. A row continues the trace of its first event. Rows of the LODGED stream
// have the tally of new submissions by authority in a header. Events without a
// schema version get the present one.
//
// An event that cannot be encoded (text that is not UTF-8) is a defect of the
// caller, who validated it, and panics.
func Rows(stream string, events []*eventv1.Event, most int) []outbox.Row {
	rows := make([]outbox.Row, 0, len(events)/max(most, 1)+1)
	for len(events) > 0 {
		n, size := 0, 0
		for n < len(events) && n < max(most, 1) && size < softBytes {
			if events[n].GetSchemaVersion() == 0 {
				events[n].SchemaVersion = SchemaVersion
			}
			size += 1 + protowire.SizeBytes(proto.Size(events[n]))
			n++
		}
		payload := make([]byte, 0, size)
		// The sizes were worked out just above and are kept in the messages.
		options := proto.MarshalOptions{Deterministic: true, UseCachedSize: true}
		for _, e := range events[:n] {
			payload = protowire.AppendTag(payload, eventsField, protowire.BytesType)
			payload = protowire.AppendVarint(payload, uint64(options.Size(e)))
			var err error
			if payload, err = options.MarshalAppend(payload, e); err != nil {
				panic(fmt.Sprintf("packet: event of %T cannot be encoded: %v", e.GetBody(), err))
			}
		}
		row := outbox.Row{
			ID: clock.NewID(clock.System().Now()), Stream: stream, Subject: subject.Of(stream, 0),
			Payload: payload, Traceparent: events[0].GetTraceparent(),
		}
		if stream == subject.Lodged {
			row.Headers = map[string]string{subject.HeaderTally: tally(events[:n])}
		}
		rows, events = append(rows, row), events[n:]
	}
	return rows
}

// tally counts new submissions by authority: "frc=3,qld-cp=2". What intake's
// reconciler sends again was counted before.
func tally(events []*eventv1.Event) string {
	counts := map[string]int{}
	for _, e := range events {
		if lodged := e.GetSubmissionLodged(); lodged != nil && !lodged.GetReconcile() {
			counts[lodged.GetAuthorityId()]++
		}
	}
	parts := make([]string, 0, len(counts))
	for authority, n := range counts {
		parts = append(parts, authority+"="+strconv.Itoa(n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// Tally reads the header that Rows writes on the LODGED stream: the number of
// new submissions by authority.
func Tally(d bus.Delivery) (map[string]int, error) {
	counts := map[string]int{}
	header := d.Headers[subject.HeaderTally]
	if header == "" {
		return counts, nil
	}
	for _, part := range strings.Split(header, ",") {
		authority, number, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || authority == "" {
			return nil, fmt.Errorf("header %s is not a tally", subject.HeaderTally)
		}
		counts[authority] += n
	}
	return counts, nil
}
