package packet

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// schemaField is Event.schema_version.
const schemaField protowire.Number = 2

// bodies are the fields of an event's body, by number.
var bodies = func() map[protowire.Number]protoreflect.Name {
	known := make(map[protowire.Number]protoreflect.Name)
	fields := (&eventv1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("body").Fields()
	for i := range fields.Len() {
		known[fields.Get(i).Number()] = fields.Get(i).Name()
	}
	return known
}()

// Only is Decode for a consumer that acts on some kinds of events, named as the
// fields of the contract ("notice_activated"). The others are recognised in
// their encoded form and skipped without decoding: on the stream of decisions
// they are thousands a second. What is damaged, of a newer schema version or of
// a kind unknown here is always kept, to be refused: it may concern the consumer
// in a way not known yet. A name that is no kind is a defect and panics.
func Only(key func(*eventv1.Event) string, kinds ...protoreflect.Name) func(bus.Delivery) ([]inbox.Event, error) {
	wanted := make(map[protoreflect.Name]func([]byte) bool, len(kinds))
	for _, name := range kinds {
		wanted[name] = nil
	}
	return OnlyWhere(key, wanted)
}

// OnlyWhere is Only for a consumer that acts on some events of a kind: the
// function looks at the encoded body and says whether the event is wanted; nil
// wants every one. It must want a body that it cannot read, so that it is refused
// and not skipped.
func OnlyWhere(key func(*eventv1.Event) string, kinds map[protoreflect.Name]func(body []byte) bool) func(bus.Delivery) ([]inbox.Event, error) {
	wanted := make(map[protowire.Number]func([]byte) bool, len(kinds))
	for name, where := range kinds {
		field := (&eventv1.Event{}).ProtoReflect().Descriptor().Fields().ByName(name)
		if field == nil || bodies[field.Number()] != name {
			panic("packet: no kind of event is called " + string(name))
		}
		wanted[field.Number()] = where
	}
	return decodeThose(key, func(event []byte) bool { return concerns(event, wanted) })
}

// concerns reports whether an encoded event is one of those wanted, or cannot be
// told not to be.
func concerns(event []byte, wanted map[protowire.Number]func([]byte) bool) bool {
	known := false
	for len(event) > 0 {
		number, kind, n := protowire.ConsumeTag(event)
		if n < 0 {
			return true
		}
		event = event[n:]
		if n = protowire.ConsumeFieldValue(number, kind, event); n < 0 {
			return true
		}
		if number == schemaField && kind == protowire.VarintType {
			if v, _ := protowire.ConsumeVarint(event); v > SchemaVersion {
				return true
			}
		}
		if _, body := bodies[number]; body {
			if kind != protowire.BytesType {
				return true
			}
			if where, is := wanted[number]; is {
				if where == nil {
					return true
				}
				if body, _ := protowire.ConsumeBytes(event); where(body) {
					return true
				}
			}
			known = true
		}
		event = event[n:]
	}
	return !known
}
