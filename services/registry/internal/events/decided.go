package events

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/document"
)

// Fields of the contract that Decode looks at without decoding an event. A
// test holds them to the descriptors.
const (
	packetEvents   protowire.Number = 1
	eventSchema    protowire.Number = 2
	eventDecided   protowire.Number = 20
	eventActive    protowire.Number = 30
	eventExtended  protowire.Number = 31
	eventEnded     protowire.Number = 32
	eventRevoked   protowire.Number = 33
	eventShortened protowire.Number = 34
	eventRecorded  protowire.Number = 35
	decidedResult  protowire.Number = 6
	decidedByHand  protowire.Number = 11
)

// kinds are the numbers of the bodies an event may have.
var kinds = func() map[protowire.Number]bool {
	known := make(map[protowire.Number]bool)
	bodies := (&eventv1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("body").Fields()
	for i := range bodies.Len() {
		known[bodies.Get(i).Number()] = true
	}
	return known
}()

// Decode takes the events the registry acts on out of a decided message.
// Thousands of automatic decisions a second concern it not at all; those are
// recognised in their encoded form and skipped without decoding. An event of a
// schema version or kind unknown here is always kept, to be refused: it may
// concern the registry in a way not known yet.
func Decode(d bus.Delivery) ([]inbox.Event, error) {
	var list []inbox.Event
	for rest := d.Data; len(rest) > 0; {
		number, kind, value, n := consume(rest)
		if n < 0 {
			return nil, fmt.Errorf("decode a packet: %w", protowire.ParseError(n))
		}
		rest = rest[n:]
		if number != packetEvents || kind != protowire.BytesType {
			continue
		}
		wanted, err := concerns(value)
		if err != nil {
			return nil, err
		}
		if !wanted {
			continue
		}
		e, err := DecodeOne(value)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// DecodeOne decodes one event, as kept while it is parked. The events need no
// order among each other, so they have no key. An event that cannot be read, or
// is of another schema version, is refused by itself: it waits for a program
// that understands it, and the others of its packet go on.
func DecodeOne(data []byte) (inbox.Event, error) {
	e := new(eventv1.Event)
	in := inbox.Event{Data: data, Value: e}
	if err := proto.Unmarshal(data, e); err != nil {
		in.Refused = fmt.Errorf("decode an event: %w", err)
	} else if v := e.GetSchemaVersion(); v > schemaVersion {
		in.Refused = fmt.Errorf("schema version %d is not known here, only %d", v, schemaVersion)
	} else if e.GetBody() == nil {
		in.Refused = errors.New("the event is of a kind not known here")
	}
	id, err := clock.IDFromBytes(e.GetId())
	if err != nil {
		id = clock.DerivedID(clock.ID{}, string(data))
		in.Refused = fmt.Errorf("decode an event: %w", err)
	}
	in.ID, in.Traceparent = id, e.GetTraceparent()
	return in, nil
}

// concerns reports whether the registry acts on an encoded event.
func concerns(event []byte) (bool, error) {
	schema, wanted, known := uint64(0), false, false
	for rest := event; len(rest) > 0; {
		number, kind, value, n := consume(rest)
		if n < 0 {
			return false, fmt.Errorf("decode an event: %w", protowire.ParseError(n))
		}
		known = known || kinds[number]
		switch {
		case number == eventSchema && kind == protowire.VarintType:
			schema, _ = protowire.ConsumeVarint(value)
		case number == eventActive, number == eventExtended, number == eventEnded, number == eventRevoked, number == eventShortened,
			number == eventRecorded:
			wanted = true
		case number == eventDecided && kind == protowire.BytesType:
			var err error
			if wanted, err = placesDocument(value); err != nil {
				return false, err
			}
		}
		rest = rest[n:]
	}
	return wanted || !known || schema > schemaVersion, nil
}

func placesDocument(decided []byte) (bool, error) {
	var outcome term.Outcome
	byOfficer := false
	for rest := decided; len(rest) > 0; {
		number, kind, value, n := consume(rest)
		if n < 0 {
			return false, fmt.Errorf("decode a decision: %w", protowire.ParseError(n))
		}
		if kind == protowire.VarintType && (number == decidedResult || number == decidedByHand) {
			v, _ := protowire.ConsumeVarint(value)
			if number == decidedResult {
				outcome = term.Outcome(v)
			} else {
				byOfficer = v != 0
			}
		}
		rest = rest[n:]
	}
	return document.Wanted(outcome, byOfficer), nil
}

// consume reads one field: its value is the content of a bytes field, else the
// encoded value. n is the length of the whole field, negative when malformed.
func consume(b []byte) (number protowire.Number, kind protowire.Type, value []byte, n int) {
	number, kind, tag := protowire.ConsumeTag(b)
	if tag < 0 {
		return 0, 0, nil, tag
	}
	if kind == protowire.BytesType {
		value, n = protowire.ConsumeBytes(b[tag:])
	} else if n = protowire.ConsumeFieldValue(number, kind, b[tag:]); n >= 0 {
		value = b[tag : tag+n]
	}
	if n < 0 {
		return 0, 0, nil, n
	}
	return number, kind, value, tag + n
}
