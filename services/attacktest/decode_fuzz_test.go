package attacktest

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/noticehub/noticehub/pkg/redact"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/services/internal/access"
)

// requests are the types of all requests of the contract, sorted.
func requests() (list []protoreflect.MessageType) {
	seen := map[protoreflect.FullName]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				name := f.Services().Get(i).Methods().Get(j).Input().FullName()
				if m, err := protoregistry.GlobalTypes.FindMessageByName(name); err == nil && strings.HasPrefix(string(name), "noticehub.") && !seen[name] {
					seen[name] = true
					list = append(list, m)
				}
			}
		}
		return true
	})
	slices.SortFunc(list, func(a, b protoreflect.MessageType) int {
		return strings.Compare(string(a.Descriptor().FullName()), string(b.Descriptor().FullName()))
	})
	return list
}

// FuzzRequests: bytes that decode as a request, feed records among them, are
// judged, printed and written as JSON without a panic, and what is valid stays so.
func FuzzRequests(f *testing.F) {
	if _, err := access.Load(); err != nil { // links the whole contract
		f.Fatal(err)
	}
	all := requests()
	if len(all) < 50 {
		f.Fatalf("%d requests", len(all))
	}
	for i := range all {
		f.Add(uint16(i), []byte{})
		f.Add(uint16(i), []byte("\x0a\x03\x0a\x01a\x12\x00\x18\x01"))
		f.Add(uint16(i), []byte(strings.Repeat("\x0a\x02", 40)))
	}
	f.Fuzz(func(t *testing.T, which uint16, data []byte) {
		m := all[int(which)%len(all)].New().Interface()
		if proto.Unmarshal(data, m) != nil {
			return
		}
		valid := rpc.Validate(m) == nil
		_ = redact.String(m)
		text, err := protojson.Marshal(m)
		if !valid || err != nil { // JSON cannot say what some invalid messages do
			return
		}
		again := m.ProtoReflect().New().Interface()
		if err := protojson.Unmarshal(text, again); err != nil || rpc.Validate(again) != nil {
			t.Errorf("%s is valid, and not by way of JSON: %v", m.ProtoReflect().Descriptor().FullName(), err)
		}
	})
}
