package redact

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const canary = "CANARY"

// person is a contract of a test's own: every sort of field, marked and not.
var person = func() protoreflect.MessageDescriptor {
	field := func(n int32, name string, kind descriptorpb.FieldDescriptorProto_Type, typeName string, many, marked bool) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{
			Name: proto.String(name), Number: proto.Int32(n), Type: kind.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
		if many {
			f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		}
		if typeName != "" {
			f.TypeName = proto.String(typeName)
		}
		if marked {
			f.Options = &descriptorpb.FieldOptions{DebugRedact: proto.Bool(true)}
		}
		return f
	}
	const (
		text    = descriptorpb.FieldDescriptorProto_TYPE_STRING
		bytes   = descriptorpb.FieldDescriptorProto_TYPE_BYTES
		message = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
		integer = descriptorpb.FieldDescriptorProto_TYPE_INT64
	)
	entry := func(name string, marked bool) *descriptorpb.DescriptorProto {
		return &descriptorpb.DescriptorProto{
			Name: proto.String(name), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
			Field: []*descriptorpb.FieldDescriptorProto{field(1, "key", text, "", false, false), field(2, "value", message, ".test.Person", false, marked)},
		}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("person.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/any.proto", "google/protobuf/struct.proto", "google/protobuf/wrappers.proto", "google/protobuf/timestamp.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: proto.String("Person"),
			Field: []*descriptorpb.FieldDescriptorProto{
				field(1, "name", text, "", false, true),
				field(2, "office", text, "", false, false),
				field(3, "children", message, ".test.Person", true, false),
				field(4, "secret", message, ".test.Person", false, true),
				field(5, "by_name", message, ".test.Person.ByNameEntry", true, false),
				field(6, "any", message, ".google.protobuf.Any", false, false),
				field(7, "facts", message, ".google.protobuf.Struct", false, false),
				field(8, "wrapped", message, ".google.protobuf.StringValue", false, false),
				field(9, "photo", bytes, "", false, true),
				field(10, "digest", bytes, "", false, false),
				field(11, "cents", integer, "", false, true),
				field(12, "count", integer, "", false, false),
				field(13, "aliases", text, "", true, true),
				field(14, "at", message, ".google.protobuf.Timestamp", false, false),
			},
			NestedType: []*descriptorpb.DescriptorProto{entry("ByNameEntry", false)},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		panic(err)
	}
	return file.Messages().Get(0)
}()

func set(m protoreflect.Message, name string, v any) {
	f := m.Descriptor().Fields().ByName(protoreflect.Name(name))
	switch v := v.(type) {
	case protoreflect.Message:
		m.Set(f, protoreflect.ValueOfMessage(v))
	default:
		m.Set(f, protoreflect.ValueOf(v))
	}
}

// full has the canary in every personal place, depth messages deep.
func full(depth int) *dynamicpb.Message {
	m := dynamicpb.NewMessage(person)
	set(m, "name", canary)
	set(m, "office", "DARWIN")
	set(m, "photo", []byte(canary))
	set(m, "digest", []byte{1, 2, 3})
	set(m, "cents", int64(4711))
	set(m, "count", int64(7))
	fields := person.Fields()
	m.Mutable(fields.ByName("aliases")).List().Append(protoreflect.ValueOfString(canary))
	facts, _ := structpb.NewStruct(map[string]any{canary: canary})
	set(m, "facts", facts.ProtoReflect())
	set(m, "wrapped", wrapperspb.String(canary).ProtoReflect())
	set(m, "at", (&timestamppb.Timestamp{Seconds: 1}).ProtoReflect())
	if depth > 0 {
		inner := full(depth - 1)
		set(m, "secret", inner.ProtoReflect())
		m.Mutable(fields.ByName("children")).List().Append(protoreflect.ValueOfMessage(inner))
		m.Mutable(fields.ByName("by_name")).Map().Set(protoreflect.ValueOfString(canary).MapKey(), protoreflect.ValueOfMessage(inner))
	}
	packed, _ := anypb.New(&errdetails.ErrorInfo{Reason: "WHY", Metadata: map[string]string{canary: canary}})
	set(m, "any", packed.ProtoReflect())
	m.SetUnknown(append([]byte{0xfa, 0x3f, byte(len(canary))}, canary...)) // field 1023
	return m
}

func TestWhatIsMarkedIsNeverPrinted(t *testing.T) {
	t.Parallel()
	got := String(full(3))
	if strings.Contains(got, canary) || strings.Contains(got, "4711") {
		t.Errorf("printed %s", got)
	}
	for _, want := range []string{"test.Person{", "name:[hidden]", `office:"DARWIN"`, "secret:[hidden]", "photo:[hidden]", "digest:010203", "cents:[hidden]", "count:7", `reason:"WHY"`, "1970-01-01T00:00:01Z", "children:[{"} {
		if !strings.Contains(got, want) {
			t.Errorf("without %s: %s", want, got)
		}
	}
	if got := String(full(12)); len(got) > maxLength+maxText || strings.Contains(got, canary) {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
}

func TestForeignMessagesShowOnlyWhatIsKnownToBePlain(t *testing.T) {
	t.Parallel()
	unknown := &anypb.Any{TypeUrl: "type.googleapis.com/" + canary, Value: []byte(canary)}
	got := String(&status.Status{Code: 3, Message: canary, Details: []*anypb.Any{unknown}})
	if strings.Contains(got, canary) || !strings.Contains(got, "code:3") {
		t.Errorf("printed %s", got)
	}
	for m, want := range map[proto.Message]string{nil: "nothing", (*status.Status)(nil): "google.rpc.Status{}"} {
		if got := String(m); got != want {
			t.Errorf("%T is %s", m, got)
		}
	}
}

func TestValueIsPrintedByLogs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "m", Value(full(1)), "f", fmt.Sprint(Value(full(1))))
	if strings.Contains(b.String(), canary) || !strings.Contains(b.String(), "name:[hidden]") {
		t.Errorf("logged %s", b.String())
	}
}

// decode is nil for what is no message; the library cannot take every map of a
// contract that is made at run time.
func decode(data []byte) (m *dynamicpb.Message) {
	defer func() {
		if recover() != nil {
			m = nil
		}
	}()
	m = dynamicpb.NewMessage(person)
	if proto.Unmarshal(data, m) != nil {
		return nil
	}
	return m
}

// Whatever a message is made of, and whatever it is not: no panic, one line, no
// marked value.
func FuzzString(f *testing.F) {
	for depth := range 3 {
		b, err := proto.Marshal(full(depth))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := decode(data)
		if m == nil {
			return
		}
		got := String(m)
		if Line(got) != got || len(got) > maxLength+2*maxText {
			t.Errorf("printed %q", got)
		}
		fields := person.Fields()
		if name := m.Get(fields.ByName("name")).String(); len(name) > 6 && strings.Count(name, name[:1]) < len(name) {
			m.Set(fields.ByName("office"), protoreflect.ValueOfString(""))
			hide := dynamicpb.NewMessage(person)
			set(hide, "name", name)
			if strings.Contains(String(hide), name) && !strings.Contains("test.Person{name:[hidden]}", name) {
				t.Errorf("printed %q", String(hide))
			}
		}
	})
}
