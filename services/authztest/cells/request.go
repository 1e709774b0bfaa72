package cells

import (
	"fmt"
	"hash/fnv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/access"
)

// cell is one call to make.
type cell struct {
	row       *access.Row
	method    protoreflect.MethodDescriptor
	caller    *caller
	object    object
	transport transport
	// byReference asks by the authority's reference instead of the id.
	byReference bool
	about       ids
	request     proto.Message
}

func (c *cell) String() string {
	name := fmt.Sprintf("%s by %s about %s over %s", strings.TrimPrefix(c.row.Method, "/noticehub."), c.caller.name, c.object, c.transport)
	if c.byReference {
		name += " by reference"
	}
	return name
}

// shuffle orders cells so that neighbours are of different callers, the same
// way in every walk.
func (c *cell) shuffle() uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, c)
	return h.Sum32() >> 1
}

// key names the answer of a cell about an object.
func (c *cell) key(o object) string {
	return fmt.Sprint(c.row.Method, "|", c.caller.name, "|", o, "|", c.transport, "|", c.byReference)
}

// cells are the calls of a row by a caller about an object; none when the method
// has no such object.
func (w *World) cells(row *access.Row, c *caller, o object, t transport) []*cell {
	m, ok := row.Descriptor()
	if !ok {
		return nil
	}
	fields := m.Input().Fields()
	if (o == foreignName || o == absentName) && (!row.Authorities || fields.ByName("authority_id") == nil) {
		return nil
	}
	one := &cell{row: row, method: m, caller: c, object: o, transport: t, about: w.about(c, o)}
	all := []*cell{one}
	if fields.ByName("submission_id") != nil && fields.ByName("reference") != nil {
		other := *one
		other.byReference = true
		all = append(all, &other)
	}
	for _, one := range all {
		one.request = w.request(one)
	}
	return all
}

// about are the ids of an object as its caller has it.
func (w *World) about(c *caller, o object) ids {
	mine, other := w.parts[1], w.parts[0]
	if c.part != nil {
		mine = c.part
	}
	if mine == other {
		other = w.parts[1]
	}
	about := mine.about
	switch o {
	case foreign:
		about = other.about
		if c.part == w.parts[0] {
			about.reportDate = nothing.reportDate // the oldest has a report of every day others have one of
		}
	case absent:
		about = nothing
	case foreignName:
		about.authority = other.about.authority
	case absentName:
		about.authority = nothing.authority
	case restricted:
		about = mine.hidden
	case malformed:
		about = broken
	}
	if c.Kind == identity.Authority && o != foreignName && o != absentName && o != malformed {
		about.authority = "" // the caller's credentials say it
	}
	return about
}

// request makes the message of a cell: whatever names an object names the
// cell's, the rest is what the contract asks for.
func (w *World) request(c *cell) proto.Message {
	m, err := fresh(c.method.Input())
	if err != nil {
		return nil // told when it is called
	}
	w.fill(m.ProtoReflect(), c)
	w.particular(m, c)
	return m
}

func (w *World) fill(m protoreflect.Message, c *cell) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.IsList() || f.IsMap() || f.ContainingOneof() != nil {
			continue
		}
		switch {
		case f.Kind() == protoreflect.StringKind:
			if text := w.text(c, string(f.Name())); text != "" {
				m.Set(f, protoreflect.ValueOfString(text))
			}
		case f.Kind() == protoreflect.Int32Kind && strings.HasSuffix(string(f.Name()), "version"):
			m.Set(f, protoreflect.ValueOfInt32(1))
		case f.Kind() == protoreflect.Int64Kind && f.Name() == "expected_version":
			m.Set(f, protoreflect.ValueOfInt64(1))
		case f.Kind() == protoreflect.BoolKind && f.Name() == "declaration":
			m.Set(f, protoreflect.ValueOfBool(true))
		case f.Kind() == protoreflect.BytesKind && f.Name() == "digest":
			m.Set(f, protoreflect.ValueOfBytes(make([]byte, 32)))
		}
	}
}

// text is what a field of a request holds.
func (w *World) text(c *cell, field string) string {
	queue := strings.Contains(c.row.Method, "processing.v1.QueueService") || strings.Contains(c.row.Method, "RestrictedAccessService")
	switch field {
	case "crn":
		if c.row.Writes && !strings.Contains(c.row.Object, "crn") {
			return "" // somebody chosen with an outcome
		}
		return c.about.crn
	case "submission_id":
		switch {
		case c.byReference:
			return ""
		case queue:
			return c.about.open
		}
		return c.about.decided
	case "reference":
		return c.about.reference
	case "work_item_id":
		return c.about.workItem
	case "activity_id":
		if strings.HasSuffix(c.row.Method, "/CreateFollowUp") && c.object != malformed {
			return clock.DerivedID(clock.ID{}, c.String()).String()
		}
		return c.about.activity
	case "document_id":
		if c.object == malformed {
			return c.about.document
		}
		return clock.DerivedID(clock.ID{}, c.String()).String()
	case "report_date":
		return c.about.reportDate
	case "authority_id":
		return c.about.authority
	case "action_id":
		return clock.DerivedID(clock.ID{}, c.String()).String()
	case "note", "reason", "text", "title":
		return "Walked over by a test"
	case "officer_id", "assignee":
		return "cell-olive"
	case "person":
		return "cell-nobody"
	case "on", "matures_on":
		return "2031-03-03"
	case "number":
		return "1"
	case "status":
		return "COM"
	}
	return ""
}
