package packet

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// maxTraceparent is the length of a W3C traceparent; longer ones are no such thing.
const maxTraceparent = 55

var errNoPacket = errors.New("the body is not a packet of events")

// Decode makes the decoder of a consumer's messages; key gives the order key of
// an event, "" for none. Value of each inbox.Event is the *eventv1.Event.
func Decode(key func(*eventv1.Event) string) func(bus.Delivery) ([]inbox.Event, error) {
	return decodeThose(key, nil)
}

// decodeThose decodes the events that are wanted; nil wants all.
func decodeThose(key func(*eventv1.Event) string, wanted func([]byte) bool) func(bus.Delivery) ([]inbox.Event, error) {
	return func(d bus.Delivery) ([]inbox.Event, error) {
		raw, err := split(d.Data)
		if err != nil {
			return nil, err
		}
		var events []inbox.Event
		if wanted == nil {
			events = make([]inbox.Event, 0, len(raw))
		}
		for i, data := range raw {
			if wanted != nil && !wanted(data) {
				continue
			}
			e := decodeEvent(data, key)
			if e.ID.IsZero() {
				// It must have an identity to be kept, the same each time it comes.
				message, err := clock.ParseID(d.ID)
				if err != nil {
					message = clock.DerivedID(clock.ID{}, d.ID)
				}
				e.ID = clock.DerivedID(message, "event/"+strconv.Itoa(i))
			}
			events = append(events, e)
		}
		return events, nil
	}
}

// DecodeParked makes the decoder of events that were parked.
func DecodeParked(key func(*eventv1.Event) string) func([]byte) (inbox.Event, error) {
	return func(data []byte) (inbox.Event, error) { return decodeEvent(data, key), nil }
}

// split cuts a packet into its encoded events. They share the memory of data.
func split(data []byte) ([][]byte, error) {
	var events [][]byte
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return nil, errNoPacket
		}
		data = data[n:]
		if field != eventsField {
			if n = protowire.ConsumeFieldValue(field, kind, data); n < 0 {
				return nil, errNoPacket
			}
			data = data[n:] // a field of a later version
			continue
		}
		event, n := protowire.ConsumeBytes(data)
		if kind != protowire.BytesType || n < 0 {
			return nil, errNoPacket
		}
		events, data = append(events, event), data[n:]
	}
	return events, nil
}

// decodeEvent never fails: what is wrong with an event is in Refused. The id is
// zero when the event has none that can be used.
func decodeEvent(data []byte, key func(*eventv1.Event) string) inbox.Event {
	e := &eventv1.Event{}
	parked := inbox.Event{Data: data, Value: e}
	if err := proto.Unmarshal(data, e); err != nil {
		parked.Refused = errors.New("the event cannot be decoded") // what protobuf says may quote it
		return parked
	}
	var err error
	if parked.ID, err = clock.IDFromBytes(e.GetId()); err != nil {
		parked.Refused = fmt.Errorf("the event's id: %w", err)
		return parked
	}
	if t := e.GetTraceparent(); len(t) == maxTraceparent && !strings.Contains(t, "\x00") {
		parked.Traceparent = t
	}
	switch {
	case parked.ID.IsZero():
		parked.Refused = errors.New("the event's id is zero")
	case e.GetSchemaVersion() > SchemaVersion:
		parked.Refused = fmt.Errorf("schema version %d is newer than %d", e.GetSchemaVersion(), SchemaVersion)
	case e.GetBody() == nil:
		parked.Refused = errors.New("the event has no body this version knows")
	default:
		if parked.Key = key(e); strings.Contains(parked.Key, "\x00") {
			parked.Key, parked.Refused = "", errors.New("the event's key holds a zero byte")
		}
	}
	return parked
}
