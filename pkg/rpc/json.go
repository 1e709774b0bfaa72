package rpc

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/fault"
)

var (
	// JSON is read strictly: unknown fields are refused.
	readJSON = protojson.UnmarshalOptions{}
	// Fields with default values are written, absent messages are not.
	writeJSON = protojson.MarshalOptions{EmitDefaultValues: true}

	jsonPlace = regexp.MustCompile(`line (\d+):(\d+)`)
	jsonField = regexp.MustCompile(`field "?(\w{1,64})`)
)

// unmarshalJSON reads data into m. The error is an Invalid fault that says where
// the mistake is without repeating values, which may be personal.
func unmarshalJSON(data []byte, m proto.Message) error {
	err := readJSON.Unmarshal(data, m)
	if err == nil {
		return nil
	}
	d := m.ProtoReflect().Descriptor()
	var tree any
	if json.Unmarshal(data, &tree) == nil {
		if path, in := unknownKey(tree, d, ""); path != "" {
			return invalid([]fault.Field{{Path: path, Description: fmt.Sprintf("%s has no such field", in)}})
		}
	}
	text := "the body is not a JSON " + string(d.Name())
	if at := jsonPlace.FindStringSubmatch(err.Error()); at != nil {
		text += fmt.Sprintf(": mistake at line %s, column %s", at[1], at[2])
	}
	f := fault.New(fault.Invalid, "JSON_INVALID", "%s", text).
		WithHelp("Correct the JSON; names and value formats are those of the contract's proto files.")
	if name := jsonField.FindStringSubmatch(err.Error()); name != nil {
		f.Message += " (" + name[1] + ")"
		f.Fields = []fault.Field{{Path: name[1], Description: "is not in the form the contract wants"}}
	}
	return f
}

// unknownKey finds the path of the first key that the message type does not
// have, and the type that lacks it.
func unknownKey(v any, d protoreflect.MessageDescriptor, path string) (string, protoreflect.FullName) {
	object, ok := v.(map[string]any)
	if !ok || strings.HasPrefix(string(d.FullName()), "google.protobuf.") {
		return "", ""
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		f := d.Fields().ByJSONName(key)
		if f == nil {
			f = d.Fields().ByTextName(key)
		}
		if f == nil {
			return join(path, shorten(key)), d.FullName()
		}
		if f.Message() == nil || f.IsMap() && f.MapValue().Message() == nil {
			continue
		}
		if path, in := unknownBelow(object[key], f, join(path, string(f.Name()))); path != "" {
			return path, in
		}
	}
	return "", ""
}

func unknownBelow(v any, f protoreflect.FieldDescriptor, at string) (string, protoreflect.FullName) {
	switch v := v.(type) {
	case []any:
		for i, element := range v {
			if path, in := unknownKey(element, f.Message(), fmt.Sprintf("%s[%d]", at, i)); path != "" {
				return path, in
			}
		}
	case map[string]any:
		if !f.IsMap() {
			return unknownKey(v, f.Message(), at)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if path, in := unknownKey(v[key], f.MapValue().Message(), fmt.Sprintf("%s[%q]", at, shorten(key))); path != "" {
				return path, in
			}
		}
	}
	return "", ""
}

// shorten keeps what a caller made up as a name from filling the answer.
func shorten(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	for s = s[:most]; !utf8.ValidString(s); s = s[:len(s)-1] {
	}
	return s + "…"
}
