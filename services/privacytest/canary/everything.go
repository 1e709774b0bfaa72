package canary

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
)

// Everybody who may call something, and some who may not.
var (
	everyRole = []string{
		"contact-officer", "officer", "impact-officer", "restricted-access-officer", "social-worker", "social-work-manager",
		"supervisor", "auditor", "administrator",
	}
	anybody = []identity.Caller{
		{},
		{Kind: identity.Authority, ID: "nt-spar"},
		{Kind: identity.Authority, ID: "nt-cp"},
		{Kind: identity.Person, ID: "nobody"},
		{Kind: identity.Person, ID: "all", Roles: everyRole},
		{Kind: identity.Service, ID: "autoprocessing"},
		{Kind: identity.Service, ID: "feeder"},
	}
)

// methods are all methods of the hub's contract.
func methods() (list []protoreflect.MethodDescriptor) {
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "noticehub.") {
			return true
		}
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				list = append(list, f.Services().Get(i).Methods().Get(j))
			}
		}
		return true
	})
	slices.SortFunc(list, func(a, b protoreflect.MethodDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return list
}

// moving would change the clock under the play.
const moving = "AdvanceClock"

// everything calls every method with full requests: as far as the contract lets
// them through, by whom it lets through and by others. Most are refused by one
// part or another of the hub; that is the point.
func (s *stage) everything() {
	for _, m := range methods() {
		if m.Name() == moving {
			continue
		}
		for _, who := range anybody {
			conn := s.as(who)
			for range m.Input().Fields().Len()/8 + 1 { // different draws of oneofs
				request := dynamicpb.NewMessage(m.Input())
				fill(request, 5, s.set.Count())
				Plant(s.set, request, Bird{Owner: ownerOf(who)})
				s.call(conn, m, request)
			}
		}
	}
}

func ownerOf(c identity.Caller) string {
	if c.Kind == identity.Authority {
		return c.ID
	}
	return ""
}

func (s *stage) call(conn grpc.ClientConnInterface, m protoreflect.MethodDescriptor, request proto.Message) {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Second)
	defer cancel()
	path := "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
	reply := dynamicpb.NewMessage(m.Output())
	if !m.IsStreamingClient() && !m.IsStreamingServer() {
		_ = conn.Invoke(ctx, path, request, reply)
		return
	}
	if m.IsStreamingServer() {
		ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond) // some of them never end
		defer cancel()
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: m.IsStreamingClient(), ServerStreams: m.IsStreamingServer()}, path)
	if err != nil {
		return
	}
	_ = stream.SendMsg(request)
	_ = stream.CloseSend()
	for range 3 {
		if stream.RecvMsg(reply) != nil {
			return
		}
	}
}

// fill gives every field of a message something, nested to a depth; of a oneof
// the member that n picks.
func fill(m protoreflect.Message, depth, n int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if one := f.ContainingOneof(); one != nil && !one.IsSynthetic() && one.Fields().Get(n%one.Fields().Len()) != f {
			continue
		}
		switch {
		case f.IsMap():
		case f.Message() != nil:
			if depth == 0 {
				continue
			}
			var inner protoreflect.Message
			if f.IsList() {
				inner = m.Mutable(f).List().AppendMutable().Message()
			} else {
				inner = m.Mutable(f).Message()
			}
			switch f.Message().FullName() {
			case "google.protobuf.Timestamp":
				proto.Merge(inner.Interface(), dynamic(inner, timestamppb.New(time.Now())))
			case "google.protobuf.Duration":
			default:
				fill(inner, depth-1, n+1)
			}
		case f.IsList():
			if v, ok := scalar(f, n); ok {
				m.Mutable(f).List().Append(v)
			}
		default:
			if v, ok := scalar(f, n); ok {
				m.Set(f, v)
			}
		}
	}
}

// dynamic is a message as one of the type of m.
func dynamic(m protoreflect.Message, from proto.Message) proto.Message {
	to := m.New().Interface()
	b, err := proto.Marshal(from)
	if err == nil {
		err = proto.Unmarshal(b, to)
	}
	if err != nil {
		return m.New().Interface()
	}
	return to
}

// scalar is a value that often is valid.
func scalar(f protoreflect.FieldDescriptor, n int) (protoreflect.Value, bool) {
	switch f.Kind() {
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(f.Enum().Values().Get(min(1, f.Enum().Values().Len()-1)).Number()), true
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1), true
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(1), true
	case protoreflect.StringKind:
		name := string(f.Name())
		switch {
		case strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids"):
			return protoreflect.ValueOfString(clock.DerivedID(clock.ID{}, string(f.FullName())).String()), true
		case strings.HasSuffix(name, "token") || name == "older_checkpoint":
			return protoreflect.Value{}, false
		case strings.Contains(name, "date") || strings.HasSuffix(name, "_on") || name == "on" || name == "as_at" || name == "until":
			return protoreflect.ValueOfString("2031-03-03"), true
		}
		return protoreflect.ValueOfString("X1"), true
	}
	return protoreflect.Value{}, false
}
